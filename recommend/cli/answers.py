"""Lists of products, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from recommend.cli.output import print_json, print_table

if TYPE_CHECKING:
    from kg import Product
    from recommend import Explanation, Hit, Query, Recommender, Results

_LONGEST = 70


def print_answers(model: Recommender, results: Results, *, explain: bool, as_json: bool) -> None:
    """Print results as the options `--explain` and `--json` ask."""
    explanations = model.explain_all(results) if explain else ()
    if as_json:
        print_json(plain_results(results, explanations))
        return
    if results.note:
        click.echo(f"note: {results.note}", err=True)
    if not results:
        click.echo("(no products)")
    elif explain:
        for place, (hit, explanation) in enumerate(zip(results, explanations, strict=True), start=1):
            print_explained(place, hit, explanation)
    else:
        print_hits(results)
    print_facets(results)


def print_facets(results: Results) -> None:
    """The size of the result and a line a facet, what is chosen in brackets; nothing if nobody asked."""
    if results.total is not None:
        click.echo(f"\n{results.total:,} products" if results.total != 1 else "\n1 product")
    for facet in results.facets:
        values = [f"{v.label} {v.count:,}" for v in facet.values]
        values = [f"[{said}]" if v.selected else said for said, v in zip(values, facet.values, strict=True)]
        more = (f"{facet.more:,} more",) if facet.more else ()
        click.echo(f"{facet.field}: {', '.join((*values, *more)) or 'no values'}")


def print_hits(results: Results) -> None:
    """A table, one product a row; with a balance also its place by score alone, with trees also chances."""
    balanced, likely = any(hit.by_score for hit in results), any(hit.chance is not None for hit in results)
    rows = [
        (
            str(place),
            *((str(hit.by_score),) if balanced else ()),
            f"{hit.score:.4f}",
            *(("" if hit.chance is None else f"{hit.chance:.1%}",) if likely else ()),
            hit.product.id,
            named(hit.product),
            priced(hit.product),
            _strongest(hit),
        )
        for place, hit in enumerate(results, start=1)
    ]
    columns = (
        "",
        *(("by score",) if balanced else ()),
        "score",
        *(("chance",) if likely else ()),
        "id",
        "product",
        "price",
        "signals",
    )
    print_table(columns, rows, right=("", "by score", "score", "chance", "price"))


def print_explained(place: int, hit: Hit, explanation: Explanation) -> None:
    """One product, and the paths that led to it."""
    facts = "  ".join(filter(None, (f"[{hit.product.id}]", priced(hit.product), f"score {hit.score:.4f}")))
    click.echo(f"{place:>3}  {named(hit.product)}  {facts}")
    print_reasons(explanation, indent="   ")


def print_understood(explanation: Explanation) -> None:
    """What the words of a search were taken to mean, and what each signal is of the score."""
    for role, words, meaning in explanation.reading.lines() if explanation.reading is not None else ():
        click.echo("  " + "  ".join(filter(None, (role, f"“{words}”" if words else "", meaning))))
    if explanation.score > 0:
        shares = sorted(explanation.signals.items(), key=lambda item: (-abs(item[1]), item[0]))
        told = ", ".join(f"{name} {value / explanation.score:.0%}" for name, value in shares)
        click.echo(f"  signals  {told}")


def print_reasons(explanation: Explanation, indent: str = "") -> None:
    """The lines of an explanation below its head."""
    reasons = explanation.text.splitlines()[1:] or ["  nothing that is known leads to it"]
    click.echo("\n".join(indent + line for line in reasons))


def plain_results(results: Results, explanations: Sequence[Explanation]) -> dict[str, Any]:
    """The document that `--json` prints."""
    hits: list[dict[str, Any]] = []
    for place, hit in enumerate(results):
        product = hit.product
        told: dict[str, Any] = {
            "id": product.id,
            "title": product.title,
            "brand": product.brand,
            "price": None if product.price is None else float(product.price),
            "currency": product.currency,
            "score": hit.score,
            "signals": dict(hit.signals),
        }
        if results.query.ranking != "exact":
            told["additive"], told["adjustment"] = hit.additive, hit.adjustment
        if hit.chance is not None:
            told["chance"] = hit.chance
        if hit.pinned:
            told["pinned"] = hit.pinned
        if hit.by_score:
            told |= {"by_score": hit.by_score, "balance": dict(hit.balance)}
        if explanations:
            told["explanation"] = explanations[place].plain()
        hits.append(told)
    document: dict[str, Any] = {"query": plain_query(results.query), "note": results.note, "hits": hits}
    if results.correction is not None:
        document["correction"] = results.correction.plain()
    if results.total is not None:
        document |= {"total": results.total, "facets": [facet.plain() for facet in results.facets]}
    return document


def plain_query(query: Query) -> dict[str, Any]:
    """What was asked, without what was not."""
    asked = {
        "text": query.text,
        "image": query.image,
        "product": query.product,
        "user": query.user,
        "history": list(query.history),
        "viewed": list(query.viewed),
        "complete": query.complete or None,
        "fits": list(query.fits),
        "fits_owned": query.fits_owned or None,
        "balance": None if query.balance is None else str(query.balance),
        "where": [str(one) for one in query.where],
        "sort": query.sort,
        "facets": list(query.facets),
        "profile": query.profile or None,
    }
    told = {name: value for name, value in asked.items() if value is not None and value != []}
    return {**told, "ranking": query.ranking, "k": query.k}


def named(product: Product) -> str:
    """The title, or what else tells a product from others."""
    name = product.title or " ".join(
        filter(None, (product.brand, " / ".join(product.category or product.labels)))
    )
    name = name or product.id
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def priced(product: Product) -> str:
    """The price with its currency, or nothing."""
    return "" if product.price is None else f"{product.price} {product.currency}".strip()


def _strongest(hit: Hit) -> str:
    best = sorted(hit.signals.items(), key=lambda item: (-item[1], item[0]))[:3]
    return " ".join(f"{name} {value:.3f}" for name, value in best)
