"""One moment for everybody: what came before is known, what came after is tested."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.errors import SettingsError
from kg.graph import FOUND, PURCHASED, RATED, USER_RELATIONS, EdgeType, Graph
from kg.split import HoldOut

CLOCK = 1e8
"""Times above this are moments (it is 1973 in seconds), below it positions in a sequence."""


def moment_of(graph: Graph, *, share: float) -> float:
    """The moment after which `share` of the purchases (of all interactions, if there are none) happened."""
    times = np.sort(np.concatenate([moments for _, moments in _clocked(graph).values()]))
    return float(times[int(len(times) * (1 - share))])


def parse_moment(text: str) -> float:
    """Seconds since 1970 of '2024-05-01' or '2024-05-01T12:00' (UTC, unless it says otherwise)."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{text!r} is no date; write it as 2024-05-01 or 2024-05-01T12:00") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def said(moment: float) -> str:
    """A moment for people."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"


def split_at(graph: Graph, moment: float) -> HoldOut:
    """Everything that anybody did from `moment` on is gone; hidden are the purchases (or what there is) of
    products that the user did not have by then. What has no time stays in the training part.

    Links between queries and products go as a whole: they have no times. Raises SettingsError if there are no
    times, or nothing on one side.
    """
    chosen = _clocked(graph)
    shape = (len(graph.nodes["user"]), graph.product_count)
    times = {one: graph.relations[one].time for one in _user_relations(graph)}
    masks = {one: np.asarray(time >= moment) for one, time in times.items() if time is not None}
    left = graph.without(edges=masks, relations=(FOUND,))
    after: list[npt.NDArray[np.int64]] = []
    before: list[npt.NDArray[np.int64]] = []
    for edge_type, (pairs, moments) in chosen.items():
        after.append(pairs[moments >= moment])
        relation = left.relations[edge_type]
        before.append(relation.heads.astype(np.int64) * shape[1] + relation.tails)
    keys = np.setdiff1d(np.concatenate(after), np.concatenate(before))
    if not len(keys) or not any(len(one) for one in before):
        raise SettingsError(
            f"nothing lies {'after' if not len(keys) else 'before'} {said(moment)}; choose a moment inside "
            f"the log, which goes from {said(min(m.min() for _, m in chosen.values()))} "
            f"to {said(max(m.max() for _, m in chosen.values()))}"
        )
    hidden = sp.csr_array(
        (np.ones(len(keys), dtype=np.bool_), (keys // shape[1], keys % shape[1])), shape=shape
    )
    return HoldOut(graph=left, hidden=hidden)


def last_share(graph: Graph, share: float) -> HoldOut | None:
    """The split after whose moment `share` of the purchases happened; None where there is no such moment."""
    try:
        return split_at(graph, moment_of(graph, share=share))
    except SettingsError:
        return None


def _clocked(graph: Graph) -> dict[EdgeType, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """(user · products + product int64 [m], moment float64 [m]) of what has a real time: purchases and
    ratings, or whatever there is."""
    found = {t: graph.relations[t] for t in _user_relations(graph)}
    serious = {t: relation for t, relation in found.items() if t.name in (PURCHASED, RATED)}
    result = {}
    for edge_type, relation in (serious or found).items():
        if relation.time is None:
            continue
        known = relation.time > CLOCK  # not NaN, and no position
        pairs = relation.heads.astype(np.int64) * graph.product_count + relation.tails
        if known.any():
            result[edge_type] = (pairs[known], relation.time[known])
    if not result:
        raise SettingsError(
            "the interactions of this shop have no times, so they cannot be split by time; load them with "
            "times, or use --holdout"
        )
    return result


def _user_relations(graph: Graph) -> list[EdgeType]:
    wanted = [EdgeType("user", name, "product") for name in USER_RELATIONS.values()]
    return [one for one in wanted if one in graph.relations]
