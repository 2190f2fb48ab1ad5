"""Relations between products as they are stored, along the arrow and against it: also viewed, compatible
with …"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from recommend.channels.base import FitContext, Links, item_channel, scale_of
from recommend.channels.meaning import defaults_of
from recommend.channels.traces import StoredTrace
from recommend.earlier import Earlier
from recommend.sparse import keep_best, only_rows, without_diagonal


@item_channel("stored_relations")
def fit(context: FitContext) -> Iterator[Links]:
    for edge_type, relation in sorted(context.graph.relations.items()):
        if edge_type.head != "product" or edge_type.tail != "product":
            continue
        for forward in (True, False):
            name = edge_type.name if forward else f"{edge_type.name}_back"
            trace = StoredTrace(edge_type=edge_type, forward=forward)
            kept = context.carried(trace, name, partial(Earlier.same, edge_type=edge_type))
            if kept is not None:
                yield kept
                continue
            source = only_rows((relation.matrix if forward else relation.backward).copy(), context.rows)
            matrix = keep_best(without_diagonal(source), context.settings.links)
            if matrix.nnz:
                yield Links(
                    name=name,
                    matrix=matrix,
                    trace=trace,
                    scale=scale_of(matrix),
                    defaults=defaults_of(edge_type.name),
                )
