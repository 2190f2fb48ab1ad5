"""What was derived and learnt, as named arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from kg.arrays import Arrays
from kg.derive.classifier import Classifier
from kg.derive.deciding import Decider
from kg.derive.edges import Alias, Edges
from kg.derive.features import Features
from kg.derive.inventory import Inventory
from kg.derive.phrases import Phrases
from kg.derive.reader import ProductReader
from kg.derive.series import SeriesNames
from kg.derive.several_kinds import Wider
from kg.derive.telling import TellingKinds
from kg.derive.vocabulary import Vocabulary
from kg.graph import EdgeType
from kg.texts import Texts

_UNIT = "\x1f"
_WORD_COLUMNS = ("lemma", "noun", "name", "quality", "unit", "abbreviated", "count")


def edges_arrays(edges: Mapping[EdgeType, Edges]) -> Arrays:
    arrays: Arrays = {}
    for edge_type, some in edges.items():
        prefix = f"edges.{edge_type.head}.{edge_type.name}.{edge_type.tail}"
        arrays[f"{prefix}.heads"] = some.heads.astype(np.int32)
        arrays[f"{prefix}.tails"] = some.tails.astype(np.int32)
        arrays[f"{prefix}.weight"] = some.weight
        arrays[f"{prefix}.source"] = some.source
    return arrays


def edges_from(arrays: Arrays) -> dict[EdgeType, Edges]:
    edges: dict[EdgeType, Edges] = {}
    for name in sorted(arrays):
        if name.startswith("edges.") and name.endswith(".heads"):
            _, head, relation, tail, _ = name.split(".")
            prefix = name.removesuffix(".heads")
            edges[EdgeType(head, relation, tail)] = Edges(  # type: ignore[arg-type]
                heads=arrays[name].astype(np.int64),
                tails=arrays[f"{prefix}.tails"].astype(np.int64),
                weight=arrays[f"{prefix}.weight"].astype(np.float32, copy=False),
                source=arrays[f"{prefix}.source"].astype(np.uint8, copy=False),
            )
    return dict(sorted(edges.items()))


def aliases_arrays(aliases: Sequence[Alias]) -> Arrays:
    return {
        **Texts.of(alias.phrase for alias in aliases).arrays("aliases.phrase"),
        **Texts.of(alias.kind for alias in aliases).arrays("aliases.kind"),
        **Texts.of(alias.id for alias in aliases).arrays("aliases.id"),
        "aliases.weight": np.array([alias.weight for alias in aliases], dtype=np.float64),
    }


def aliases_from(arrays: Arrays) -> tuple[Alias, ...]:
    phrases, kinds, ids = (Texts.from_arrays(arrays, f"aliases.{name}") for name in ("phrase", "kind", "id"))
    weights = arrays["aliases.weight"].astype(np.float64).tolist()
    return tuple(
        Alias(phrase, kind, node, weight)  # type: ignore[arg-type]
        for phrase, kind, node, weight in zip(phrases, kinds, ids, weights, strict=True)
    )


def reader_arrays(reader: ProductReader) -> Arrays:
    keys = list(reader.series.ids)
    arrays: Arrays = {
        **Texts.of(_UNIT.join((brand, *words)) for brand, words in keys).arrays("series.key"),
        **Texts.of(reader.series.ids[key] for key in keys).arrays("series.id"),
    }
    if reader.inventory is not None:
        arrays |= _inventory_arrays(reader.inventory)
        arrays |= Texts.of(sorted(reader.accessories)).arrays("accessories")
        arrays |= Texts.of(sorted(reader.devices)).arrays("devices")
        arrays["names.node"] = np.array(list(reader.names), dtype=np.int64)
        arrays |= Texts.of(reader.names.values()).arrays("names.id")
        also = [(node, other, sure) for node, others in reader.also.items() for other, sure in others]
        for name, column in zip(("node", "wider", "weight"), zip(*also, strict=True), strict=False):
            arrays[f"also.{name}"] = np.array(column)
    return arrays


def reader_from(arrays: Arrays, brands: Mapping[str, str]) -> ProductReader:
    keys = (key.split(_UNIT) for key in Texts.from_arrays(arrays, "series.key"))
    ids = Texts.from_arrays(arrays, "series.id")
    series = SeriesNames(ids={(key[0], tuple(key[1:])): node for key, node in zip(keys, ids, strict=True)})
    reader = ProductReader(inventory=None, names={}, series=series, brands=brands)
    if "names.node" in arrays:
        nodes = arrays["names.node"].astype(np.int64).tolist()
        reader = replace(
            reader,
            inventory=_inventory_from(arrays),
            names=dict(zip(nodes, Texts.from_arrays(arrays, "names.id"), strict=True)),
            accessories=frozenset(Texts.from_arrays(arrays, "accessories")),
            devices=frozenset(Texts.from_arrays(arrays, "devices")),
            also=_also_from(arrays),
        )
    return reader


def _also_from(arrays: Arrays) -> Wider:
    found: dict[int, tuple[tuple[int, float], ...]] = {}
    if "also.node" in arrays:
        columns = (arrays[f"also.{name}"].tolist() for name in ("node", "wider", "weight"))
        for node, other, sure in zip(*columns, strict=True):
            found[node] = (*found.get(node, ()), (other, sure))
    return found


def _inventory_arrays(inventory: Inventory) -> Arrays:
    words, phrases, decider = inventory.vocabulary, inventory.phrases, inventory.decider
    seen = decider.classifier.seen
    return {
        **Texts.of(sorted(inventory.endings)).arrays("words.ending"),
        **Texts.of(words.words).arrays("words.word"),
        **{f"words.{name}": getattr(words, name) for name in _WORD_COLUMNS},
        "phrases.word": phrases.word,
        "phrases.parent": phrases.parent,
        "phrases.named": phrases.named,
        "phrases.quality": phrases.quality,
        "phrases.known": inventory.known,
        **Texts.of(inventory.features.names).arrays("features.name"),
        "features.idf": inventory.features.idf,
        "classes.node": decider.classes,
        "classes.noun": decider.nouns,
        "classes.of": decider.class_of,
        "classes.prior": decider.classifier.prior,
        "classes.seen.data": seen.data,
        "classes.seen.indices": seen.indices.astype(np.int32, copy=False),
        "classes.seen.indptr": seen.indptr.astype(np.int64, copy=False),
        **{f"telling.{name}": getattr(inventory.telling, name) for name in ("wide", "kind", "least")},
        "telling.seen.data": inventory.telling.seen.data,
        "telling.seen.indices": inventory.telling.seen.indices,
        "telling.seen.indptr": inventory.telling.seen.indptr,
    }


def _inventory_from(arrays: Arrays) -> Inventory:
    words = tuple(Texts.from_arrays(arrays, "words.word"))
    features = Features(
        names=tuple(Texts.from_arrays(arrays, "features.name")),
        idf=arrays["features.idf"].astype(np.float32, copy=False),
    )
    prior = arrays["classes.prior"].astype(np.float32, copy=False)
    data = arrays["classes.seen.data"].astype(np.float32, copy=False)
    seen = sp.csr_array(
        (
            data,
            arrays["classes.seen.indices"].astype(np.int32, copy=False),
            arrays["classes.seen.indptr"].astype(np.int64, copy=False),
        ),
        shape=(len(prior), len(features.names)),
    )
    phrases = Phrases.of(
        arrays["phrases.word"].astype(np.int32, copy=False),
        arrays["phrases.parent"].astype(np.int32, copy=False),
        arrays["phrases.named"].astype(np.bool_, copy=False),
        len(words),
    )
    return Inventory(
        endings=frozenset(Texts.from_arrays(arrays, "words.ending")),
        vocabulary=Vocabulary(words=words, **{name: arrays[f"words.{name}"] for name in _WORD_COLUMNS}),  # type: ignore[arg-type]
        phrases=replace(phrases, quality=arrays["phrases.quality"].astype(np.bool_, copy=False)),
        features=features,
        decider=Decider(
            classifier=Classifier(seen=seen, prior=prior),
            classes=arrays["classes.node"].astype(np.int64, copy=False),
            nouns=arrays["classes.noun"].astype(np.int64, copy=False),
            class_of=arrays["classes.of"].astype(np.int64, copy=False),
        ),
        telling=_telling_from(arrays, len(features.names)),
        known=arrays.get("phrases.known", np.zeros(len(phrases), dtype=np.bool_)).astype(
            np.bool_, copy=False
        ),
    )


def _telling_from(arrays: Arrays, columns: int) -> TellingKinds:
    if "telling.kind" not in arrays:  # saved before there was such a thing
        return TellingKinds.nothing(columns)
    kind = arrays["telling.kind"].astype(np.int64, copy=False)
    return TellingKinds(
        wide=arrays["telling.wide"].astype(np.int64, copy=False),
        kind=kind,
        least=arrays["telling.least"].astype(np.float32, copy=False),
        seen=sp.csr_array(
            (
                arrays["telling.seen.data"].astype(np.float32, copy=False),
                arrays["telling.seen.indices"],
                arrays["telling.seen.indptr"],
            ),
            shape=(len(kind), columns),
        ),
    )
