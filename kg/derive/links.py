"""What a product goes with, by its own words: its series, and what stands behind 'for' and in lists of
devices."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kg.derive.edges import SOURCES
from kg.derive.series import Piece, SeriesNames
from kg.derive.source import Source
from kg.derive.tokens import MOST_DESCRIPTION, TARGET, words_of
from kg.derive.words import ACCESSORIES, COMPATIBILITY, COMPATIBLE, SERVICES, TASKS, WORKS_WITH
from kg.graph import ACCESSORY_OF, COMPATIBLE_WITH, IN_SERIES, SERVICE_FOR
from kg.records import NodeKind

_TITLE, _DESCRIPTION, _ATTRIBUTE = (SOURCES.index(name) for name in ("title", "description", "attribute"))
_LIST = 200
"""Tokens of a list of devices that are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One edge of a product: `row` of the source, and the node by its id."""

    row: int
    relation: str
    kind: NodeKind
    id: str
    weight: float
    source: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Linker:
    """`brands`: folded names of one word → brand; `accessories`: head words of types that are for other
    things."""

    series: SeriesNames
    brands: Mapping[str, str]
    accessories: Collection[str]
    devices: Collection[str]

    def links(
        self,
        row: int,
        brand: str,
        pieces: Sequence[Piece],
        description: str,
        devices: str,
        *,
        type_name: str,
        targets: Collection[str],
    ) -> Iterator[Found]:
        """The links of one product of a type ('' if it has none).

        `pieces` are the tokens of its title, `devices` what attributes list, `targets` the types that its
        title says it is for.
        """
        service = is_service(type_name)
        secondary = is_secondary(type_name, self.accessories)
        for series in self.series.of_title(brand, pieces):
            if secondary and series in self.devices:  # 'Phaser 6125 toner' is made for that series
                yield Found(
                    row=row, relation=COMPATIBLE_WITH, kind="series", id=series, weight=0.7, source=_TITLE
                )
            else:
                yield Found(row=row, relation=IN_SERIES, kind="series", id=series, weight=0.9, source=_TITLE)
        yield from self._compatible(row, brand, pieces if service else _behind(pieces), 0.8, _TITLE)
        if secondary and not service:
            behind = _behind(words_of(description, MOST_DESCRIPTION))
            yield from self._compatible(row, brand, behind, 0.7, _DESCRIPTION)
        if devices:
            yield from self._compatible(row, brand, words_of(devices, _LIST), 0.9, _ATTRIBUTE)
        relation = SERVICE_FOR if service else ACCESSORY_OF if secondary else COMPATIBLE_WITH
        for target in targets:
            yield Found(
                row=row,
                relation=relation,
                kind="type",
                id=target,
                weight=0.8 if secondary else 0.6,
                source=_TITLE,
            )

    def _compatible(
        self, row: int, brand: str, pieces: Sequence[Piece], weight: float, how: int
    ) -> Iterator[Found]:
        if not pieces:
            return
        named = {
            self.brands[folded]
            for folded in (written.casefold() for written, _, _ in pieces)
            if folded in self.brands
        }
        for known in sorted(named):
            yield Found(row=row, relation=COMPATIBLE_WITH, kind="brand", id=known, weight=weight, source=how)
        for series in self.series.mentioned(pieces, brand, named):
            yield Found(
                row=row, relation=COMPATIBLE_WITH, kind="series", id=series, weight=weight, source=how
            )


def listed_devices(source: Source) -> dict[int, str]:
    """What attributes say a product is compatible with, by row."""
    wanted = [_lists_devices(name.casefold()) for name in source.names]
    devices: dict[int, str] = {}
    for row, name, text in zip(
        source.cell_row.tolist(), source.cell_name.tolist(), source.cell_text.tolist(), strict=True
    ):
        if wanted[name] and text >= 0:
            devices[row] = f"{devices[row]}, {source.texts[text]}" if row in devices else source.texts[text]
    return devices


def _lists_devices(name: str) -> bool:
    if any(word in name for word in COMPATIBILITY):
        return True
    rest = next((name.removeprefix(word) for word in COMPATIBLE if name.startswith(word)), None)
    return rest is not None and WORKS_WITH.issuperset(rest.split())


def is_secondary(name: str, accessories: Collection[str]) -> bool:
    """Whether a type is there for the sake of other things."""
    return is_service(name) or name.rpartition(" ")[2] in accessories


def is_service(name: str) -> bool:
    """Whether a type is done or granted, not handed over."""
    words = name.replace("/", " ").split()
    if not words or words[-1] in ACCESSORIES:
        return False
    return words[-1] in TASKS or any(word in SERVICES for word in words)


def has_target(pieces: Sequence[Piece]) -> bool:
    return any(gap == TARGET for _, _, gap in pieces)


def _behind(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """What stands behind 'for'."""
    for place, (_, _, gap) in enumerate(pieces):
        if gap == TARGET:
            return pieces[place:]
    return ()
