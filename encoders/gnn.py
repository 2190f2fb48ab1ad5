"""A relation-aware graph network: a product's vector from its neighbours and its content.

Nothing in a product's vector belongs to that product alone, so one that comes later gets its vector from
the same forward pass, without training (`extend`). See encoders.gnn_network for the network.

Training predicts what the network does not see (encoders.gnn_folds). Above all, which users want products
that nobody has met yet: in each step a quarter of the products have neither anchor nor users, as new ones
have not, and the one that a user took is told from the others by the mean cosine with what else the user
took (after DropoutNet, Volkovs et al. 2017). That is how the vectors are used afterwards. Known products of
users, and the stated edges of every relation in both directions, are predicted beside. The loss is cross
entropy against a shared uniform sample.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from encoders.base import Matrix, Progress
from encoders.gnn_inference import State, forward, project
from encoders.gnn_output import Output
from encoders.link_prediction import HeldOut, LinkMetrics, Numbers, hold_out, link_metrics
from kg.arrays import Arrays, load_arrays, save_arrays
from kg.errors import SettingsError, UnknownProductError, VersionError
from kg.graph import EdgeType, Graph
from kg.records import NODE_KINDS, NodeKind
from kg.texts import Vocabulary
from kg.vectors import Vectors

ANCHORED: tuple[NodeKind, ...] = (
    "product",
    "brand",
    "category",
    "attribute",
    "collection",
    "type",
    "series",
)
"""Kinds whose known nodes have an anchor. Users and queries come and go: they are what they touched."""

_ARRAYS, _SETTINGS = "gnn.safetensors", "gnn.json"
_FEWEST_TO_VALIDATE = 20


class GNNEncoder:
    """Vectors of products from their neighbourhood and content; see the module.

    layers          how many hops a vector looks far
    bases           number of shared matrices behind those of the relations
    steps           training steps; None chooses by the size of the graph (`default_steps`), so that the
                    result does not depend on the clock
    budget_seconds  ends training after the last step that fits; then the result depends on the clock
    validation      at most this many edges (and 5 %) are kept for `metrics`

    Safe to interrupt: a `fit` that did not finish leaves what was fitted before. Seeded training repeats
    exactly on one thread.
    """

    def __init__(
        self,
        *,
        dim: int = 64,
        layers: int = 2,
        bases: int = 4,
        steps: int | None = None,
        budget_seconds: float | None = None,
        batch: int = 8192,
        negatives: int = 1024,
        learning_rate: float = 0.02,
        validation: int = 2000,
        progress: Progress | None = None,
    ) -> None:
        if (
            min(dim, layers, bases, batch, negatives) < 1
            or (steps is not None and steps < 1)
            or validation < 0
        ):
            raise SettingsError(
                f"dim={dim}, layers={layers}, bases={bases}, steps={steps}, batch={batch} and "
                f"negatives={negatives} must be at least 1, validation={validation} at least 0"
            )
        if learning_rate <= 0 or (budget_seconds is not None and budget_seconds <= 0):
            raise SettingsError(
                f"learning_rate={learning_rate} and budget_seconds={budget_seconds} must be greater than 0"
            )
        self.dim = dim
        self.metrics: LinkMetrics | None = None
        """Of the validation edges, after `fit`; None if the graph is too small to keep any."""
        self._shape = {"dim": dim, "layers": layers, "bases": bases}
        self._steps, self._budget = steps, budget_seconds
        self._batch, self._negatives, self._rate = batch, negatives, learning_rate
        self._validation, self._progress = validation, progress
        self._fitted: _Fitted | None = None
        self._out: Output | None = None

    def fit(self, graph: Graph, *, features: Mapping[str, Vectors] | None = None, seed: int = 0) -> None:
        """Train. `features` are content vectors by modality; products they do not have are no trouble.

        A graph without edges is no error: then no product has a vector.
        """
        import torch

        from encoders.gnn_network import Network, adjacencies
        from encoders.gnn_training import Schedule, Trainer, make_inputs

        features = {name: v for name, v in (features or {}).items() if v.present.any()}
        held = hold_out(graph, most=self._validation, seed=seed)
        if len(held) < _FEWEST_TO_VALIDATE:
            held = HeldOut(train=graph, edges={})
        types = tuple(t for t in sorted(held.train.relations) if len(held.train.relations[t]))
        if not types:
            self._fitted, self.metrics = None, None
            self._out = Output.nothing(graph, self.dim)
            return
        anchored = {kind: graph.nodes[kind] for kind in ANCHORED}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = Network(
                **self._shape,
                kinds=len(NODE_KINDS),
                relations=len(types),
                anchors=sum(len(v) for v in anchored.values()),
                features={name: v.dim for name, v in features.items()},
            )
        inputs = make_inputs(graph, types, anchored, features)
        schedule = Schedule(
            steps=self._steps or default_steps(graph),
            batch=self._batch,
            negatives=self._negatives,
            learning_rate=self._rate,
            budget_seconds=self._budget,
        )
        metrics: LinkMetrics | None = None
        trainer = Trainer(network, held.train, types, inputs, schedule=schedule, seed=seed)
        trainer.run(self._progress)
        del trainer
        network.eval()
        if len(held):
            with torch.inference_mode():
                nodes = network(adjacencies(held.train, types), inputs).numpy().copy()
            metrics = link_metrics(Output.of(held.train, types, nodes, network.arrays()), held)
        with torch.inference_mode():
            content = network.content(inputs.features)
            nodes = network(adjacencies(graph, types), inputs).numpy().copy()
        self._fitted = _Fitted(
            state=network.arrays(),
            types=types,
            anchored=anchored,
            sizes={name: v.dim for name, v in features.items()},
            content=None if content is None else content.numpy().copy(),
        )
        self._out = Output.of(graph, types, nodes, self._fitted.state, content=self._fitted.content)
        self.metrics = metrics

    def vectors(self) -> Vectors:
        """Unit vectors of all products of the fitted graph, in its order."""
        return self._need().vectors

    def extend(
        self, graph: Graph, ids: Sequence[str], *, features: Mapping[str, Vectors] | None = None
    ) -> Vectors:
        """Vectors of products of a newer graph, from its edges and their content.

        `features` need to cover only what is new or changed: the content of trained products is
        remembered. A product with neither edges (of trained relations) nor content is absent.
        """
        numbers = graph.nodes["product"].numbers(ids)
        if (numbers < 0).any():
            raise UnknownProductError(ids[int(np.flatnonzero(numbers < 0)[0])])
        self._need()
        fitted = self._fitted
        if fitted is None:  # fitted on a graph without edges
            return Output.nothing(graph, self.dim).rows(ids, numbers)
        features = features or {}
        unknown = sorted(set(features) - set(fitted.sizes))
        wrong = sorted(n for n, v in features.items() if n in fitted.sizes and v.dim != fitted.sizes[n])
        if unknown or wrong:
            raise SettingsError(
                f"features {unknown + wrong} are not those of the fit ({dict(fitted.sizes)}); "
                "give vectors of the same names and dimensions"
            )
        content = np.zeros((graph.product_count, self.dim), dtype=np.float32)
        if fitted.content is not None:
            old = fitted.anchored["product"].numbers(graph.nodes["product"])
            content[old >= 0] = fitted.content[old[old >= 0]]
        projected, covered = project(fitted.state, graph, features, self.dim)
        content[covered] = projected[covered]
        nodes = forward(fitted.state, graph, fitted.types, fitted.anchored, content)
        return Output.of(graph, fitted.types, nodes, fitted.state, content=content).rows(ids, numbers)

    @property
    def features(self) -> tuple[str, ...]:
        """The modalities whose content it was trained with."""
        return () if self._fitted is None else tuple(sorted(self._fitted.sizes))

    def tail_scores(self, edge_type: EdgeType, heads: Numbers) -> Matrix:
        """float32 [len(heads), nodes of the tail's kind]: how likely each node is as the tail."""
        return self._need().tail_scores(edge_type, heads)

    def save(self, path: Path) -> None:
        """Write two files into the folder `path`."""
        out, fitted = self._need(), self._fitted
        arrays: Arrays = {f"out.{name}": array for name, array in out.arrays().items()}
        if fitted is not None:
            arrays |= {f"network.{name}": array for name, array in fitted.state.items()}
            for kind, vocabulary in fitted.anchored.items():
                arrays.update(vocabulary.texts.arrays(f"ids.{kind}"))
            if fitted.content is not None:
                arrays["content"] = fitted.content
        save_arrays(path / _ARRAYS, arrays)
        settings = {
            "shape": self._shape,
            "types": [list(t) for t in out.types],
            "sizes": None if fitted is None else dict(fitted.sizes),
            "starts": dict(out.starts),
            "counts": dict(out.counts),
            "metrics": None if self.metrics is None else asdict(self.metrics),
        }
        (path / _SETTINGS).write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> GNNEncoder:
        """Read what `save` wrote; VersionError if it is missing or damaged."""
        arrays = load_arrays(path / _ARRAYS)
        try:
            settings = json.loads((path / _SETTINGS).read_text(encoding="utf-8"))
            encoder = cls(**settings["shape"])
            types = tuple(EdgeType(*t) for t in settings["types"])
            encoder._out = Output.from_arrays(
                {n.removeprefix("out."): a for n, a in arrays.items() if n.startswith("out.")},
                types,
                settings["starts"],
                settings["counts"],
            )
            encoder.metrics = LinkMetrics(**settings["metrics"]) if settings["metrics"] else None
            if settings["sizes"] is not None:
                encoder._fitted = _restore(arrays, types, settings["sizes"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise VersionError(
                f"{path / _SETTINGS} cannot be read: {error!r}; build the shop again"
            ) from error
        return encoder

    def _need(self) -> Output:
        if self._out is None:
            raise SettingsError(
                "this GNNEncoder has no vectors yet; call fit(graph) first or load a saved one"
            )
        return self._out


def default_steps(graph: Graph) -> int:
    """Steps of training, such that the time is about the same for graphs of any size: 60 to 100."""
    work = graph.edge_count + 2 * graph.node_count
    return int(np.clip(40_000_000 // max(1, work), 60, 100))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Fitted:
    """What `extend` needs."""

    state: State
    types: tuple[EdgeType, ...]
    anchored: Mapping[NodeKind, Vocabulary]
    sizes: Mapping[str, int]  # numbers per feature vector
    content: Matrix | None  # float32 [products, dim]: projected features


def _restore(arrays: Arrays, types: tuple[EdgeType, ...], sizes: Mapping[str, int]) -> _Fitted:
    content = arrays.get("content")
    prefix = "network."
    state: dict[str, Matrix] = {}
    for name, array in arrays.items():
        if name.startswith(prefix):
            state[name.removeprefix(prefix)] = array.astype(np.float32, copy=False)
    return _Fitted(
        state=state,
        types=types,
        anchored={kind: Vocabulary.from_arrays(arrays, f"ids.{kind}") for kind in ANCHORED},
        sizes=sizes,
        content=None if content is None else content.astype(np.float32, copy=False),
    )
