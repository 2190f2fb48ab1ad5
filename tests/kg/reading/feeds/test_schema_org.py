"""schema.org's products as JSON-LD: pages, graphs, variants, offers, breadcrumbs, relations."""

from __future__ import annotations

import gzip
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import DataError
from kg.reading import read
from kg.reading.formats import document, page
from kg.records import Fact, Product, Quantity
from tests.kg.reading.feeds.samples import FIXTURES, facts, load, products

PAGE = FIXTURES / "schema_page.html"
GRAPH = FIXTURES / "schema_graph.jsonld"
SHOP = "https://fjordhus.example/"


def one(tmp_path: Path, node: dict[str, Any], *others: dict[str, Any]) -> Product:
    path = tmp_path / "c.jsonld"
    nodes = [{"@type": "Product", "sku": "1"} | node, *others]
    path.write_text(json.dumps({"@context": "https://schema.org", "@graph": nodes}, indent=1))
    (product,) = read(path)
    assert isinstance(product, Product)
    return product


def test_every_field_of_a_page() -> None:
    records, reading = load(PAGE)
    assert products(records) == {
        "FH-100": Product(
            id="FH-100",
            title="Halden Pendelleuchte & Schirm",
            description="Aus Eiche.\nMit Textilkabel.",
            brand="Fjordhus",
            category=("Leuchten", "Pendelleuchten"),
            attributes={
                "color": ("Eiche", "Schwarz"),
                "material": "Eiche",
                "size": "groß",
                "weight": Quantity(number=1.5, unit="kg"),
                "height": Quantity(number=22.5, unit="cm"),
                "width": Quantity(number=40.0, unit="cm"),
                "depth": "30–40 cm",
                "mpn": "HAL-1",
                "condition": "new",
                "Fassung": "E27",
                "Leistung": Quantity(number=60.0, unit="W"),
                "Kabel": Quantity(number=1.2, unit="m"),
                "Dimmbar": True,
                "Stile": ("modern", "nordisch"),
                "rating": 4.6,
                "rating count": 31.0,
            },
            price=Decimal("99.00"),  # of the cheapest offer that is in stock
            currency="EUR",
            image=SHOP + "img/halden-1.jpg",
            url=SHOP + "halden",
            gtin="2001234567893",
            availability="in_stock",
            language="de",
        ),
        "FH-200": Product(
            id="FH-200",
            title="Vik Lampenöl",
            brand="Fjordhus",
            category=("Haus", "Öle"),
            price=Decimal("15.9"),
            currency="EUR",
            availability="preorder",
            language="de",
        ),
    }
    report = reading.report()
    assert (
        "read as schema.org products (JSON-LD) (feed = 'schema_org'; 'none' turns that off)" in report.notes
    )
    (broken,) = report.rejections  # one block of the page; the others are read
    assert (broken.line, report.loaded) == (22, 2)
    assert broken.rule == "a JSON-LD block must be JSON (line 23: Unterminated string starting at)"


def test_variants_references_and_languages_of_a_graph() -> None:
    records, reading = load(GRAPH)
    assert reading.report().ok
    assert products(records) == {
        "FH-600-M": Product(
            id="FH-600-M",
            title="Rona jumper, M",
            description="Knitted in Norway.",
            brand="Rona",
            category=("Clothing", "Jumpers"),
            attributes={"material": "wool", "size": "M"},
            price=Decimal(79),  # not the list price
            currency="EUR",
            image=SHOP + "img/rona-m.jpg",
            availability="in_stock",
            language="en",
            collections=("FH-600",),
        ),
        "FH-600-L": Product(
            id="FH-600-L",
            title="Rona jumper, L",
            description="Knitted in Norway.",
            brand="Rona",
            category=("Knitwear",),
            attributes={"material": "wool", "size": "L"},
            url=SHOP + "rona#l",
            gtin="2001234567930",
            language="en",
            collections=("FH-600",),
        ),
        SHOP + "sula": Product(
            id=SHOP + "sula",
            title="Sula cushion",
            category=("Home", "Textiles"),
            labels=("Gifts",),
            attributes={"category code": "1234", "weight": Quantity(number=450.0, unit="g")},
            price=Decimal("45.00"),
            currency="EUR",
            url=SHOP + "sula",
            availability="limited_availability",
            language="en",
            collections=("FH-400",),
        ),
    }


