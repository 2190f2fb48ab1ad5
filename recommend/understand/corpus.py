"""The words of many texts as numbers, kept so that a changed text is read again and the others are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.texts import Texts, Vocabulary

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Corpus:
    """words in alphabetical order; token int32 [m]: the number of each word of each text, text after text;
    indptr int64 [texts + 1]: where each text begins."""

    words: Vocabulary
    token: npt.NDArray[np.int32]
    indptr: Numbers

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]]) -> Corpus:
        """A corpus of texts given by their words."""
        nothing = cls(words=Vocabulary.of(()), token=np.empty(0, np.int32), indptr=np.zeros(1, np.int64))
        return nothing.renewed(np.full(len(texts), -1, dtype=np.int64), texts)

    def renewed(self, origin: Numbers, texts: Iterable[Sequence[str]]) -> Corpus:
        """What `of` would make of other texts: text i is text origin[i] of this corpus, or, where that is
        -1, the next one of `texts`."""
        numbers = {word: number for number, word in enumerate(self.words)}
        fresh = [[numbers.setdefault(word, len(numbers)) for word in text] for text in texts]
        new = origin < 0
        lengths = np.zeros(len(origin), dtype=np.int64)
        lengths[new] = [len(text) for text in fresh]
        lengths[~new] = np.diff(self.indptr)[origin[~new]]
        indptr = np.zeros(len(origin) + 1, dtype=np.int64)
        np.cumsum(lengths, out=indptr[1:])
        token = np.empty(int(indptr[-1]), dtype=np.int64)
        is_new = np.repeat(new, lengths)
        token[is_new] = [number for text in fresh for number in text]
        shift = np.repeat(self.indptr[origin[~new]] - indptr[:-1][~new], lengths[~new])
        token[~is_new] = self.token[np.flatnonzero(~is_new) + shift]
        # words that nobody uses any more go, the others are numbered in the order of the alphabet again
        used = np.bincount(token, minlength=len(numbers)) > 0
        words = [word for word, there in zip(numbers, used.tolist(), strict=True) if there]
        order = sorted(range(len(words)), key=words.__getitem__)
        place = np.zeros(len(numbers), dtype=np.int64)
        place[np.flatnonzero(used)[order]] = np.arange(len(words))
        return Corpus(
            words=Vocabulary.of(words[i] for i in order), token=place[token].astype(np.int32), indptr=indptr
        )

    def same(self, other: Corpus) -> bool:
        """True if both have the same words in the same texts."""
        return (
            np.array_equal(self.indptr, other.indptr)
            and np.array_equal(self.token, other.token)
            and np.array_equal(self.words.texts.offsets, other.words.texts.offsets)
            and np.array_equal(self.words.texts.data, other.words.texts.data)
        )

    def arrays(self) -> Arrays:
        return {**self.words.texts.arrays("words"), "token": self.token, "indptr": self.indptr}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Corpus:
        return cls(
            words=Vocabulary(Texts.from_arrays(arrays, "words")),
            token=arrays["token"].astype(np.int32, copy=False),
            indptr=arrays["indptr"].astype(np.int64, copy=False),
        )
