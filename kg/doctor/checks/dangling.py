"""Facts and interactions that name products the catalog does not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from kg.doctor.catalog import Catalog
from kg.doctor.registry import Found, register
from kg.texts import Texts


@register("dangling", "facts and interactions that name unknown products", reads=("facts", "interactions"))
def dangling(catalog: Catalog) -> Iterator[Found]:
    known = catalog.mentions
    yield _found(
        catalog,
        "facts",
        known.by_facts,
        known.dangling_facts,
        known.facts,
        "Load the rows of these products, correct the ids, or leave these facts out: they lead to products "
        "that cannot be shown. Two products that both lead to the same unknown one are still linked by it.",
    )
    yield _found(
        catalog,
        "interactions",
        known.by_interactions,
        known.dangling_interactions,
        known.interactions,
        "Products that are no longer sold: fine, they still tell tastes. Otherwise load their rows, or see "
        "whether the log writes ids in another way (case, leading zeros, a prefix).",
    )
    brands = set(catalog.brand.names)
    unknown = {name: count for name, count in known.brands.items() if name not in brands}
    names = Texts.of(unknown)
    yield Found(
        kind="unknown_brands",
        severity="warning",
        title=f"Brands in facts that no product has: {len(unknown):,}",
        fix="Correct the spelling of the brand in the facts, or remove them.",
        items=catalog.items(
            (([i], f"in {count:,} facts") for i, count in enumerate(unknown.values())), names=names
        ),
    )


def _found(
    catalog: Catalog,
    what: str,
    unknown: Mapping[str, Mapping[str, int]],
    edges: int,
    total: int,
    fix: str,
) -> Found:
    by_relation: Counter[str] = Counter()
    for relations in unknown.values():
        by_relation.update(relations)
    told = ", ".join(f"{name} {count:,}" for name, count in by_relation.most_common(5))
    ranked = sorted(unknown.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return Found(
        kind=what,
        severity="warning",
        title=f"{what.capitalize()} that name unknown products: {edges:,} of {total:,} "
        f"({len(unknown):,} products; {told})",
        fix=fix,
        items=catalog.items(
            (
                ([i], ", ".join(f"{name} {count:,}" for name, count in sorted(relations.items())))
                for i, (_, relations) in enumerate(ranked)
            ),
            names=Texts.of(name for name, _ in ranked),
        ),
    )
