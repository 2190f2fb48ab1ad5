"""How a narrower and a wider type of one product are weighed."""

from __future__ import annotations

import numpy as np
import pytest

from kg.derive.deciding import CLASSIFIER, Decision, _told, with_known
from kg.derive.evidence import ATTRIBUTE, DESCRIPTION, TITLE, Evidence
from kg.derive.phrases import Phrases

COMPUTER, NOTEBOOK_COMPUTER = 0, 1


@pytest.fixture
def phrases() -> Phrases:
    word, parent = np.array([7, 3], dtype=np.int32), np.array([-1, COMPUTER], dtype=np.int32)
    return Phrases.of(word, parent, np.ones(2, dtype=np.bool_), 10)


def told(phrases: Phrases, field: int, said: tuple[float, float]) -> list[float]:
    """What speaks for 'computer' and for 'notebook computer'; the second was read in `field`."""
    evidence = Evidence(
        row=np.array([0, 0]),
        node=np.array([COMPUTER, NOTEBOOK_COMPUTER]),
        score=np.zeros(2),
        field=np.array([ATTRIBUTE, field], dtype=np.uint8),
    )
    found: list[float] = _told(phrases, evidence, np.array(said)).tolist()
    return found


def test_features_of_the_wider_type_are_no_reason_to_leave_a_title_at_that(phrases: Phrases) -> None:
    wide, narrow = told(phrases, TITLE, (-0.2, -1.9))
    assert narrow == wide
    wide, narrow = told(phrases, TITLE, (-1.9, -0.2))
    assert narrow > wide


def test_a_description_may_speak_of_others(phrases: Phrases) -> None:
    wide, narrow = told(phrases, DESCRIPTION, (-0.2, -1.9))
    assert narrow < wide


def test_features_that_speak_against_it_are_heard(phrases: Phrases) -> None:
    wide, narrow = told(phrases, TITLE, (-0.2, -7.0))
    assert narrow < wide
    assert narrow > told(phrases, DESCRIPTION, (-0.2, -7.0))[1]


def test_only_what_has_no_type_is_what_a_known_name_in_its_title_says() -> None:
    camcorder, battery, tablet, edge = range(4)
    decision = Decision(
        node=np.array([-1, battery, -1, -1, -1]),
        confidence=np.array([0.2, 0.9, 0.1, 0.1, 0.1]),
        source=np.array([CLASSIFIER, TITLE, CLASSIFIER, CLASSIFIER, CLASSIFIER], dtype=np.uint8),
    )
    evidence = Evidence(
        row=np.array([0, 1, 2, 2, 3, 4]),
        node=np.array([camcorder, camcorder, edge, tablet, camcorder, edge]),
        score=np.array([-1.6, -1.6, -0.5, -1.3, -1.0, -1.0]),
        field=np.array([TITLE, TITLE, TITLE, ATTRIBUTE, DESCRIPTION, TITLE], dtype=np.uint8),
    )
    found = with_known(decision, evidence, np.array([True, True, True, False]))
    # a camcorder's battery stays one, a description may speak of others, and 'edge' is no known name
    assert found.node.tolist() == [camcorder, battery, tablet, -1, -1]
    assert found.source.tolist() == [TITLE, TITLE, ATTRIBUTE, CLASSIFIER, CLASSIFIER]
    assert found.confidence.tolist() == [0.4, 0.9, 0.4, 0.1, 0.1]
