"""Under which words people ask for the nodes of a graph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias, get_args

from kg.graph import Graph, Node
from kg.records import NodeKind
from recommend.understand.language import Grammar
from recommend.understand.words import Word, joined, key, normal, split

Source: TypeAlias = Literal["name", "alias", "synonym", "spelling", "compound", "plural", "intent"]
SOURCES: tuple[Source, ...] = get_args(Source)

SPOKEN: tuple[NodeKind, ...] = ("type", "category", "brand", "series", "attribute")
"""The kinds of nodes that a query may name."""
KINDS_OF_THING: tuple[NodeKind, ...] = ("type", "category")
"""The kinds that say what a product is."""

LONGEST = 6
"""Names of more words than this are descriptions; nobody types them as a name."""
LONGEST_CJK = 12
_EXACT, _JOINED, _LISTED, _PART, _TAIL, _HEAD, _PIECE = 1.0, 0.95, 0.7, 0.6, 0.6, 0.45, 0.4
_PARTS = re.compile(r"\s*[/|;(),\[\]]\s*|\s+&\s+|\s+(?:and|und|et|y|or|oder)\s+|、|和|与", re.IGNORECASE)
_LIST = re.compile(r"[,;/|()+]")
_MOST_ITEMS = 8
_MOST_VALUE_WORDS = 16
_EMPTY_VALUES = frozenset({"yes", "no", "none", "other", "n/a", "na", "not available", "unknown", "various"})


class Entry(NamedTuple):
    """A key, the node that it may name (numbered through all kinds), how well it fits, its source's
    number."""

    key: str
    node: int
    fit: float
    source: int


class Form(NamedTuple):
    """A key under which a name is found, how well it fits (0 to 1) and the number of its source."""

    key: str
    fit: float
    source: int


NAME, ALIAS, SYNONYM, COMPOUND = map(SOURCES.index, ("name", "alias", "synonym", "compound"))


def called(graph: Graph, node: Node) -> str:
    """The name under which people ask for a node."""
    if node.kind == "attribute":
        name, _, value = graph.node_id(node).partition("=")
        return name if value == "yes" else value
    return graph.label(node)


def forms_of(name: str, kind: NodeKind, grammar: Grammar) -> list[Form]:
    """The keys of a name: as it is, as one word, in parts, by its head ('lamp' of 'table lamp')."""
    text = normal(name)
    words = split(text)
    if kind == "attribute" and (text.strip().casefold() in _EMPTY_VALUES or len(words) > _MOST_VALUE_WORDS):
        return []
    if kind == "attribute" and all(word.folded.isdigit() for word in words):
        return []  # see `_numbered`
    found: list[Form] = []
    if fits(words):
        found.append(Form(key(words), _EXACT, NAME))
        if 1 < len(words) <= 4 and (together := joined(words)):
            found.append(Form(together, _JOINED, COMPOUND))
    if kind == "attribute":
        found += _value_pieces(text, words)
    elif kind == "brand":
        found += _short_brand(words, grammar)
    elif kind in KINDS_OF_THING:
        found += _things(text, words, grammar)
    return found


def fits(words: Sequence[Word]) -> bool:
    """Whether words are few enough for a name, and more than one letter."""
    if not words:
        return False
    cjk = sum(word.cjk for word in words)
    if cjk > LONGEST_CJK or len(words) - cjk > LONGEST:
        return False
    return len(words) > 1 or len(words[0].folded) > 1 or cjk > 0


def _things(text: str, words: Sequence[Word], grammar: Grammar) -> Iterator[Form]:
    parts = [part for part in _PARTS.split(text) if part.strip()]
    several = [split(part) for part in parts] if len(parts) > 1 else []
    for part in several:
        if fits(part):
            yield Form(key(part), _PART, ALIAS)
    for part in several or [list(words)]:
        yield from _heads(part, grammar)


def _heads(words: Sequence[Word], grammar: Grammar) -> Iterator[Form]:
    """What a thing is without what is said of it; in English, German and Chinese that comes last."""
    ends = (i for i, word in enumerate(words) if i and _says_more(word, grammar))
    words = words[: next(ends, len(words))]
    if len(words) < 2 or not fits(words):
        return
    if words[-1].cjk:
        if len(words) > 2 and all(word.cjk for word in words[-3:]):
            yield Form(key(words[-2:]), _HEAD, ALIAS)
    elif not words[-1].folded[0].isdigit() and len(words[-1].folded) > 1:
        yield Form(words[-1].token, _HEAD, ALIAS)
        if len(words) > 2:
            yield Form(key(words[-2:]), _TAIL, ALIAS)


def _says_more(word: Word, grammar: Grammar) -> bool:
    """Whether a word begins what is said of a thing: 'cases for phones', 'set of mugs'."""
    return word.folded == "of" or grammar.has("for", (word,)) or grammar.has("with", (word,))


def _short_brand(words: Sequence[Word], grammar: Grammar) -> Iterator[Form]:
    """'Holt' for 'Holt & Co. Ltd', 'startech' for 'StarTech.com'."""
    rest = list(words)
    while len(rest) > 1 and (grammar.has("company", rest[-1:]) or len(rest[-1].folded) == 1):
        rest.pop()
    if len(rest) < len(words) and len(rest[0].folded) > 2:
        yield Form(key(rest), _LISTED, ALIAS)
    first, dot, _ = rest[0].folded.partition(".") if rest else ("", "", "")
    if dot and len(rest) == 1 and len(first) > 3:
        yield Form(key(split(first)), _LISTED, ALIAS)


def _value_pieces(text: str, words: Sequence[Word]) -> Iterator[Form]:
    """The items of a list, and the telling numbers of a value: '802.11ac' of 'Wi-Fi 5 (802.11ac)'."""
    if len(words) < 2:
        return
    items: list[list[Word]] = [[words[0]]]
    for one, other in pairwise(words):
        if _LIST.search(text, one.stop, other.start):
            items.append([])
        items[-1].append(other)
    if 1 < len(items) <= _MOST_ITEMS:
        for item in items:
            if fits(item) and not item[0].folded.isdigit():
                yield Form(key(item), _LISTED * 2 / len(items), ALIAS)
    if len(words) <= LONGEST and len(items) == 1:
        if (
            words[0].folded[0].isdigit()
            and not words[-1].folded[0].isdigit()
            and not words[0].folded.isdigit()
        ):
            yield Form(key(words[:-1]), _PART, ALIAS)
        for word in words:
            if not word.cjk and not word.folded.isdigit() and any(c.isdigit() for c in word.folded):
                yield Form(word.token, _PIECE, ALIAS)


def named_entries(graph: Graph, grammar: Grammar, nodes: Mapping[NodeKind, Sequence[int]]) -> Iterator[Entry]:
    """The entries of some nodes of a graph (kind → numbers within the kind) by their own names."""
    brands = {key(split(normal(name))) for name in graph.nodes["brand"]}
    for kind, numbers in nodes.items():
        offset = graph.offsets[kind]
        known: dict[str, list[Form]] = {}
        every = graph.nodes[kind]
        ids = every if len(numbers) == len(every) else map(every.__getitem__, numbers)
        for number, node in zip(numbers, ids, strict=True):
            name = _name(node, kind)
            forms = known.get(name)
            if forms is None:
                forms = known[name] = forms_of(name, kind, grammar)
                if kind == "series":
                    forms += _without_brand(name, brands)
            if not forms and kind == "attribute":
                forms = _numbered(node)
            for form in forms:
                yield Entry(form.key, offset + number, form.fit, form.source)


def _name(node_id: str, kind: NodeKind) -> str:
    """`called`, from the id alone."""
    if kind == "attribute":
        name, _, value = node_id.partition("=")
        return name if value == "yes" else value
    return node_id.rsplit(" > ", 1)[-1] if kind == "category" else node_id


def _numbered(node_id: str) -> list[Form]:
    """A value of digits only names something together with its attribute: 'size 42'."""
    name, _, value = node_id.partition("=")
    named, number = split(normal(name)), split(normal(value))
    if not number or not named or len(named) > 2 or not all(word.folded.isdigit() for word in number):
        return []
    return [Form(key((*named, *number)), _EXACT, NAME), Form(key((*number, *named)), _EXACT, NAME)]


def _without_brand(name: str, brands: frozenset[str] | set[str]) -> list[Form]:
    """A series by its own name: 'LaserJet 4700' for 'HP LaserJet 4700'."""
    words = split(normal(name))
    for length in range(min(len(words) - 1, LONGEST), 0, -1):
        if key(words[:length]) in brands:
            rest = words[length:]
            found = [Form(key(rest), _EXACT, NAME)] if fits(rest) and not rest[0].folded.isdigit() else []
            if found and 1 < len(rest) <= 4 and (together := joined(rest)):
                found.append(Form(together, _JOINED, COMPOUND))
            return found
    return []
