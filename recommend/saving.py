"""A fitted model as files, and back.

graph.safetensors          the graph that explanations walk through
links/NAME.safetensors     each item channel;  merged/TASK-MEMORY.safetensors what serves
query/NAME.safetensors     each query channel
index/SPACE.faiss, .safetensors
fusion/, kge/, gnn/        the models, for queries and for products that come later
model.json                 names, weights, scales, keys
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from kg.arrays import Arrays, load_arrays, save_arrays
from kg.errors import VersionError
from kg.graph import Graph
from kg.shop import Shop
from kg.versions import verify
from recommend.behaviour import Behaviour
from recommend.channels import Links, Prior, Task
from recommend.channels.base import LoadContext, load_query_channel
from recommend.channels.traces import load_trace
from recommend.fitting import Fitted
from recommend.index.vector_index import SpaceIndex
from recommend.query_encoders import EncoderKeys, QueryEncoders
from recommend.rank.additive import Additive
from recommend.settings import Settings
from recommend.vector_stages import Made

if TYPE_CHECKING:
    from fusion.base import Fusion

_MODEL = "model.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """A model as it was saved."""

    fitted: Fitted
    encoders: QueryEncoders
    additive: Mapping[Task, Additive]
    settings: Settings
    seed: int


def save_fitted(folder: Path, fitted: Fitted, additive: Mapping[Task, Additive]) -> None:
    """Write all files of a model; the same model gives the same bytes."""
    save_arrays(folder / "graph.safetensors", fitted.graph.arrays())
    for one in fitted.links:
        save_arrays(folder / "links" / f"{one.name}.safetensors", {**_csr(one.matrix), **one.trace.arrays()})
    if fitted.priors:
        save_arrays(folder / "priors.safetensors", {one.name: one.values for one in fitted.priors})
    for task, made in additive.items():
        for memory, matrix in made.merged.items():
            save_arrays(folder / "merged" / f"{task}-{memory}.safetensors", _csr(matrix))
    for _, channel in fitted.query_channels:
        arrays = channel.arrays()
        if arrays:
            save_arrays(folder / "query" / f"{channel.name}.safetensors", arrays)
    for space, index in fitted.indexes.items():
        index.save(folder / "index", space)
    for name, model in fitted.made.models.items():
        model.save(folder / name)
    if fitted.made.fusion is not None:
        fitted.made.fusion.save(folder / "fusion")
    model = {
        "links": [
            {
                "name": one.name,
                "memory": one.memory,
                "scale": one.scale,
                "defaults": dict(one.defaults),
                "trace": one.trace.plain(),
            }
            for one in fitted.links
        ],
        "priors": [{"name": one.name, "defaults": dict(one.defaults)} for one in fitted.priors],
        "merged": {task: list(made.merged) for task, made in additive.items()},
        "query_channels": [
            {"kind": kind, "name": one.name, "plain": one.plain(), "arrays": bool(one.arrays())}
            for kind, one in fitted.query_channels
        ],
        "spaces": sorted(fitted.indexes),
        "weights": fitted.weights,
        "keys": asdict(fitted.made.keys),
        "fusion": None if fitted.made.fusion is None else type(fitted.made.fusion).__name__,
    }
    text = json.dumps(model, indent=1, sort_keys=True)
    (folder / _MODEL).write_text(text, encoding="utf-8")


def open_fitted(path: Path) -> Opened:
    """Open a version's folder, or the serving version of a shop."""
    folder = Shop.open(path).built.current().path if Shop.exists(path) else path
    if not folder.is_dir():
        raise VersionError(f"{folder} is neither a shop nor a saved model; check the path")
    manifest = verify(folder)
    try:
        return _open(folder, manifest)
    except (KeyError, TypeError, ValueError) as error:
        raise VersionError(
            f"{folder} is whole, but was saved by another Shelfgraph than this one "
            f"({type(error).__name__}: {error}); build the shop again"
        ) from error


def _open(folder: Path, manifest: Mapping[str, Any]) -> Opened:
    model = json.loads((folder / _MODEL).read_text(encoding="utf-8"))
    settings = Settings(**manifest["settings"]["settings"])
    graph = Graph.from_arrays(load_arrays(folder / "graph.safetensors"))
    n = graph.product_count
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
        graph=graph,
        behaviour=Behaviour.of(graph),
        links=links,
        priors=priors,
        query_channels=query_channels,
        indexes=indexes,
        weights=model["weights"],
        made=Made(keys=keys),
        card=dict(manifest["card"]),
    )
    encoders = QueryEncoders(
        keys=keys,
        text_model=settings.text_model,
        text_length=settings.text_length,
        image_model=settings.image_model,
        fusion=_fusion_loader(folder, model["fusion"]),
    )
    return Opened(
        fitted=fitted,
        encoders=encoders,
        additive=_open_additive(folder, model, links, priors, n),
        settings=settings,
        seed=int(manifest["settings"]["seed"]),
    )


def _open_links(folder: Path, plain: Mapping[str, Any], n: int) -> Links:
    arrays = load_arrays(folder / "links" / f"{plain['name']}.safetensors")
    return Links(
        name=plain["name"],
        matrix=_matrix(arrays, n),
        trace=load_trace(plain["trace"], arrays),
        memory=plain["memory"],
        scale=plain["scale"],
        defaults=plain["defaults"],
    )


def _open_additive(
    folder: Path, model: Mapping[str, Any], links: tuple[Links, ...], priors: tuple[Prior, ...], n: int
) -> dict[Task, Additive]:
    found: dict[Task, Additive] = {}
    for task, memories in model["merged"].items():
        merged = {m: _matrix(load_arrays(folder / "merged" / f"{task}-{m}.safetensors"), n) for m in memories}
        found[task] = Additive.with_merged(merged, links, priors, model["weights"][task], products=n)
    return found


def _fusion_loader(folder: Path, kind: str | None) -> Any:
    if kind is None:
        return None

    def load() -> Fusion:
        from fusion.gated import GatedFusion
        from fusion.weighted import WeightedFusion

        chosen = GatedFusion if kind == GatedFusion.__name__ else WeightedFusion
        return chosen.load(folder / "fusion")

    return load


def _csr(matrix: sp.csr_array) -> Arrays:
    return {
        "data": matrix.data.astype(np.float32, copy=False),
        "indices": matrix.indices.astype(np.int32, copy=False),
        "indptr": matrix.indptr.astype(np.int64, copy=False),
    }


def _matrix(arrays: Arrays, n: int) -> sp.csr_array:
    return sp.csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=(n, n))
