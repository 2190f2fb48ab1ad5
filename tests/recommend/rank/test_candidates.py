"""The candidates that weights are learned from, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from kg.records import Interaction, Product
from kg.snapshot import assemble
from kg.split import HoldOut, hold_out
from recommend.behaviour import Behaviour
from recommend.channels.base import FitContext, Links, Prior, fit_links, fit_priors
from recommend.rank.candidates import Candidates, candidates
from recommend.rank.memory import remembered
from tests.recommend.shops import PLAIN, planted

MOST = 15


@pytest.fixture(scope="module")
def split() -> HoldOut:
    return hold_out(planted(60, 40), share=0.25, seed=0)


@pytest.fixture(scope="module")
def made(split: HoldOut) -> tuple[Candidates, list[Links], list[Prior], Behaviour]:
    behaviour = Behaviour.of(split.graph)
    context = FitContext(
        graph=split.graph, behaviour=behaviour, vectors={}, indexes={}, settings=PLAIN, seed=0
    )
    links = [one for one in fit_links(context) if "history" in one.defaults]
    priors = list(fit_priors(context))
    given = candidates(
        links, priors, behaviour, split.hidden, split.users, listed=split.graph.products.listed, most=MOST
    )
    return given, links, priors, behaviour


def test_features_are_what_each_channel_adds(
    made: tuple[Candidates, list[Links], list[Prior], Behaviour],
) -> None:
    given, links, priors, behaviour = made
    assert given.names == (*(one.name for one in links), *(one.name for one in priors))
    for row, user in enumerate(given.users.tolist()):
        history = behaviour.history(user)
        products = given.products[row][given.valid[row]]
        for c, one in enumerate(links):
            said = remembered(history, one.memory) @ one.matrix[history.products].toarray() * one.scale
            np.testing.assert_allclose(
                given.features[row, : len(products), c], said[products], rtol=1e-4, atol=1e-6
            )
        np.testing.assert_array_equal(given.features[row, : len(products), -1], priors[0].values[products])


def test_candidates_are_listed_new_to_the_user_and_no_more_than_asked(
    made: tuple[Candidates, list[Links], list[Prior], Behaviour], split: HoldOut
) -> None:
    given, _, _, behaviour = made
    assert given.valid.sum(axis=1).max() <= MOST
    for row, user in enumerate(given.users.tolist()):
        products = given.products[row][given.valid[row]]
        assert len(np.unique(products)) == len(products)
        assert not np.isin(products, behaviour.history(user).products).any()
        assert split.graph.products.listed[products].all()


def test_users_of_whom_nothing_can_be_found_are_counted(
    made: tuple[Candidates, list[Links], list[Prior], Behaviour], split: HoldOut
) -> None:
    given, _, _, _ = made
    assert len(given.users) + given.lost == len(split.users)
    assert given.relevant.any(axis=1).all()
    for row, user in enumerate(given.users.tolist()):
        hidden = split.hidden.indices[split.hidden.indptr[user] : split.hidden.indptr[user + 1]]
        assert given.wanted[row] == len(hidden)
        found = given.products[row][given.relevant[row]]
        assert set(found.tolist()) == set(hidden.tolist()) & set(
            given.products[row][given.valid[row]].tolist()
        )


def test_what_was_only_looked_at_may_be_wanted() -> None:
    log = [
        *(Interaction(user=user, product=product) for user in ("u", "v") for product in "abc"),
        Interaction(user="w", product="a"),
        Interaction(user="w", product="b", kind="view"),
    ]
    context = FitContext.plain(assemble([Product(id=i) for i in "abc"], [], log), PLAIN, seed=0)
    links = [one for one in fit_links(context) if one.name == "co_purchase"]
    hidden = sp.csr_array(([True], ([2], [1])), shape=(3, 3))
    given = candidates(links, (), context.behaviour, hidden, np.array([2]), listed=np.ones(3, dtype=np.bool_))
    assert sorted(given.products[0][given.valid[0]].tolist()) == [1, 2]
