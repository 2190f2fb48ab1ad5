"""Everything at once: text, pictures, PyKEEN, GNN and fusion, on a shop as small as it goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kg.errors import DataError
from recommend.recommender import Recommender
from tests.recommend.shops import TEXTS
from tests.recommend.test_saving import LIGHT, elsewhere

SPACES = ("fused", "gnn", "image", "kge", "text")


def test_every_space_is_there_with_its_neighbours(full: Recommender) -> None:
    assert tuple(sorted(full.fitted.indexes)) == SPACES
    names = {one.name for one in full.fitted.links}
    assert {f"{space}_neighbours" for space in SPACES} <= names
    queries = {channel.name for _, channel in full.fitted.query_channels}
    assert {"text_similarity", "image_similarity", "fused_similarity", "lexical", "entities"} <= queries


def test_neighbours_are_the_nearest_and_say_how_near(full: Recommender) -> None:
    for space, vectors in full.fitted.made.vectors.items():
        (links,) = (one for one in full.fitted.links if one.name == f"{space}_neighbours")
        cosine = vectors.unit() @ vectors.unit().T
        np.fill_diagonal(cosine, -1)
        for row in range(0, len(vectors), 7):
            values = links.matrix[[row]].toarray()[0]
            found = np.argsort(-values, kind="stable")[: np.count_nonzero(values)][:10]
            expected = np.sort(cosine[row])[::-1][: len(found)]
            np.testing.assert_allclose(cosine[row, found], expected, atol=1e-5)
            for target in found.tolist():
                value = float(values[target])
                (path,) = links.trace.paths(full.graph, full.fitted.behaviour, row, target, value)
                assert path.edges[0].support == pytest.approx(cosine[row, target], abs=1e-4)


def test_fusion_covers_products_without_a_picture(full: Recommender) -> None:
    vectors = full.fitted.made.vectors
    assert not vectors["image"].present.all()
    assert vectors["fused"].present[full.graph.products.listed].all()


def test_broken_and_missing_pictures_are_told(full: Recommender) -> None:
    told = full.card["pictures"]
    assert told["encoded"] == 12 * 4 - 2
    assert told["problems"] == 2
    assert {name for name in ("sofa-0.png", "desk-0.png") if name in " ".join(told["examples"])} == {
        "sofa-0.png",
        "desk-0.png",
    }
    stages = {
        "types",
        "graph",
        "text",
        "image",
        "kge",
        "gnn",
        "fusion",
        "index",
        "names",
        "weights",
        "best",
        "search",
    }
    assert set(full.card["stages"]) == stages
    assert all(seconds >= 0 for seconds in full.card["stages"].values())
    assert {"fusion", "validation"} <= set(full.card)


@pytest.mark.parametrize("product", ["teapot-1", "sofa-3", "umbrella-0", "light-bulb-2"])
def test_a_picture_finds_its_product_first(full: Recommender, pictures: Path, product: str) -> None:
    results = full.search(image=pictures / f"{product}.png", k=3)
    assert results.ids[0] == product
    assert set(results[0].signals) <= {"image_similarity", "fused_similarity"}
    for hit in results:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)


def test_a_picture_and_words_together(full: Recommender, pictures: Path) -> None:
    results = full.search("blade for onions", image=pictures / "teapot-1.png", k=20)
    assert {"text_similarity", "image_similarity", "fused_similarity"} <= {
        n for h in results for n in h.signals
    }
    kinds = [product.rsplit("-", 1)[0] for product in results.ids]
    assert set(kinds[:5]) == {"chef's-knife"}, "what words and their meaning agree on comes first"
    assert "teapot" in kinds[5:8], "then what the picture shows"


def test_a_picture_that_is_none_is_a_clear_error(full: Recommender, pictures: Path) -> None:
    for name in ("sofa-0.png", "desk-0.png"):
        with pytest.raises(DataError, match=name if name == "desk-0.png" else "no picture"):
            full.search(image=pictures / name)


def test_scores_add_up_with_every_channel(full: Recommender) -> None:
    for results in (
        full.similar("teapot-1", k=60),
        full.recommend("u1", k=60),
        full.recommend("nobody", k=60),
        full.search("a light for reading", user="u1", k=60),
    ):
        assert results
        for hit in results:
            assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
            found = full.explain(results.query, hit.product.id, paths=1_000)
            priors = sum(v for name, v in found.signals.items() if name.endswith("popularity"))
            assert sum(p.contribution for p in found.paths) + priors == pytest.approx(hit.score, rel=1e-5)


def test_a_stranger_gets_what_is_popular(full: Recommender) -> None:
    results = full.recommend("nobody", k=5)
    assert len(results) == 5
    assert all(set(hit.signals) == {"popularity"} for hit in results)


def test_a_new_process_gives_the_same_answers(full: Recommender, pictures: Path, tmp_path: Path) -> None:
    full.save(tmp_path / "model")
    picture = str(pictures / "teapot-1.png")
    code = f"""
found = [[(h.product.id, h.score.hex()) for h in results]
         for results in (r.recommend("u1"), r.similar("teapot-1"))]
loaded = [name for name in {LIGHT!r} if name in sys.modules]
found += [[(h.product.id, h.score.hex()) for h in results]
          for results in (*map(r.search, {TEXTS!r}), r.search(image={picture!r}))]
print(json.dumps([found, loaded]))"""
    found, loaded = elsewhere(tmp_path / "model", code)
    assert loaded == []
    here = (
        full.recommend("u1"),
        full.similar("teapot-1"),
        *map(full.search, TEXTS),
        full.search(image=picture),
    )
    assert found == [[[h.product.id, h.score.hex()] for h in results] for results in here]
