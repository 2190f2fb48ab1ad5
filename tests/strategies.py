"""Hypothesis strategies for records: everything that may enter a store, the strange included."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from kg.records import (
    INTERACTION_KINDS,
    NODE_KINDS,
    AttributeValue,
    Fact,
    Interaction,
    NodeKind,
    Product,
    Quantity,
)

# Half characters (lone surrogates) are not text; readers never let them in.
TRICKY = st.sampled_from(
    [
        "😀",  # above U+FFFF: sorts after U+E000 by code points, before it by UTF-16 units
        "\ue000",
        "\uffff",
        "中文",
        "e\u0301",
        "é",
        "a\x00b",
        " ",
        "''; DROP TABLE product; --",
        '"} MATCH (n) DETACH DELETE n //',
        "`) DETACH DELETE n //",
        "\\",
        "\\u0041",
        "$id",
        "{id}",
        "null",
        "a > b",
        "colour=black",
    ]
)
texts = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), TRICKY)
ids = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
    TRICKY,
    st.sampled_from("abcAB"),
    st.builds(lambda c, n: c * n, st.sampled_from(["x", "é", "😀"]), st.integers(1_000, 1_900)),
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
values: st.SearchStrategy[AttributeValue] = st.one_of(
    st.booleans(),
    numbers,
    texts,
    st.builds(Quantity, number=numbers, unit=texts),
    st.text("x", min_size=70, max_size=400),
)
attributes = st.dictionaries(texts, st.one_of(values, st.lists(values, max_size=3).map(tuple)), max_size=4)
prices = st.one_of(
    st.none(),
    st.decimals(0, 1_000_000, places=2),
    st.sampled_from(
        [Decimal("10"), Decimal("10.0"), Decimal("10.00"), Decimal("1E+3"), Decimal("0.1234567890123456789")]
    ),
)


def products(product_ids: st.SearchStrategy[str] = ids) -> st.SearchStrategy[Product]:
    return st.builds(
        Product,
        id=product_ids,
        title=texts,
        description=texts,
        brand=texts,
        category=st.lists(texts, max_size=3).map(tuple),
        labels=st.lists(texts, max_size=2).map(tuple),
        attributes=attributes,
        price=prices,
        currency=st.sampled_from(["", "EUR"]),
        image=texts,
        url=texts,
        gtin=texts,
        availability=texts,
        language=st.sampled_from(["", "en", "zh"]),
        collections=st.lists(texts, max_size=2).map(tuple),
    )


def interactions(
    product_ids: st.SearchStrategy[str] = ids, user_ids: st.SearchStrategy[str] = ids
) -> st.SearchStrategy[Interaction]:
    return st.builds(
        Interaction,
        user=user_ids,
        product=product_ids,
        kind=st.sampled_from(INTERACTION_KINDS),
        time=st.one_of(st.none(), st.integers(-2, 3).map(float), st.floats(0, 2e9)),
        position=st.one_of(st.none(), st.integers(-2, 2**40)),
        value=st.floats(-10, 10, width=32),
        query=texts,
        rank=st.one_of(st.none(), st.integers(1, 2**40)),
        order=texts,
    )


relations = st.sampled_from(["compatible_with", "made_by", "subcategory_of", "purchased", "found", "a1_"])
kinds: st.SearchStrategy[NodeKind] = st.sampled_from(NODE_KINDS)


def facts(node_ids: st.SearchStrategy[str] = ids) -> st.SearchStrategy[Fact]:
    return st.builds(
        Fact,
        head=node_ids,
        relation=relations,
        tail=node_ids,
        weight=st.floats(0, 10, width=32),
        source=texts,
        head_kind=kinds,
        tail_kind=kinds,
    )


few_ids = st.sampled_from(["p1", "p2", "p3", "😀", "\uffff"])
few_users = st.sampled_from(["u1", "u2"])
stated = st.one_of(
    st.builds(
        Fact,
        head=few_ids,
        relation=st.sampled_from(["compatible_with", "viewed"]),
        tail=few_ids,
        source=texts,
    ),
    st.builds(
        Fact,
        head=few_users,
        relation=st.sampled_from(["viewed", "likes"]),
        tail=few_ids,
        head_kind=st.just("user"),
    ),
    st.builds(Fact, head=few_ids, relation=st.just("made_by"), tail=texts, tail_kind=st.just("brand")),
    st.builds(
        Fact,
        head=texts,
        relation=st.just("subcategory_of"),
        tail=texts,
        head_kind=st.just("category"),
        tail_kind=st.just("category"),
    ),
)
records = st.lists(st.one_of(products(few_ids), interactions(few_ids, few_users), stated), max_size=12)
"""A small catalog with its log and its facts, in which the same few ids meet again and again."""
