"""Categories that nothing is in, and categories for one product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kg.doctor.catalog import Catalog
from kg.doctor.registry import Found, register
from kg.doctor.spelling import folded, typo
from kg.records import CATEGORY_SEPARATOR
from kg.texts import Texts

_SIBLINGS = 500
"""With more siblings than this nobody asks which of them a name was meant to be."""


@register("categories", "categories without a product, or with only one", reads=("facts",))
def categories(catalog: Catalog) -> Iterator[Found]:
    parents = {child: [parent] for child, parent in catalog.mentions.parents.items()}
    inside: dict[str, set[int]] = defaultdict(set)
    direct: dict[str, int] = {}
    for column, split in ((catalog.category, False), (catalog.labels, True)):
        rows_of: dict[int, list[int]] = defaultdict(list)
        for row, number in enumerate(column.numbers.tolist()):
            if number and len(rows_of[number]) < 2:  # one more than one is enough
                rows_of[number].append(row)
        for number, rows in rows_of.items():
            for name in column.names[number].split("\x1f") if split else (column.names[number],):
                direct.setdefault(name, rows[0])
                for above in _upwards(name, parents):
                    inside[above].update(rows[:2])
    known = {above for name in catalog.mentions.categories for above in _upwards(name, parents)}
    known |= set(parents) | set(catalog.mentions.parents.values())
    children = _children(inside)
    spelled = {folded(name): name for name, rows in inside.items() if len(rows) > 1}
    orphans = sorted(name for name in known if not inside.get(name))
    names = Texts.of(orphans)
    yield Found(
        kind="orphan",
        severity="warning",
        title=f"Categories without a product in them or below: {len(orphans):,}",
        fix="Remove them, or correct the name: only facts know of them, and a menu that shows them leads "
        "nowhere.",
        items=catalog.items(
            (([i], f"no product{_meant(name, children, spelled)}", name) for i, name in enumerate(orphans)),
            names=names,
        ),
    )
    single = sorted(name for name in direct if len(inside[name]) == 1)
    yield Found(
        kind="one_product",
        severity="note",
        title=f"Categories with a single product: {len(single):,}",
        fix="Move the product into the category beside or above, or see whether the name is misspelt.",
        items=catalog.items(
            ([direct[name]], f"{name}{_meant(name, children, spelled)}", name) for name in single
        ),
    )


def _upwards(name: str, parents: dict[str, list[str]]) -> Iterator[str]:
    """A category and all above it, by its path and by what facts say."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        yield one
        waiting += parents.get(one, [])
        above, found, _ = one.rpartition(CATEGORY_SEPARATOR)
        if found:
            waiting.append(above)


def _children(inside: dict[str, set[int]]) -> dict[str, list[str]]:
    """The last names of the categories with several products, by the category above."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, rows in inside.items():
        if len(rows) > 1:
            above, _, own = name.rpartition(CATEGORY_SEPARATOR)
            found[above].append(own)
    return found


def _meant(name: str, children: dict[str, list[str]], spelled: dict[str, str]) -> str:
    """'; meant as …?' if a category beside it is called nearly the same, or another but for its capitals."""
    if (same := spelled.get(folded(name), name)) != name:
        return f"; meant as {same!r}?"
    above, _, own = name.rpartition(CATEGORY_SEPARATOR)
    siblings = children.get(above, [])
    if len(siblings) > _SIBLINGS:
        return ""
    close = next((sibling for sibling in siblings if typo(folded(own), folded(sibling))), "")
    return f"; meant as {close!r}?" if close else ""
