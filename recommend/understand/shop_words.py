"""The words that a shop says and how often, counted again only where it says something else."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from kg.graph import Graph
from kg.table_changes import changed_rows
from kg.texts import Vocabulary
from recommend.understand.names import SPOKEN
from recommend.understand.tokens import CJK, is_cjk

_RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+(?:[.'][^\W_{CJK}]+)*")
_SAID = ("title", "description")


def shop_words(graph: Graph) -> Counter[str]:
    """Folded words, and CJK bigrams, of everything the shop says, with how often each occurs."""
    counts: Counter[str] = Counter()
    for texts in (*(getattr(graph.products, column) for column in _SAID), *_named(graph)):
        counts.update(_runs(texts))
    return _in_bigrams(counts)


def renewed_words(counts: Counter[str], before: Graph, graph: Graph) -> Counter[str]:
    """What `shop_words` makes of a newer graph; `counts` are those of the graph `before`."""
    origin = before.nodes["product"].numbers(graph.nodes["product"])
    changed = changed_rows(before.products, graph.products, origin, fields=_SAID)
    as_it_was = np.zeros(before.product_count, dtype=np.bool_)
    as_it_was[origin[origin >= 0]] = True
    as_it_was[origin[changed][origin[changed] >= 0]] = False
    gone: Counter[str] = Counter()
    came: Counter[str] = Counter()
    for column in _SAID:
        gone.update(_runs(getattr(before.products, column).take(np.flatnonzero(~as_it_was))))
        came.update(_runs(getattr(graph.products, column).take(changed)))
    for one, other in zip(_named(before), _named(graph), strict=True):
        earlier, now = set(one), set(other)
        gone.update(_runs(earlier - now))
        came.update(_runs(now - earlier))
    found = counts + _in_bigrams(came)
    found.subtract(_in_bigrams(gone))
    return +found


def _named(graph: Graph) -> tuple[Vocabulary, ...]:
    """Names and values, each of them once."""
    attributes = graph.products.attributes
    nodes = (graph.nodes[kind] for kind in SPOKEN if kind != "attribute")
    return (attributes.names, attributes.texts, *nodes)


def _runs(texts: Iterable[str]) -> Iterator[str]:
    whole = "\n".join(texts)
    if not whole.isascii():
        whole = unicodedata.normalize("NFKC", whole)
    return iter(_RUN.findall(whole.casefold().replace("’", "'")))


def _in_bigrams(counts: Counter[str]) -> Counter[str]:
    """The same with longer CJK runs as their bigrams."""
    for run in [run for run in counts if len(run) > 2 and is_cjk(run[0])]:
        times = counts.pop(run)
        for at in range(len(run) - 1):
            counts[run[at : at + 2]] += times
    return counts
