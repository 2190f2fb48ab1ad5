"""A model as it was saved (see `recommend.saving` for its files)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from fusion.loading import load_fusion
from kg.arrays import Arrays, load_arrays
from kg.derive import Derived
from kg.errors import VersionError
from kg.graph import Graph
from kg.shop import Shop
from kg.versions import verify
from recommend.behaviour import Behaviour
from recommend.boosted import TasteRanker
from recommend.channels import Links, Prior
from recommend.channels.base import Way
from recommend.channels.queries import LoadContext, load_query_channel
from recommend.channels.traces import load_trace
from recommend.fitting import Fitted
from recommend.index.vector_index import SpaceIndex
from recommend.later import Later
from recommend.query_encoders import EncoderKeys
from recommend.rank.memory import Memory
from recommend.search_lessons import popularity_of
from recommend.settings import Settings
from recommend.shopfront.suggesting import Suggester
from recommend.sparse import csr
from recommend.training.ranker import Ranker
from recommend.understand.intent import IntentModel
from recommend.understand.reader import Reader
from recommend.vector_stages import Made

MODEL = "model.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """A model as it was saved."""

    fitted: Fitted
    settings: Settings
    seed: int
    folder: Path
    revision: str


def version_folder(path: Path) -> Path:
    """The folder of the version that a shop serves; a path that is no shop is that of a version itself."""
    return Shop.open(path).built.current().path if Shop.exists(path) else path


def open_fitted(path: Path) -> Opened:
    """Open a version's folder, or the serving version of a shop."""
    while True:
        folder = version_folder(path)
        try:
            return _verified(folder)
        except VersionError:
            if version_folder(path) == folder:
                raise
            # another version serves by now, and this one may have been pruned while it was read


def _verified(folder: Path) -> Opened:
    if not folder.is_dir():
        raise VersionError(f"{folder} is neither a shop nor a saved model; check the path")
    manifest = verify(folder)
    try:
        return _open(folder, manifest)
    except OSError as error:
        raise VersionError(f"{folder} cannot be read ({error}); roll back or build the shop again") from error
    except (KeyError, TypeError, ValueError) as error:
        raise VersionError(
            f"{folder} is whole, but was saved by another Shelfgraph than this one "
            f"({type(error).__name__}: {error}); build the shop again"
        ) from error


def _open(folder: Path, manifest: Mapping[str, Any]) -> Opened:
    model = json.loads((folder / MODEL).read_text(encoding="utf-8"))
    settings = Settings(**manifest["settings"]["settings"])
    stated = Graph.from_arrays(load_arrays(folder / "graph.safetensors"))
    derived = Derived.from_arrays(load_arrays(folder / "derived.safetensors"), stated)
    graph = derived.added_to(stated)
    n = graph.product_count
    behaviour = Behaviour.of(graph)
    links = tuple(_open_links(folder, plain, n) for plain in model["links"])
    values = load_arrays(folder / "priors.safetensors") if model["priors"] else {}
    priors = tuple(
        Prior(name=p["name"], values=values[p["name"]].astype(np.float32, copy=False), defaults=p["defaults"])
        for p in model["priors"]
    )
    indexes = {space: SpaceIndex.load(folder / "index", space) for space in model["spaces"]}
    context = LoadContext(graph=graph, indexes=indexes)
    query_channels = tuple(
        (
            plain["kind"],
            load_query_channel(
                plain["kind"],
                plain["plain"],
                load_arrays(folder / "query" / f"{plain['name']}.safetensors") if plain["arrays"] else {},
                context,
            ),
        )
        for plain in model["query_channels"]
    )
    keys = EncoderKeys(**model["keys"])
    fitted = Fitted(
        stated=stated,
        derived=derived,
        graph=graph,
        reader=Reader.from_arrays(load_arrays(folder / "reader.safetensors"), graph),
        intent=IntentModel.from_arrays(load_arrays(folder / "intent.safetensors"))
        if model["intent"]
        else None,
        suggester=Suggester.later(graph, folder / "suggest.safetensors"),
        ranker=Ranker.load(folder / "best", graph, popularity=popularity_of(priors))
        if model["best"]
        else None,
        taste_ranker=TasteRanker.load(folder / "best_taste", graph, behaviour, links, priors)
        if model["best_taste"]
        else None,
        behaviour=behaviour,
        links=links,
        priors=priors,
        query_channels=query_channels,
        indexes=indexes,
        weights=model["weights"],
        made=Made(
            keys=keys,
            # now, not at the first query: the version may be pruned while it is open
            fusion=load_fusion(folder / "fusion") if model["fusion"] else None,
        ),
        notes=Later(partial(_open_notes, folder)),
        card=dict(manifest["card"]),
    )
    return Opened(
        fitted=fitted,
        settings=settings,
        seed=int(manifest["settings"]["seed"]),
        folder=folder,
        revision=manifest["settings"].get("revision", ""),
    )


def _open_notes(folder: Path) -> dict[str, Arrays]:
    return {path.stem: load_arrays(path) for path in sorted((folder / "notes").glob("*.safetensors"))}


def _open_links(folder: Path, plain: Mapping[str, Any], n: int) -> Links:
    arrays = load_arrays(folder / "links" / f"{plain['name']}.safetensors")
    return Links(
        name=plain["name"],
        matrix=_matrix(arrays, n),
        trace=load_trace(plain["trace"], arrays),
        memory=Memory(**plain["memory"]),
        scale=plain["scale"],
        defaults=plain["defaults"],
        way=None if plain.get("way") is None else Way(**plain["way"]),
    )


def _matrix(arrays: Arrays, n: int) -> sp.csr_array:
    return csr(arrays["data"], arrays["indices"], arrays["indptr"], (n, n))
