"""After a change only the products that changed are read again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kg.amending import amended
from kg.arrays import load_arrays, save_arrays
from kg.derive import Derived, derive
from kg.graph import Graph
from kg.records import Fact, Product
from tests.kg.derive.shelf import products, shelf, type_of


def facts_of(derived: Derived) -> list[Fact]:
    return sorted(derived.facts(), key=repr)


def rows_of(graph: Graph, *ids: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.sort(graph.nodes["product"].numbers(ids))


def test_reading_all_again_gives_the_same() -> None:
    graph = shelf()
    derived = derive(graph)
    everything = np.arange(graph.product_count)
    assert facts_of(derived.renewed(graph, graph, everything)) == facts_of(derived)
    assert facts_of(derived.renewed(graph, graph, everything[:0])) == facts_of(derived)


def test_a_new_product_is_read_by_what_is_known() -> None:
    before = shelf()
    new = Product(id="0 new", title="Vell Tam teapot white", brand="Vell")
    graph = amended(before, {new.id: new})
    derived = derive(before).renewed(before, graph, rows_of(graph, new.id))
    assert type_of(derived, "0 new") == "teapot"
    old = [fact for fact in facts_of(derived) if fact.head != new.id]
    assert old == facts_of(derive(before)), "the new id comes first: all numbers have moved"


def test_a_changed_and_a_deleted_product() -> None:
    before = shelf()
    lamp, pot = products()[1], products()[9]
    changed = replace(lamp, title="Nori Ito wall lamp")
    graph = amended(before, {lamp.id: changed, pot.id: None})
    derived = derive(before).renewed(before, graph, rows_of(graph, lamp.id))
    assert type_of(derived, lamp.id) == "wall lamp"
    assert type_of(derived, pot.id) is None
    rest = [fact for fact in facts_of(derived) if fact.head not in (lamp.id, pot.id)]
    assert rest == [fact for fact in facts_of(derive(before)) if fact.head not in (lamp.id, pot.id)]


def test_a_product_that_got_a_category_loses_its_type() -> None:
    before = shelf()
    lamp = products()[1]
    graph = amended(before, {lamp.id: replace(lamp, category=("Lamps",))})
    derived = derive(before).renewed(before, graph, rows_of(graph, lamp.id))
    assert type_of(derived, lamp.id) is None
    assert derived.summary().typed == derive(before).summary().typed


def test_saved_and_opened_it_is_the_same(tmp_path: Path) -> None:
    graph = shelf()
    derived = derive(graph)
    save_arrays(tmp_path / "derived.safetensors", derived.arrays())
    opened = Derived.from_arrays(load_arrays(tmp_path / "derived.safetensors"), graph)
    assert facts_of(opened) == facts_of(derived)
    assert opened.aliases == derived.aliases
    assert opened.summary() == derived.summary()
    lamp = products()[1]
    later = amended(graph, {lamp.id: replace(lamp, title="Nori Ito teapot")})
    rows = rows_of(later, lamp.id)
    assert facts_of(opened.renewed(graph, later, rows)) == facts_of(derived.renewed(graph, later, rows))
    again = opened.arrays()
    for name, array in derived.arrays().items():
        assert np.array_equal(again[name], array), name


def test_it_is_deterministic_and_tells_how_far_it_is() -> None:
    told: list[tuple[str, int, int]] = []
    first = derive(shelf(), progress=lambda *step: told.append(step))
    second = derive(shelf())
    assert first.arrays().keys() == second.arrays().keys()
    assert all(np.array_equal(first.arrays()[name], second.arrays()[name]) for name in first.arrays())
    assert told[0][1] == 0
    assert told[-1][1] == told[-1][2]


def test_the_order_of_products_does_not_matter() -> None:
    from kg.snapshot import assemble

    backwards = assemble(reversed(products()), [], [])
    assert facts_of(derive(backwards)) == facts_of(derive(shelf()))


@pytest.mark.parametrize("count", [1, 3])
def test_renewing_twice_is_renewing_once(count: int) -> None:
    before = shelf()
    changed = {p.id: replace(p, title=f"{p.brand} teapot {n}") for n, p in enumerate(products()[:count])}
    graph = amended(before, dict(changed))
    once = derive(before).renewed(before, graph, rows_of(graph, *changed))
    assert facts_of(once.renewed(graph, graph, rows_of(graph, *changed))) == facts_of(once)
