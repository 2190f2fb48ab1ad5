"""The shops and the fitted recommenders that the tests of this room share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from kg.graph import Graph
from recommend.recommender import Recommender
from recommend.results import Results
from recommend.settings import Settings
from tests.recommend.asking import ALL, ENTRANCES, Ask, entrances
from tests.recommend.shops import FEW_QUERIES, KINDS, PLAIN, by_hand, of_words, planted


@pytest.fixture(scope="session")
def hand_graph() -> Graph:
    return by_hand()


@pytest.fixture(scope="session")
def hand(hand_graph: Graph) -> Recommender:
    """The shop by hand: too few users to learn from, so the default weights hold."""
    return Recommender.fit(hand_graph, settings=PLAIN)


@pytest.fixture(scope="session")
def planted_graph() -> Graph:
    return planted()


@pytest.fixture(scope="session")
def shop(planted_graph: Graph) -> Recommender:
    """The planted shop, with learned weights."""
    return Recommender.fit(planted_graph, settings=PLAIN)


@pytest.fixture(scope="session")
def reader() -> Recommender:
    """Sixty products with the packaged text encoder."""
    settings = Settings(image=False, kge=False, gnn=False, fusion=None, threads=1, search_queries=FEW_QUERIES)
    return Recommender.fit(of_words(), settings=settings)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawing for most products of the shop of words: one damaged, one missing."""
    folder = tmp_path_factory.mktemp("pictures")
    for number, kind in enumerate(KINDS):
        for variant in range(4):
            rng = np.random.default_rng([number, variant])
            red, green, blue = (int(v) for v in rng.integers(256, size=3))
            picture = Image.new("RGB", (96, 96), (255, 255, 255))
            pen = ImageDraw.Draw(picture)
            box = (10 + variant * 4, 8, 80, 60 + number * 2)
            match number % 3:
                case 0:
                    pen.ellipse(box, fill=(red, green, blue))
                case 1:
                    pen.rectangle(box, fill=(red, green, blue))
                case _:
                    pen.pieslice(box, 0, 300, fill=(red, green, blue))
            for x in range(0, 96, 4 + number):
                pen.line((x, 0, 95 - x, 95), fill=(blue, red, green))
            picture.save(folder / f"{kind.replace(' ', '-')}-{variant}.png")
    (folder / "sofa-0.png").write_bytes(b"this is no picture")
    (folder / "desk-0.png").unlink()
    return folder


@pytest.fixture(scope="session")
def full(pictures: Path) -> Recommender:
    """Every stage of the profile 'full', as small as it goes."""
    settings = Settings(
        kge_dim=16, kge_epochs=2, gnn_dim=16, fusion_dim=32, threads=1, search_queries=FEW_QUERIES
    )
    return Recommender.fit(of_words(pictures), settings=settings)


@pytest.fixture(params=ENTRANCES)
def ask(request: pytest.FixtureRequest, shop: Recommender) -> Ask:
    """One way to ask the planted shop."""
    return entrances(shop, "u003", "p010", "kind3 oak brand2")[request.param]


@pytest.fixture(params=[(which, name) for which in ("planted", "by hand") for name in ENTRANCES])
def everything(
    request: pytest.FixtureRequest, shop: Recommender, hand: Recommender
) -> tuple[Recommender, Results]:
    """All that one way to ask gives, in either shop."""
    which, name = request.param
    if which == "planted":
        return shop, entrances(shop, "u003", "p010", "kind3 oak brand2")[name](k=ALL)
    return hand, entrances(hand, "u1", "lamp1", "black table lamp E14")[name](k=ALL)
