"""From what people type or show to vectors: the query side of every space, loaded on first use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kg.errors import ModelError
from recommend.query import PreparedQuery, QueryEncoder

if TYPE_CHECKING:
    from encoders.image import ImageEncoder
    from encoders.text import TextEncoder
    from fusion.base import Fusion
    from recommend.settings import Settings
    from recommend.vector_stages import Made

_REMEMBERED = 1_000
_ROOM = 256
_STRANGE = 0.5
"""A text of which the model knows nothing is near to others in its script: that is worth half as much."""
_KNOWN = 0.5
"""A text is known if the model knows so much of it."""


@dataclass(frozen=True, kw_only=True)
class EncoderKeys:
    """Which models made the product vectors; queries must go through the same. None: space not built."""

    text: str | None = None
    image: str | None = None


class QueryEncoders:
    """Encoders for queries. No model is loaded before the first query that needs it."""

    def __init__(
        self,
        *,
        keys: EncoderKeys,
        text_model: str | None,
        text_length: int,
        image_model: str | None,
        fusion: Fusion | None,
    ) -> None:
        self.keys = keys
        self._text_model = text_model
        self._text_length = text_length
        self._image_model = image_model
        self._fusion = fusion
        self._remembered: OrderedDict[str, npt.NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def of(cls, made: Made, settings: Settings) -> QueryEncoders:
        """The encoders for the spaces of a build."""
        return cls(
            keys=made.keys,
            text_model=settings.text_model,
            text_length=settings.text_length,
            image_model=settings.image_model,
            fusion=made.fusion,
        )

    def text_vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [m, d]: many queries in the text space at once; shorter than 1 where the model knows little
        of the words."""
        found: npt.NDArray[np.float32] = self._text_encoder.encode_query(texts)
        known = [min(1.0, max(_STRANGE, self._text_encoder.known(text) / _KNOWN)) for text in texts]
        return found * np.array(known, dtype=np.float32)[:, None]

    def language(self) -> tuple[str, ...]:
        """Words that the text model knows, whatever the shop sells; none without one."""
        return () if self.keys.text is None else self._text_encoder.language()

    @property
    def spaces(self) -> Mapping[str, QueryEncoder]:
        """The encoder of each space."""
        found: dict[str, QueryEncoder] = {}
        if self.keys.text is not None:
            found["text"] = self._of_text
        if self.keys.image is not None:
            found["image"] = self._of_image
        if self._fusion is not None:
            found["fused"] = self._of_both
        return found

    def _of_text(self, query: PreparedQuery) -> npt.NDArray[np.float32] | None:
        text = query.said
        if not text:
            return None
        with self._lock:
            if text in self._remembered:
                self._remembered.move_to_end(text)
                return self._remembered[text]
        vector: npt.NDArray[np.float32] = self.text_vectors([text])[0]
        with self._lock:
            self._remembered[text] = vector
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return vector

    def _of_image(self, query: PreparedQuery) -> npt.NDArray[np.float32] | None:
        if query.image is not None:
            vector: npt.NDArray[np.float32] = self._image_encoder.encode([query.image])[0]
            return vector
        if query.text and self._image_encoder.reads_text:
            written: npt.NDArray[np.float32] = self._image_encoder.encode_text([query.text])[0]
            return written
        return None

    def _of_both(self, query: PreparedQuery) -> npt.NDArray[np.float32] | None:
        if self._fusion is None:
            raise ModelError("this version was built without fusion; build it with the profile 'full'")
        parts: dict[str, Any] = {}
        text = query.vector("text")
        if text is not None:
            parts["text"] = text[None, :]
        if query.image is not None and self.keys.image is not None:
            image = query.vector("image")
            if image is not None:
                parts["image"] = image[None, :]
        # a space may have come after the fusion was learned
        known = {name: part for name, part in parts.items() if name in self._fusion.parts}
        if not known:
            return None
        vector: npt.NDArray[np.float32] = self._fusion.query(known)[0]
        return vector

    @cached_property
    def _text_encoder(self) -> TextEncoder:
        from encoders.text import TextEncoder, precision_of

        # a query may be longer than a card; the length changes nothing for shorter ones
        encoder = TextEncoder(
            self._text_model,
            precision=precision_of(self.keys.text or ""),
            max_length=self._text_length,
            query_length=_ROOM,
        )
        self._check("text", encoder.key, self.keys.text)
        return encoder

    @cached_property
    def _image_encoder(self) -> ImageEncoder:
        from encoders.image import ImageEncoder

        encoder = ImageEncoder(self._image_model)
        self._check("image", encoder.key, self.keys.image)
        return encoder

    def _check(self, what: str, found: str, wanted: str | None) -> None:
        if found != wanted:
            raise ModelError(
                f"the {what} model is {found}, but the products were encoded with {wanted}; "
                "install the same model, or build the shop again"
            )
