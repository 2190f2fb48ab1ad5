"""Knowledge graph embeddings: a vector per node such that the edges of the graph can be told from it.

The models are PyKEEN's (Ali et al. 2021, arXiv:2007.14175): TransE, RotatE, ComplEx, TuckER, DistMult.
The training loop is ours (encoders.kge_training). In all five, an edge into a node is scored by comparing
the node's vector with one *query* made from the other end and the relation: q(h, r) . t, or -|q(h, r) - t|.
So a single matrix product compares a batch of queries with nodes of the right kind, where PyKEEN would
score triple by triple. The loss is cross entropy against a uniform sample of these nodes. Every relation is
trained in both directions; the inverse has its own operator.

The same queries place a product that comes later: each of its edges to a known node says where it
should be (`extend`). Once trained, everything here is NumPy.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from encoders.base import Matrix, Progress
from encoders.kge_placing import SAMPLE, Combination, Embedding, fit_combination, sums_of_queries
from encoders.link_prediction import HeldOut, LinkMetrics, Numbers, hold_out, link_metrics
from kg.arrays import load_arrays, save_arrays
from kg.errors import SettingsError, UnknownProductError, VersionError
from kg.graph import EdgeType, Graph
from kg.records import NODE_KINDS, NodeKind
from kg.texts import Vocabulary
from kg.vectors import Vectors

KGEModel: TypeAlias = Literal["transe", "rotate", "complex", "tucker", "distmult"]

_ARRAYS, _SETTINGS = "kge.safetensors", "kge.json"
_EDGES_SEEN = 4_500_000
"""Default number of edges trained on in all: about 90 s of one core, whatever the size of the graph."""
_FEWEST_TO_VALIDATE = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class _Fitted:
    """What training leaves behind; `placed` (bool [nodes]) says which nodes have a vector."""

    ids: Mapping[NodeKind, Vocabulary]
    embedding: Embedding
    placed: npt.NDArray[np.bool_]
    combination: Combination


class KGEEncoder:
    """Vectors of products from their place in the graph. The default is TransE: the fastest and, on Amazon
    Beauty, also the best of the five at link prediction.

    dim             numbers per vector; for rotate and complex it is even (dim / 2 complex numbers)
    relations       names of the relations to learn from; None means all, purchases included
    epochs          None chooses by the number of edges (at most 4.5 million edges seen), so that the
                    result does not depend on the clock
    budget_seconds  ends training after the epoch that would be the last to fit; then the result
                    depends on the clock
    validation      at most this many edges (and 5 %) are kept for early stopping and `metrics`
    cache           PyKEEN's own folder; None gives it one that is deleted with the process

    Edges between the nodes of a validation edge are not trained on either. Safe to interrupt: a `fit` that
    did not finish leaves what was fitted before. Seeded training repeats exactly on one thread.
    """

    def __init__(
        self,
        model: KGEModel = "transe",
        *,
        dim: int = 64,
        relations: Collection[str] | None = None,
        epochs: int | None = None,
        budget_seconds: float | None = None,
        negatives: int = 256,
        learning_rate: float = 0.01,
        validation: int = 2000,
        patience: int = 3,
        cache: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        if model not in get_args(KGEModel):
            raise SettingsError(f"model={model!r} must be one of {', '.join(get_args(KGEModel))}")
        if dim < 2 or (model in ("rotate", "complex") and dim % 2):
            raise SettingsError(f"dim={dim} must be at least 2, and even for rotate and complex")
        if (epochs is not None and epochs < 1) or negatives < 1 or patience < 1 or validation < 0:
            raise SettingsError(
                f"epochs={epochs}, negatives={negatives} and patience={patience} must be at least 1, "
                f"validation={validation} at least 0"
            )
        if learning_rate <= 0 or (budget_seconds is not None and budget_seconds <= 0):
            raise SettingsError(
                f"learning_rate={learning_rate} and budget_seconds={budget_seconds} must be greater than 0"
            )
        self.model: KGEModel = model
        self.dim = dim
        self.relations = None if relations is None else frozenset(relations)
        self.metrics: LinkMetrics | None = None
        """Of the validation edges, after `fit`; None if the graph is too small to keep any."""
        self.epoch = 0
        """The epoch whose vectors were kept."""
        self._epochs, self._budget = epochs, budget_seconds
        self._negatives, self._rate = negatives, learning_rate
        self._validation, self._patience = validation, patience
        self._cache, self._progress = cache, progress
        self._fitted: _Fitted | None = None

    def fit(self, graph: Graph, *, features: Mapping[str, Vectors] | None = None, seed: int = 0) -> None:
        """Train. `features` are not used: these models know nothing but edges.

        A graph without edges is no error: then no product has a vector.
        """
        del features
        if self.relations is not None:
            graph = graph.without(relations={t.name for t in graph.relations} - self.relations)
        held = hold_out(graph, most=self._validation, seed=seed)
        if len(held) < _FEWEST_TO_VALIDATE:
            held = HeldOut(train=graph, edges={})
        if not graph.edge_count:
            self._fitted, self.metrics, self.epoch = self._nothing(graph), None, 0
            return
        fitted, epoch = self._train(held, seed)
        # a product may have only edges that were held out: they still say where it is
        late = np.flatnonzero(~fitted.placed[: graph.product_count])  # products come first
        vectors, known = self._implied(fitted, graph, late)
        fitted.embedding.nodes[late[known]] = vectors[known]
        fitted.placed[late[known]] = True
        self._fitted, self.epoch = fitted, epoch
        self.metrics = link_metrics(self, held) if len(held) else None

    def vectors(self) -> Vectors:
        """Vectors of all products of the fitted graph, in its order."""
        fitted = self._need()
        rows = slice(0, len(fitted.ids["product"]))  # products come first
        present = fitted.placed[rows].copy()
        matrix = np.where(present[:, None], fitted.embedding.nodes[rows], np.float32(0))
        return Vectors(ids=tuple(fitted.ids["product"]), matrix=matrix, present=present)

    def extend(self, graph: Graph, ids: Sequence[str]) -> Vectors:
        """Vectors of products of a newer graph.

        A product that was trained keeps its vector. Another one goes where its edges to known nodes
        imply: for TransE and RotatE the mean of their queries, each relation weighted by how precisely it
        places the trained products; for the others a combination of the mean queries per relation, by
        least squares on the trained products. Without such an edge it is absent.
        """
        fitted = self._need()
        numbers = graph.nodes["product"].numbers(ids)
        if (numbers < 0).any():
            raise UnknownProductError(ids[int(np.flatnonzero(numbers < 0)[0])])
        matrix, present = self._implied(fitted, graph, numbers)
        old = fitted.ids["product"].numbers(ids)
        kept = (old >= 0) & _taken(fitted.placed, old)
        matrix[kept] = fitted.embedding.nodes[old[kept]]
        return Vectors(ids=tuple(ids), matrix=matrix, present=present | kept)

    def tail_scores(self, edge_type: EdgeType, heads: Numbers) -> Matrix:
        """float32 [len(heads), nodes of the tail's kind]: how likely each node is as the tail."""
        return self._need().embedding.tail_scores(edge_type, heads)

    def save(self, path: Path) -> None:
        """Write two files into the folder `path`."""
        fitted = self._need()
        arrays = {
            "nodes": fitted.embedding.nodes,
            "operators": fitted.embedding.operators,
            "placed": fitted.placed,
            "combination": fitted.combination.weights,
        }
        for kind, vocabulary in fitted.ids.items():
            arrays.update(vocabulary.texts.arrays(f"ids.{kind}"))
        save_arrays(path / _ARRAYS, arrays)
        settings = {
            "model": self.model,
            "dim": self.dim,
            "relations": None if self.relations is None else sorted(self.relations),
            "epoch": self.epoch,
            "types": [list(t) for t in fitted.embedding.types],
            "norm": fitted.combination.norm,
            "metrics": None if self.metrics is None else asdict(self.metrics),
        }
        (path / _SETTINGS).write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> KGEEncoder:
        """Read what `save` wrote; VersionError if it is missing or damaged."""
        arrays = load_arrays(path / _ARRAYS)
        try:
            settings = json.loads((path / _SETTINGS).read_text(encoding="utf-8"))
            encoder = cls(settings["model"], dim=settings["dim"], relations=settings["relations"])
            ids = {kind: Vocabulary.from_arrays(arrays, f"ids.{kind}") for kind in NODE_KINDS}
            embedding = _embedding(
                encoder.model,
                ids,
                tuple(EdgeType(*t) for t in settings["types"]),
                arrays["nodes"].astype(np.float32, copy=False),
                arrays["operators"].astype(np.float32, copy=False),
            )
            weights = arrays["combination"].astype(np.float32, copy=False)
            encoder._fitted = _Fitted(
                ids=ids,
                embedding=embedding,
                placed=arrays["placed"].astype(np.bool_, copy=False),
                combination=Combination(weights=weights, norm=settings["norm"]),
            )
            encoder.epoch = settings["epoch"]
            encoder.metrics = LinkMetrics(**settings["metrics"]) if settings["metrics"] else None
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise VersionError(
                f"{path / _SETTINGS} cannot be read: {error!r}; build the shop again"
            ) from error
        return encoder

    def _need(self) -> _Fitted:
        if self._fitted is None:
            raise SettingsError(
                "this KGEEncoder has no vectors yet; call fit(graph) first or load a saved one"
            )
        return self._fitted

    def _train(self, held: HeldOut, seed: int) -> tuple[_Fitted, int]:
        from encoders.kge_training import Schedule, Trainer  # loads torch; Trainer loads PyKEEN

        graph = held.train
        edges = max(1, graph.edge_count)
        schedule = Schedule(
            epochs=self._epochs or int(np.clip(_EDGES_SEEN // edges, 2, 100)),
            batch=int(np.clip(2 ** round(np.log2(edges / 32)), 128, 1024)),
            negatives=self._negatives,
            learning_rate=self._rate,
            penalty=0.002 if self.model in ("complex", "distmult") else 0.0,
            patience=self._patience if edges > 50_000 else 4 * self._patience,
            budget_seconds=self._budget,
        )
        trainer = Trainer(self.model, graph, dim=self.dim, seed=seed, schedule=schedule, cache=self._cache)
        types = tuple(sorted(graph.relations))

        def now() -> Embedding:
            return _embedding(self.model, graph.nodes, types, trainer.nodes(), trainer.operators())

        validate = (lambda: link_metrics(now(), held).mrr) if len(held) else None
        epoch = trainer.run(validate, self._progress)
        embedding = now()
        placed = np.zeros(graph.node_count, dtype=np.bool_)
        for edge_type, relation in graph.relations.items():
            placed[relation.heads + graph.offsets[edge_type.head]] = True
            placed[relation.tails + graph.offsets[edge_type.tail]] = True
        combination = fit_combination(embedding, graph, placed, seed=seed)
        fitted = _Fitted(ids=graph.nodes, embedding=embedding, placed=placed, combination=combination)
        return fitted, epoch

    def _implied(
        self, fitted: _Fitted, graph: Graph, products: Numbers
    ) -> tuple[Matrix, npt.NDArray[np.bool_]]:
        """(float32 [n, dim], bool [n]): where edges to placed nodes put some products of a graph."""
        embedding = fitted.embedding

        def known(kind: NodeKind, numbers: Numbers) -> Numbers:
            rows = fitted.ids[kind].numbers(graph.nodes[kind].texts.take(numbers))
            there = (rows >= 0) & _taken(fitted.placed, rows + embedding.offsets[kind])
            return np.where(there, rows + embedding.offsets[kind], -1)

        matrix = np.zeros((len(products), self.dim), dtype=np.float32)
        present = np.zeros(len(products), dtype=np.bool_)
        for start in range(0, len(products), SAMPLE):
            part = slice(start, start + SAMPLE)
            sums, counts = sums_of_queries(embedding, graph, products[part], known)
            matrix[part] = fitted.combination.apply(embedding, sums, counts)
            present[part] = (counts > 0).any(axis=0)
        return matrix, present

    def _nothing(self, graph: Graph) -> _Fitted:
        nodes = np.zeros((graph.node_count, self.dim), dtype=np.float32)
        return _Fitted(
            ids=graph.nodes,
            embedding=_embedding(self.model, graph.nodes, (), nodes, nodes[:0]),
            placed=np.zeros(graph.node_count, dtype=np.bool_),
            combination=Combination(weights=np.zeros(0, dtype=np.float32), norm=1.0),
        )


def _embedding(
    model: str,
    ids: Mapping[NodeKind, Vocabulary],
    types: tuple[EdgeType, ...],
    nodes: Matrix,
    operators: Matrix,
) -> Embedding:
    counts = {kind: len(ids[kind]) for kind in NODE_KINDS}
    starts = np.cumsum([0, *counts.values()]).tolist()
    offsets = dict(zip(NODE_KINDS, starts[:-1], strict=True))
    return Embedding(
        model=model, types=types, offsets=offsets, counts=counts, nodes=nodes, operators=operators
    )


def _taken(mask: npt.NDArray[np.bool_], rows: Numbers) -> npt.NDArray[np.bool_]:
    """mask[rows], False for rows that are out of range."""
    inside = (rows >= 0) & (rows < len(mask))
    result = np.zeros(len(rows), dtype=np.bool_)
    result[inside] = mask[rows[inside]]
    return result
