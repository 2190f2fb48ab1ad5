"""What a generated query asks for, and how relevant each product is to it: the rule of the grades.

    3   of the wanted kind (`of_type`, `in_category`, or below it), and everything else is met
    2   of the wanted kind, but one soft wish is missed: an attribute value, a measure
    1   of the wanted kind with more missed: the brand, the series, what it must go with, or two soft wishes;
        or of a sibling kind (`subtype_of` the same narrow parent) with everything else met
    0   all else, also accessories of the wanted kind and services for it (`accessory_of`, `service_for`), and
        what an accessory is for when the accessory is wanted
   -1   nobody knows: in a query for a kind, products of no sure kind, and those of another type that look
        like the wanted type's own (`recommend.training.likeness`). They are left out of every list

Without a wanted kind: a series or a title fragment gives 3 to what bears it (but 0 to accessories), and 1 to
products of the same brand and kind. Each grade rests on edges: `Grader.reasons` names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.attribute_table import NUMBER
from kg.graph import (
    ACCESSORY_OF,
    COMPATIBLE_WITH,
    HAS_ATTRIBUTE,
    IN_SERIES,
    MADE_BY,
    SERVICE_FOR,
    Graph,
    Node,
)
from recommend.training.kinds import SURE, Kinds, Mask
from recommend.training.likeness import Likeness
from recommend.training.titles import Titles

GOES_WITH = (ACCESSORY_OF, SERVICE_FOR, COMPATIBLE_WITH)
_TOLERANCE = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """A number with its unit, and the tokens by which titles say it: (('4', 'gb'), ('4gb',))."""

    number: float
    unit: str
    phrases: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a query asks for. `kind` is a number in Kinds, `brand`, `series` and `attribute` are numbers of
    nodes; `target` is what the product must go with; `words` are tokens of the title of `source`, the product
    that the query was made from. None or empty: not asked."""

    kind: int | None = None
    brand: int | None = None
    series: int | None = None
    attribute: int | None = None
    attribute_words: tuple[str, ...] = ()
    measure: Measure | None = None
    target: Node | None = None
    words: tuple[str, ...] = ()
    source: int | None = None


