"""RDF: N-Triples and Turtle as products and as facts."""

from __future__ import annotations

import gzip
import sys
import time
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import DataError
from kg.reading import read
from kg.reading.formats import statements
from kg.records import Fact, Product, Quantity
from tests.kg.reading.feeds.samples import FIXTURES, load, products

TURTLE = FIXTURES / "shop.ttl"
LINES = FIXTURES / "shop.nt"  # the same, its lines in no order
SHOP = "https://fjordhus.example/"
P = SHOP + "product/"
HEAD = "@prefix s: <https://schema.org/> . @prefix x: <https://x.example/ns#> .\n"

pytest.importorskip("rdflib", reason="the extra shelfgraph[rdf] is not installed")


def turtle(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "c.ttl"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def fact_rows(path: Path) -> list[tuple[str, str, str, str, str]]:
    found = [fact for fact in load(path, "facts")[0] if isinstance(fact, Fact)]
    return [(f.head_kind, f.head, f.relation, f.tail_kind, f.tail) for f in found]


@pytest.mark.parametrize("path", [TURTLE, LINES])
def test_every_field_of_a_product(path: Path) -> None:
    records, reading = load(path)
    assert products(records) == {
        P + "100-oak": Product(
            id=P + "100-oak",
            title="Halden pendant lamp",
            description="Of solid oak & steel.",
            brand="Fjordhus",
            category=("Lighting", "Pendant lamps"),
            attributes={
                "color": "oak",
                "weight": Quantity(number=1.5, unit="kg"),
                "sku": "FH-100-OAK",
                "max power": Quantity(number=60.0, unit="W"),
                "sockets": 2.0,
                "dimmable": True,
                "designed on": "2020-05-01",
                "made in": "Norway",
                "designer": "Ida Vik",
            },
            price=Decimal(129),
            currency="EUR",
            image=SHOP + "img/halden.jpg",
            url=SHOP + "halden",
            gtin="2001234567893",
            availability="in_stock",
            language="en",
            collections=("FH-100",),
        ),
        P + "100-ash": Product(
            id=P + "100-ash", title="Halden pendant lamp, ash", language="en", collections=("FH-100",)
        ),
        P + "200": Product(
            id=P + "200", title="Vik lamp oil", brand="Vik", category=("Home", "Oils"), language="en"
        ),
        P + "300": Product(
            id=P + "300",
            title="Vik Tischlampe",
            gtin="2001234567909",
            price=Decimal("59.9"),
            currency="EUR",
            language="de",  # it has no English title
        ),
    }
    assert reading.report().ok
    assert "read as RDF (feed = 'rdf'; 'none' turns that off)" in reading.report().notes


@pytest.mark.parametrize("path", [TURTLE, LINES])
def test_facts_between_nodes_of_every_kind(path: Path) -> None:
    oak = P + "100-oak"
    assert sorted(fact_rows(path)) == sorted(
        [
            ("product", oak, "made_by", "brand", "Fjordhus"),
            ("product", oak, "in_category", "category", "Lighting > Pendant lamps"),
            ("product", oak, "in_collection", "collection", "FH-100"),
            ("product", oak, "is_related_to", "product", P + "200"),
            ("product", oak, "made_in", "attribute", f"entity={SHOP}country/Norway"),
            ("product", oak, "designer", "attribute", f"entity={SHOP}person/7"),
            ("product", P + "200", "is_consumable_for", "product", P + "300"),
            ("product", P + "100-ash", "in_collection", "collection", "FH-100"),
            ("category", "Lighting > Pendant lamps", "subcategory_of", "category", "Lighting"),
        ]
    )
    notes = load(path, "facts")[1].report().notes
    assert any("2 triples with a blank node are no facts" in note for note in notes)


def test_a_file_that_types_nothing_is_about_products(tmp_path: Path) -> None:
    path = tmp_path / "pairs.nt"
    path.write_text("<http://x.example/1> <http://x.example/ns#fitsInto> <http://x.example/2> .\n")
    assert fact_rows(path) == [
        ("product", "http://x.example/1", "fits_into", "product", "http://x.example/2")
    ]
    with pytest.raises(DataError, match=r'has no products: what it types is nothing; .* kind="facts"'):
        list(read(path))


@pytest.mark.parametrize("path", [TURTLE, LINES])
def test_gzipped_and_named_it_is_the_same(tmp_path: Path, path: Path) -> None:
    packed = tmp_path / f"{path.name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert load(packed)[0] == load(path)[0]
    assert load(packed, "facts", "rdf")[0] == load(path, "facts")[0]


def test_files_are_known_by_their_content(tmp_path: Path) -> None:
    for source in (TURTLE, LINES):
        path = tmp_path / "without_ending"
        path.write_bytes(source.read_bytes())
        assert load(path)[0] == load(source)[0]


def test_the_language_is_that_of_most_titles(tmp_path: Path) -> None:
    path = turtle(
        tmp_path,
        'x:1 a s:Product ; s:name "Lampe"@de, "Lampe (fr)"@fr, "Lamp"@en ;\n'
        's:color "schwarz"@de, "black"@en .\n'
        'x:2 a s:Product ; s:name "Stuhl"@de . x:3 a s:Product ; s:name "Plain" .',
    )
    found = list(products(load(path)[0]).values())
    assert [(p.title, p.language, dict(p.attributes)) for p in found] == [
        ("Lampe", "de", {"color": "schwarz"}),
        ("Stuhl", "de", {}),
        ("Plain", "de", {}),
    ]


def test_the_best_name_wins_and_addresses_do_not_clash(tmp_path: Path) -> None:
    path = turtle(
        tmp_path,
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix y: <https://y.example/> .\n"
        'x:1 a s:Product ; rdfs:label "label" ; s:name "name" . y:1 a s:Product ; rdfs:label "other" .',
    )
    assert {i: p.title for i, p in products(load(path)[0]).items()} == {
        "https://x.example/ns#1": "name",
        "https://y.example/1": "other",
    }


def test_categories_in_a_circle_end(tmp_path: Path) -> None:
    path = turtle(
        tmp_path,
        "@prefix k: <http://www.w3.org/2004/02/skos/core#> .\n"
        'x:a k:prefLabel "A" ; k:broader x:b . x:b k:prefLabel "B" ; k:broader x:a .\n'
        "x:1 a s:Product ; s:category x:a .",
    )
    assert products(load(path)[0])["https://x.example/ns#1"].category == ("B", "A")


def test_nodes_that_lead_to_each_other_end(tmp_path: Path) -> None:
    variants = ", ".join(f"x:v{n}" for n in range(60))
    text = f'x:g a s:ProductGroup ; s:productGroupID "G" ; s:hasVariant {variants} ; s:brand x:g .\n'
    text += "".join(f"x:v{n} a s:Product ; s:isVariantOf x:g ; s:offers x:o1, x:o2 .\n" for n in range(60))
    text += "x:o1 s:offers x:o2 ; s:price 3 . x:o2 s:offers x:o1, x:o2 ; s:price 2 ."
    started = time.process_time()
    found = products(load(turtle(tmp_path, text))[0])
    assert time.process_time() - started < 10
    assert len(found) == 60
    assert {product.collections for product in found.values()} == {("G",)}


def test_bad_lines_are_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "c.nt"
    good = f"<{P}1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://schema.org/Product> .\n"
    path.write_text(
        f"# a comment\n\n{good}<{P}1> <https://schema.org/name> 'single quotes' .\nnothing of the kind\n"
    )
    records, reading = load(path)
    assert list(products(records)) == [P + "1"]
    assert [r.line for r in reading.report().rejections] == [4, 5]
    assert {rule for (_, rule), _ in reading.report().by_rule} == {
        "a line must be a triple of N-Triples: <subject> <predicate> <object> ."
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x:1 a s:Product ;\n  s:name unbound:name .", 'line 3: broken Turtle (Prefix "unbound:" not bound)'),
        ('x:1 s:name "no end', "broken Turtle"),
        ("x:1 s:name (((((", "broken Turtle"),
    ],
)
def test_broken_turtle_is_one_clear_error(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        list(read(turtle(tmp_path, text)))
    assert words in str(caught.value)
    assert "c.ttl" in str(caught.value)


def test_large_turtle_is_refused_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MAX_TURTLE", 1000)
    with pytest.raises(DataError, match="N-Triples are read line by line: rapper"):
        list(read(turtle(tmp_path, "# long\n" * 1000)))


def test_other_kinds_of_rdf_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "c.rdf"
    path.write_text(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description/></rdf:RDF>'
    )
    with pytest.raises(DataError, match="convert it: rapper"):
        list(read(path))


@pytest.mark.parametrize("path", [TURTLE, LINES])
def test_without_rdflib_the_error_says_what_to_install(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdflib", None)
    with pytest.raises(DataError, match=r"pip install 'shelfgraph\[rdf\]'"):
        list(read(path))


def test_lines_are_streamed(tmp_path: Path) -> None:
    path = tmp_path / "large.nt"
    with path.open("w") as file:
        for i in range(1_500):
            one = f"<{P}{i}>"
            file.write(
                f"{one} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://schema.org/Product> .\n"
            )
            file.write(f'{one} <https://schema.org/description> "{"of some length " * 600}" .\n')
            file.write(f"{one} <https://schema.org/offers> _:o{i} .\n")
            file.write(f'_:o{i} <https://schema.org/price> "{i}" .\n')
    list(read(LINES))  # imports are not what is measured
    tracemalloc.start()
    try:
        prices = [record.price for record in read(path) if isinstance(record, Product)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert prices == [Decimal(i) for i in range(1_500)]
    # a batch on its way to the disk, and the ids that are remembered
    assert peak < 24 << 20, f"{peak:,} bytes"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damage_gives_a_clear_error_and_no_traceback(tmp_path: Path, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([TURTLE, LINES]))
    content = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / source.name
    path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    reading = read(path, kind=data.draw(st.sampled_from(["products", "facts"])), feed="rdf")
    message = source.name
    count = -1
    try:
        count = len(list(reading))
    except DataError as error:
        message = str(error)
    assert source.name in message
    report = reading.report()
    assert count in (-1, report.read - report.rejected)
