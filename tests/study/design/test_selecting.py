"""Section 7.1: a seeded walk, the first images per class that the rule accepts, and why others were not taken."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.data.split import permutation
from tombola.errors import TombolaError
from tombola.streams import stream_seed
from tombola.study.design.rules import default_rule, rules
from tombola.study.design.selection import DEGENERATE, FULL, Looked, Selected, walk
from tombola.study.trial import TASKS

LABELS = [n % 3 for n in range(120)]
NAMES = ("fish", "dog", "church")


def says(place: int) -> Looked:
    """Two models: the second is wrong about every fourth image, both about every eighth."""
    label = LABELS[place]
    first = (label + 1) % 3 if place % 8 == 0 else label
    second = (label + 1) % 3 if place % 4 == 0 else label
    return Looked((first, second), (0.95, (0.3, 0.7, 0.99)[place % 3]))


def chosen(rule: str, m: int, spare: int = 0, seed: int = 0, usable: object = None, chunk: int = 16) -> Selected:
    return walk(
        LABELS,
        NAMES,
        rules[rule],
        m,
        spare,
        seed,
        lambda places: [says(place) for place in places],
        usable or (lambda place: True),  # type: ignore[arg-type]
        rule_name=rule,
        chunk=chunk,
    )


@given(st.integers(1, 8), st.integers(0, 4), st.integers(0, 50), st.integers(1, 130))
@settings(max_examples=40, deadline=None)
def test_first_images_of_the_walk_that_all_models_have_right(m: int, spare: int, seed: int, chunk: int) -> None:
    found = chosen("all-correct", m, spare, seed, chunk=chunk)
    order = permutation(120, stream_seed(seed, "study/walk")).tolist()
    right = [place for place in order if place % 4]
    expected = [p for p in right if sum(LABELS[q] == LABELS[p] for q in right[: right.index(p)]) < m]
    assert found.main == expected
    assert len(found.spare) == spare
    assert not set(found.spare) & set(found.main)
    assert len(found.main) + len(found.spare) + sum(found.rejected.values()) == found.walked <= 120


def test_the_walk_does_not_depend_on_how_many_images_are_looked_at_at_once() -> None:
    assert chosen("all-correct", 5, 2, chunk=7) == chosen("all-correct", 5, 2, chunk=64)


def test_reasons_are_counted() -> None:
    found = chosen("all-correct", 30)
    seen = permutation(120, stream_seed(0, "study/walk")).tolist()[: found.walked]
    assert found.rejected["wrong by 2 of 2 models"] == sum(place % 8 == 0 for place in seen) > 10
    assert found.rejected["wrong by 1 of 2 models"] == sum(place % 8 == 4 for place in seen) > 10
    assert FULL not in found.rejected
    assert chosen("all-correct", 2).rejected[FULL] > 0


def test_degenerate_maps_are_passed_over_and_counted() -> None:
    found = chosen("all-correct", 4, usable=lambda place: place % 2 == 1)
    assert all(place % 2 for place in found.main)
    assert found.rejected[DEGENERATE] > 0


def test_half_wrong_takes_as_many_of_each_per_class() -> None:
    found = chosen("half-wrong", 4, 3)
    wrong = [place for place in found.main if place % 8 == 0]
    assert Counter(LABELS[place] for place in wrong) == {0: 2, 1: 2, 2: 2}
    assert Counter(LABELS[place] for place in found.main) == {0: 4, 1: 4, 2: 4}
    assert all(place % 4 for place in found.spare), "checks need an answer that is plainly right"
    assert found.rejected["right by some models, wrong by others"] > 0


def test_stratified_takes_all_steps_of_confidence() -> None:
    labels = [0] * 90
    found = walk(
        labels,
        ("fish",),
        rules["stratified"],
        6,
        0,
        0,
        lambda places: [Looked((0,), ((0.3, 0.7, 0.99)[place % 3],)) for place in places],
        lambda place: True,
    )
    assert Counter(place % 3 for place in found.main) == {0: 2, 1: 2, 2: 2}


def test_other_rules_keep_what_they_say() -> None:
    assert all(place % 8 == 0 for place in chosen("all-wrong", 4).main)
    assert all(place % 8 in (0, 1, 2, 3, 5, 6, 7) for place in chosen("alike", 4).main)
    assert all(place % 8 == 0 for place in chosen("alike-wrong", 3).main)
    assert len(chosen("any", 40).main) == 120
    assert rules["alike-wrong"].judge((1, 2), (0.5, 0.5), 0).reason == "wrong in different ways"


def test_too_few_images_are_told_with_class_numbers_and_reasons() -> None:
    with pytest.raises(TombolaError, match=r"rule 'all-wrong' accepts 5 images|all-wrong accepts 5 images as 'wrong'"):
        chosen("all-wrong", 6)
    with pytest.raises(TombolaError, match="attention checks and practice need 1 images"):
        chosen("all-correct", 30, 1)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_rule_to_begin_with(task: str) -> None:
    assert default_rule(task) in rules  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(rules))
def test_every_rule_shares_out_all_images_and_judges_into_its_drawers(name: str) -> None:
    rule = rules[name]
    for m in range(7):
        assert sum(rule.quota(m).values()) == m
    for predicted in [(0, 0), (0, 1), (1, 1), (1, 2)]:
        verdict = rule.judge(predicted, (0.6, 0.9), 0)
        assert bool(verdict.reason) != bool(verdict.drawer)
        assert not verdict.drawer or verdict.drawer in rule.drawers