class Grader:
    """Grades the products of one graph."""

    def __init__(self, graph: Graph, kinds: Kinds, titles: Titles, likeness: Likeness | None = None) -> None:
        self.graph = graph
        self._likeness = likeness
        self.kinds = kinds
        self.titles = titles
        self._count = graph.product_count
        self._listed = graph.products.listed

    def grades(self, wanted: Wanted) -> npt.NDArray[np.int8]:
        """int8 [products]: 3 to 0, or -1 where nobody knows; products that are not listed have 0."""
        found = np.zeros(self._count, dtype=np.int8)
        if wanted.kind is None:
            self._by_name(wanted, found)
        else:
            self._by_kind(wanted, wanted.kind, found)
        found[~self._listed] = 0
        return found

    def _by_kind(self, wanted: Wanted, kind: int, found: npt.NDArray[np.int8]) -> None:
        kinds = self.kinds
        own, family = kinds.sure(kind), kinds.family(kind)
        firm, soft = self._missed(wanted)
        found[~kinds.known] = -1
        found[(kinds.members(kind) > 0) & ~own] = -1  # perhaps of the kind
        found[family] = np.where((firm + soft)[family] == 0, 1, 0)
        if self._likeness is not None and kinds.node(kind).kind == "type":  # categories are stated
            found[self._likeness.alike(own)] = -1
        found[own] = np.select([firm[own] > 0, soft[own] == 0, soft[own] == 1], [1, 3, 2], 1)
        aside = kinds.accessories(kind)
        if wanted.target is not None:
            aside = aside | (self._is(wanted.target) & ~own)
        found[aside] = 0

    def _by_name(self, wanted: Wanted, found: npt.NDArray[np.int8]) -> None:
        meant = np.zeros(self._count, dtype=np.bool_)
        if wanted.series is not None:
            meant |= self._linked(IN_SERIES, Node("series", wanted.series))
            beside = self._goes_with(Node("series", wanted.series)) & ~meant
        else:
            meant[self.titles.with_words(wanted.words)] = True
            beside = np.zeros_like(meant)
        for near in self._like(wanted, meant):
            found[near] = 1
        found[meant] = 3
        if wanted.brand is not None:
            found[meant & ~self._linked(MADE_BY, Node("brand", wanted.brand))] = 1
        found[beside] = 0

    def _like(self, wanted: Wanted, meant: Mask) -> Sequence[Mask]:
        """The products of the source's brand and kinds; without a source, of what most of `meant` are."""
        source = wanted.source
        if source is None:
            return ()
        own = self.kinds.direct
        cells = slice(int(own.indptr[source]), int(own.indptr[source + 1]))
        sure = [
            k for k, w in zip(own.indices[cells].tolist(), own.data[cells].tolist(), strict=True) if w >= SURE
        ]
        brand = self._brand_of(source)
        if brand is None:
            return ()
        made = self._linked(MADE_BY, Node("brand", brand))
        return [made & self.kinds.sure(kind) for kind in sure if self.kinds.narrow(kind)]

    def _brand_of(self, product: int) -> int | None:
        made = self.graph.relation(MADE_BY, "product", "brand")
        if made is None:
            return None
        cells = made.tails[made.row(product)]
        return int(cells[0]) if len(cells) else None

    def _missed(self, wanted: Wanted) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
        """(int8 [products]: how many firm wishes each misses, how many soft ones)."""
        firm, soft = np.zeros(self._count, dtype=np.int8), np.zeros(self._count, dtype=np.int8)
        if wanted.brand is not None:
            firm += ~self._linked(MADE_BY, Node("brand", wanted.brand))
        if wanted.series is not None:
            firm += ~self._linked(IN_SERIES, Node("series", wanted.series))
        if wanted.target is not None:
            firm += ~self._goes_with(wanted.target)
        if wanted.attribute is not None:
            soft += ~(
                self._linked(HAS_ATTRIBUTE, Node("attribute", wanted.attribute))
                | self._says(wanted.attribute_words)
            )
        if wanted.measure is not None:
            soft += ~self._measures(wanted.measure)
        return firm, soft

    def _linked(self, relation: str, node: Node) -> Mask:
        """bool [products]: linked to a node by a sure edge."""
        found = np.zeros(self._count, dtype=np.bool_)
        edges = self.graph.relation(relation, "product", node.kind)
        if edges is not None:
            back = edges.backward
            cells = slice(int(back.indptr[node.number]), int(back.indptr[node.number + 1]))
            found[back.indices[cells][back.data[cells] >= SURE]] = True
        return found

    def _goes_with(self, target: Node) -> Mask:
        """bool [products]: known to go with a target, or with a kind above or below it."""
        found = np.zeros(self._count, dtype=np.bool_)
        number = self.kinds.number(target)
        nodes = [target] if number is None else [self.kinds.node(k) for k in self.kinds.within(number)]
        for node in nodes:
            for relation in GOES_WITH:
                found |= self._linked(relation, node)
        if number is None:
            return found
        return found | self.kinds.accessories(number) | self._with_products(self.kinds.sure(number))

    def _with_products(self, targets: Mask) -> Mask:
        """bool [products]: known to go with one of some products."""
        found = np.zeros(self._count, dtype=np.bool_)
        for relation in GOES_WITH:
            edges = self.graph.relation(relation, "product", "product")
            if edges is not None:
                found[edges.heads[targets[edges.tails] & (edges.weight >= SURE)]] = True
        return found

    def _is(self, target: Node) -> Mask:
        """bool [products]: what a target is."""
        number = self.kinds.number(target)
        if number is not None:
            return self.kinds.sure(number)
        if target.kind == "series":
            return self._linked(IN_SERIES, target)
        found = np.zeros(self._count, dtype=np.bool_)
        if target.kind == "product":
            found[target.number] = True
        return found

    def _says(self, words: tuple[str, ...]) -> Mask:
        found = np.zeros(self._count, dtype=np.bool_)
        if words:
            found[self.titles.with_phrase(words)] = True
        return found

    def _measures(self, measure: Measure) -> Mask:
        """bool [products]: an attribute or the title says the measure."""
        found = np.zeros(self._count, dtype=np.bool_)
        for phrase in measure.phrases:
            found |= self._says(phrase)
        table = self.graph.products.attributes
        unit = table.texts.number(measure.unit)
        if unit is not None:
            close = np.abs(table.number - measure.number) <= _TOLERANCE * abs(measure.number)
            found[table.rows[(table.form == NUMBER) & (table.text == unit) & close]] = True
        return found

    def reasons(self, wanted: Wanted, product: int) -> tuple[str, ...]:
        """The edges that the grade of one product rests on, each in a few words."""
        graph, said = self.graph, []
        if wanted.kind is not None:
            node, kinds = self.kinds.node(wanted.kind), self.kinds
            label = f"{node.kind} {graph.label(node)}"
            if kinds.sure(wanted.kind)[product]:
                said.append(f"is of the {label}")
            elif kinds.accessories(wanted.kind)[product]:
                said.append(f"is an accessory of, or a service for, the {label}")
            elif kinds.family(wanted.kind)[product]:
                said.append(f"is of a kind beside the {label}")
            elif kinds.known[product]:
                said.append(f"is not of the {label}")
            else:
                said.append("is of no known kind")
        wishes = (
            (MADE_BY, "brand", wanted.brand),
            (IN_SERIES, "series", wanted.series),
            (HAS_ATTRIBUTE, "attribute", wanted.attribute),
        )
        for relation, kind, number in wishes:
            if number is not None:
                node = Node(kind, number)  # type: ignore[arg-type]
                met = self._linked(relation, node)[product]
                met |= relation == HAS_ATTRIBUTE and self._says(wanted.attribute_words)[product]
                said.append(f"{relation} {graph.label(node)}: {'yes' if met else 'no'}")
        if wanted.target is not None:
            met = self._goes_with(wanted.target)[product]
            said.append(f"goes with {graph.label(wanted.target)}: {'yes' if met else 'no'}")
        if wanted.measure is not None:
            met = self._measures(wanted.measure)[product]
            said.append(f"{wanted.measure.number:g} {wanted.measure.unit}: {'yes' if met else 'no'}")
        if wanted.words:
            held = product in self.titles.with_words(wanted.words)
            said.append(f"title holds {' '.join(wanted.words)}: {'yes' if held else 'no'}")
        return tuple(said)