def test_facts() -> None:
    assert set(facts(load(GRAPH, "facts")[0])) == {
        ("FH-600-M", "in_collection", "FH-600"),
        ("FH-600-L", "in_collection", "FH-600"),
        ("FH-600-L", "is_similar_to", SHOP + "sula"),
        (SHOP + "sula", "in_collection", "FH-400"),
        (SHOP + "sula", "is_accessory_or_spare_part_for", "2001234567916"),
    }
    found = [fact for fact in load(PAGE, "facts")[0] if isinstance(fact, Fact)]
    assert [(f.head, f.relation, f.tail, f.tail_kind, f.source) for f in found] == [
        ("FH-100", "is_related_to", "FH-300", "product", "schema.org"),
        ("FH-100", "is_consumable_for", "FH-900", "product", "schema.org"),
    ]


def test_several_pages_at_once() -> None:
    reading = read([PAGE, FIXTURES / "schema_page_2.html"], kind=None)
    assert list(products(reading)) == ["FH-100", "FH-200", "FH-700", "FH-701"]
    assert reading.kind == "products"


@pytest.mark.parametrize("path", [PAGE, GRAPH])
def test_gzipped_and_named_it_is_the_same(tmp_path: Path, path: Path) -> None:
    packed = tmp_path / f"{path.name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert load(packed)[0] == load(path)[0]
    assert load(packed, feed="schema_org")[0] == load(path)[0]


@pytest.mark.parametrize(
    "layout",
    [
        lambda nodes: "".join(json.dumps({"@context": "https://schema.org"} | node) + "\n" for node in nodes),
        lambda nodes: json.dumps(nodes),
        lambda nodes: json.dumps(nodes, indent=2),
        lambda nodes: json.dumps({"@context": "https://schema.org", "@graph": nodes}),
        lambda nodes: json.dumps({"@context": "https://schema.org", "@graph": nodes}, indent=2),
        lambda nodes: "\ufeff" + json.dumps({"@graph": nodes}, indent=2),
    ],
)
def test_every_layout_of_a_file_gives_the_same(tmp_path: Path, layout: Any) -> None:
    nodes = [{"@type": "Product", "sku": str(n), "name": f"Lamp {n}"} for n in range(3)]
    path = tmp_path / "c.json"
    path.write_text(layout(nodes), encoding="utf-8")
    records, reading = load(path)
    assert records == [Product(id=str(n), title=f"Lamp {n}") for n in range(3)]
    assert any("schema.org" in note for note in reading.report().notes)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"sku": "s", "productID": "p", "@id": SHOP}, "s"),
        ({"sku": None, "productID": "p", "@id": SHOP + "a"}, "p"),
        ({"sku": None, "@id": SHOP + "a", "gtin13": "2001234567893"}, SHOP + "a"),
        ({"sku": None, "@id": "#product", "offers": {"sku": "o", "price": 1}}, "o"),
        (
            {"sku": None, "@id": "#product", "offers": [{"sku": "o"}, {"sku": "q"}], "gtin8": "20012349"},
            "20012349",
        ),
        ({"sku": None, "@id": "_:b0", "url": SHOP + "lamp"}, SHOP + "lamp"),
        ({"sku": 17}, "17"),
    ],
)
def test_the_id_is_the_first_there_is(tmp_path: Path, node: dict[str, Any], expected: str) -> None:
    assert one(tmp_path, node).id == expected


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ({"price": "1299.99", "priceCurrency": "eur"}, ("1299.99", "EUR", "")),
        ({"price": "12,50", "priceCurrency": "EUR"}, ("12.50", "EUR", "")),
        (
            {"@type": "AggregateOffer", "lowPrice": 9, "highPrice": 12, "priceCurrency": "EUR"},
            ("9", "EUR", ""),
        ),
        ([{"price": 5, "priceCurrency": "EUR"}, {"price": 4, "priceCurrency": "USD"}], ("5", "EUR", "")),
        ({"availability": "http://schema.org/BackOrder"}, (None, "", "backorder")),
        ({"availability": "In stock"}, (None, "", "in_stock")),
        ({"priceSpecification": {"minPrice": 3, "priceCurrency": "EUR"}}, ("3", "EUR", "")),
    ],
)
def test_offers(tmp_path: Path, offers: object, expected: tuple[str | None, str, str]) -> None:
    product = one(tmp_path, {"offers": offers})
    amount, currency, availability = expected
    assert product.price == (None if amount is None else Decimal(amount))
    assert (product.currency, product.availability) == (currency, availability)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"value": 2, "unitCode": "KGM"}, Quantity(number=2.0, unit="kg")),
        ({"value": "2.5", "unitCode": "grm"}, Quantity(number=2.5, unit="g")),
        ({"value": 3, "unitText": "Liter"}, Quantity(number=3.0, unit="l")),
        ({"value": 3, "unitCode": "C62"}, 3.0),
        ({"value": 3, "unitCode": "XYZ"}, Quantity(number=3.0, unit="XYZ")),
        (
            {"value": {"@type": "QuantitativeValue", "value": 4, "unitCode": "INH"}},
            Quantity(number=4.0, unit="in"),
        ),
        ({"maxValue": 5, "unitCode": "MTR"}, "≤ 5 m"),
        ({"value": "5 m"}, Quantity(number=5.0, unit="m")),
        ({"value": "stainless"}, "stainless"),
        ({"value": False}, False),
    ],
)
def test_measures(tmp_path: Path, value: dict[str, Any], expected: object) -> None:
    product = one(tmp_path, {"additionalProperty": {"@type": "PropertyValue", "name": "x"} | value})
    assert product.attributes == {"x": expected}


