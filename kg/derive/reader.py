"""Reading products by what a catalog has taught: their type, their series, and what they go with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from kg.derive.deciding import Decision
from kg.derive.inventory import Fields, Inventory, read_types
from kg.derive.links import Found, Linker, has_target, is_secondary, is_service, listed_devices
from kg.derive.phrases import mentions
from kg.derive.series import Piece, SeriesNames, pieces_of
from kg.derive.several_kinds import Wider
from kg.derive.source import Source
from kg.derive.tokens import TARGET
from kg.derive.words import ACCESSORIES, GENERAL, MEASURES
from kg.graph import OF_TYPE

Numbers = npt.NDArray[np.int64]

_DEVICE = 0.5
"""How sure a noun must be to be what something is for."""
_FEWEST, _MOSTLY = 8, 0.5
"""A type of so many products, of which such a share says what it is for, is an accessory."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ProductReader:
    """`inventory` is None for a catalog whose products all have categories; `names` are the ids of its
    phrases; `accessories` the head words of types that are for other things; `also` see `several_kinds`."""

    inventory: Inventory | None
    names: Mapping[int, str]
    series: SeriesNames
    brands: Mapping[str, str]
    accessories: frozenset[str] = ACCESSORIES
    devices: frozenset[str] = frozenset()
    also: Wider = field(default_factory=dict)

    def read(
        self,
        source: Source,
        untyped: npt.NDArray[np.bool_],
        *,
        known: tuple[Decision, Fields] | None = None,
        pieces: Sequence[Sequence[Piece]] | None = None,
    ) -> Iterator[Found]:
        """The edges of products; those that are `untyped` (bool [rows]) get a type.

        `known` and `pieces` spare reading what was just learnt from: the types of the untyped rows, and the
        tokens of all titles.
        """
        pieces = pieces_of(source) if pieces is None else pieces
        type_of = np.full(len(source), -1, dtype=np.int64)
        targets: Mapping[int, Collection[str]] = {}
        if self.inventory is not None and untyped.any():
            rows = np.flatnonzero(untyped)
            decision, fields = known or read_types(self.inventory, source.some(rows))
            type_of[rows] = decision.node
            targets = self._targets(self.inventory, rows, decision, fields)
            for row, node, weight, how in zip(
                rows.tolist(),
                decision.node.tolist(),
                decision.confidence.tolist(),
                decision.source.tolist(),
                strict=True,
            ):
                if node >= 0:
                    yield Found(
                        row=row, relation=OF_TYPE, kind="type", id=self.names[node], weight=weight, source=how
                    )
        devices = listed_devices(source)
        linker = Linker(
            series=self.series, brands=self.brands, accessories=self.accessories, devices=self.devices
        )
        for row, (some, brand, description, node) in enumerate(
            zip(pieces, source.brands, source.descriptions, type_of.tolist(), strict=True)
        ):
            yield from linker.links(
                row,
                brand,
                some,
                description,
                devices.get(row, ""),
                type_name=self.names.get(node, ""),
                targets=targets.get(row, ()),
            )

    def taught(self, decision: Decision, source: Source, pieces: Sequence[Sequence[Piece]]) -> ProductReader:
        """The reader that knows of the products of `source`, by their types, which are accessories (most of
        that type say what they are for) and which series are of things that are not."""
        devices = listed_devices(source)
        names = [self.names.get(node, "") for node in decision.node.tolist()]
        total: Counter[str] = Counter()
        meant: Counter[str] = Counter()
        for row, (name, some) in enumerate(zip(names, pieces, strict=True)):
            head = name.rpartition(" ")[2]
            total[head] += 1
            meant[head] += row in devices or has_target(some)
        accessories = ACCESSORIES | {
            head
            for head, count in total.items()
            if head and count >= _FEWEST and meant[head] >= _MOSTLY * count
        }
        primary: set[str] = set()
        for name, brand, some in zip(names, source.brands, pieces, strict=True):
            if name and not is_secondary(name, accessories):
                primary.update(self.series.of_title(brand, some))
        return replace(self, accessories=accessories, devices=frozenset(primary))

    def _targets(
        self, inventory: Inventory, rows: Numbers, decision: Decision, fields: Fields
    ) -> dict[int, list[str]]:
        """The types that titles say products are for, by row: those right behind 'for'; of services any other
        type that is spoken of."""
        tokens, vocabulary = fields.titles, inventory.vocabulary
        found = mentions(inventory.phrases, vocabulary, tokens)
        text = tokens.text[found.place]
        starts = tokens.gap == TARGET
        starts &= (
            np.concatenate(([True], ~starts[:-1] | (np.diff(tokens.clauses) != 0))) if len(starts) else starts
        )
        clauses = np.unique(tokens.clauses[starts])
        behind = np.isin(tokens.clauses[found.place], clauses)
        behind &= (
            np.diff(np.where(behind, tokens.clauses[found.place], -1), prepend=-1) != 0
        )  # the first of each
        services = np.fromiter(
            (is_service(self.names.get(node, "")) for node in decision.node.tolist()),
            dtype=np.bool_,
            count=len(decision.node),
        )
        sure = vocabulary.noun[tokens.word[found.place]] >= _DEVICE
        targets: dict[int, list[str]] = defaultdict(list)
        for place in np.flatnonzero((behind | services[text]) & sure).tolist():
            node, own = int(found.node[place]), int(decision.node[text[place]])
            name, head = self.names[node], vocabulary.words[inventory.phrases.words(node)[-1]]
            if head in GENERAL or head in MEASURES or is_service(name):
                continue
            if own >= 0 and inventory.phrases.words(own)[-1] == inventory.phrases.words(node)[-1]:
                continue
            targets[int(rows[text[place]])].append(name)
        return targets
