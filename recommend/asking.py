"""Reading queries as the searches of one model do: by the shop's names, with the model's guess beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kg.graph import Node
from recommend.query import PreparedQuery, Query, QueryEncoder, QueryReader
from recommend.understand.intent import IntentModel
from recommend.understand.reader import Reader


def query_reader(
    reader: Reader, intent: IntentModel | None, encoders: Mapping[str, QueryEncoder]
) -> QueryReader:
    """A function that reads texts. Where names leave open what is wanted, `intent` is asked with the text's
    vector, if there is an encoder for it."""
    encode = encoders.get("text")
    if intent is None or encode is None:
        return reader.read

    def guess(text: str) -> Sequence[tuple[Node, float]]:
        vector = encode(PreparedQuery(query=Query(text=text), encoders={}))
        return () if vector is None else intent.of(vector)

    return lambda text: reader.read(text, intent=guess)