@pytest.mark.parametrize(
    ("image", "url", "expected"),
    [
        ("/img/a.jpg", SHOP + "lamp", SHOP + "img/a.jpg"),
        ("//cdn.example/a.jpg", SHOP, "https://cdn.example/a.jpg"),
        ("//cdn.example/a.jpg", "", "https://cdn.example/a.jpg"),
        ("/etc/passwd", "", ""),
        ({"@id": SHOP + "a.jpg"}, "", SHOP + "a.jpg"),
        ("http://[no", SHOP, "http://[no"),
    ],
)
def test_pictures_lie_on_the_site_of_the_product(
    tmp_path: Path, image: object, url: str, expected: str
) -> None:
    assert one(tmp_path, {"image": image, "url": url}).image == expected


def test_a_variant_without_a_name_has_that_of_its_group(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonld"
    variants = [{"@type": "Product", "sku": "S"}, {"@type": "Product", "sku": "M", "name": "Coat, M"}]
    group = {"@type": "ProductGroup", "productGroupID": "G", "name": "Coat", "hasVariant": variants}
    path.write_text(json.dumps({"@context": "https://schema.org"} | group))
    titles = {record.id: record.title for record in read(path) if isinstance(record, Product)}
    assert titles == {"S": "Coat", "M": "Coat, M"}


def test_a_group_alone_is_a_product_if_it_is_offered(tmp_path: Path) -> None:
    group = {
        "@type": "ProductGroup",
        "sku": "G",
        "name": "Jumper",
        "offers": {"price": 5, "priceCurrency": "EUR"},
    }
    path = tmp_path / "c.jsonld"
    path.write_text(json.dumps(group, indent=1))
    assert list(products(read(path))) == ["G"]


def test_what_is_only_mentioned_is_no_product(tmp_path: Path) -> None:
    other = {"@type": "Product", "sku": "2", "name": "Teaser", "offers": {"price": 5}}
    assert one(tmp_path, {"isRelatedTo": other, "isSimilarTo": [other]}).id == "1"


def test_references_in_a_circle(tmp_path: Path) -> None:
    product = one(
        tmp_path,
        {"@id": "#a", "brand": {"@id": "#b"}, "isVariantOf": {"@id": "#a"}},
        {"@id": "#b", "name": {"@id": "#b"}},
    )
    assert (product.brand, product.collections) == ("", ())


def test_offers_in_a_circle(tmp_path: Path) -> None:
    every = [{"@id": f"#o{n}"} for n in range(100)]
    circle = [
        {"@id": f"#o{n}", "@type": "AggregateOffer", "offers": every, "lowPrice": n + 1} for n in range(100)
    ]
    started = time.process_time()
    assert one(tmp_path, {"offers": every}, *circle).price is not None
    assert time.process_time() - started < 5


def test_pages_with_nothing_on_them(tmp_path: Path) -> None:
    about = tmp_path / "about.html"
    about.write_text("<!doctype html><p>About us</p>")
    reading = read([about, PAGE])
    assert len(list(reading)) == 2
    assert any("about.html has no rows" in note for note in reading.report().notes)
    wrong = tmp_path / "feed.csv"
    wrong.write_text("<!doctype html><p>Log in</p>")
    with pytest.raises(DataError, match="an HTML page, not a table"):
        list(read(wrong))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("<!--", "-->"),
        ("//<![CDATA[\n", "\n//]]>"),
        ("/*<![CDATA[*/", "/*]]>*/;"),
        ("\n<![CDATA[ ", "]]>\n"),
    ],
)
@pytest.mark.parametrize(
    "tag", ["<script type=application/ld+json>", "<SCRIPT\n nonce='a>b' TYPE = \"application/LD+JSON\" >"]
)
def test_blocks_however_they_are_wrapped(tmp_path: Path, tag: str, before: str, after: str) -> None:
    path = tmp_path / "p.html"
    block = '{"@type": "Product", "sku": "1", "name": "a < b > c <!-- d"}'
    path.write_text(f"<html><head>{tag}{before}{block}{after}</script></head></html>")
    (product,) = read(path)
    assert isinstance(product, Product)
    assert product.title == "a < b > c <!-- d"


@pytest.mark.parametrize("charset", ["windows-1252", "gbk", "utf-8"])
def test_a_page_is_in_the_encoding_it_names(tmp_path: Path, charset: str) -> None:
    title = "台灯" if charset == "gbk" else "Crème brûlée"
    path = tmp_path / "p.html"
    text = (
        f'<html><head><meta charset="{charset}"><script type="application/ld+json">'
        f'{{"@type": "Product", "sku": "1", "name": "{title}"}}</script></head></html>'
    )
    path.write_bytes(text.encode(charset))
    (product,) = read(path)
    assert isinstance(product, Product)
    assert product.title == title


@pytest.mark.parametrize(
    "scrap", ["<!--", "<a ", '<a b="', "<script>", "<script type='", "</script", "<![CDATA["]
)
def test_a_hostile_page_takes_linear_time(tmp_path: Path, scrap: str) -> None:
    path = tmp_path / "p.html"
    path.write_text("<!doctype html>" + scrap * (4_000_000 // len(scrap)))
    started = time.process_time()
    assert list(read(path)) == []
    assert time.process_time() - started < 15


def test_what_is_too_large_or_too_deep_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MAX_PAGE", 1000)
    monkeypatch.setattr(document, "MAX_DOCUMENT", 1000)
    for name, text in (("p.html", "<html>" + "x" * 2000), ("d.jsonld", '{\n"@graph": "' + "x" * 2000)):
        (tmp_path / name).write_text(text)
        with pytest.raises(DataError, match=f"{name} is .* of more than 0 MB"):
            list(read(tmp_path / name))
    monkeypatch.undo()
    deep = tmp_path / "deep.jsonld"
    deep.write_text('{\n"@type": "Product", "sku": "1", "name": ' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(DataError, match="nested too deep"):
        list(read(deep))
    deep.write_text('{"@type": "Product", "sku": "1", "name": ' + "[" * 900 + "]" * 900 + "}")
    reading = read(deep)
    assert len(list(reading)) + reading.report().rejected == 1


def test_broken_json_names_the_place(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonld"
    path.write_text('{\n "@context": "https://schema.org",\n "@type": Product\n}')
    with pytest.raises(DataError, match="line 3, column 11: broken JSON"):
        list(read(path))


_OUTER = """
    @id @type @context sku name description brand category image url offers gtin size weight color itemOffered
    additionalProperty aggregateRating isVariantOf hasVariant isRelatedTo breadcrumb inLanguage itemCondition
    mainEntityOfPage
"""
_INNER = """
    @id @type @value @language name value offers price hasVariant isVariantOf item itemListElement position
    unitCode isRelatedTo sku url
"""
OUTER, INNER = _OUTER.split(), _INNER.split()

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from([SHOP, "12,5 kg"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(INNER),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
properties = st.sampled_from(OUTER)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    nodes=st.lists(st.dictionaries(properties, values, max_size=8), max_size=3),
    kinds=st.sampled_from(["Product", "ProductGroup", "BreadcrumbList", ["Product", "Car"]]),
    kind=st.sampled_from(["products", "facts"]),
)
def test_whatever_a_document_says_it_is_a_record_or_a_rejection(
    tmp_path: Path, nodes: list[dict[str, Any]], kinds: object, kind: Any
) -> None:
    path = tmp_path / "c.jsonld"
    graph = [{"@type": "Product", "sku": "1"}, *({"@type": kinds} | node for node in nodes)]
    path.write_text(json.dumps({"@graph": graph}, indent=1))
    reading = read(path, kind=kind, feed="schema_org")
    count = len(list(reading))
    report = reading.report()
    assert count + report.rejected == report.read


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damage_gives_a_clear_error_and_no_traceback(tmp_path: Path, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([PAGE, GRAPH]))
    content = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / source.name
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    reading = read(path, feed="schema_org")
    message = source.name
    count = -1
    try:
        count = len(list(reading))
    except DataError as error:
        message = str(error)
    assert source.name in message
    report = reading.report()
    assert count in (-1, report.read - report.rejected)
