import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tombola.specs import ConvergeSpec
from tombola.training.converge import Judge, improvements

ANCHOR = [0.900, 0.905, 0.908, 0.920, 0.925, 0.929, 0.9295]
"""Of reference explainability.md, section 3.2."""

LOSS = ConvergeSpec(rule="absolute", metric="val_loss", delta=0.1, patience=2)


def test_the_published_rule_improves_at_its_anchor() -> None:
    assert improvements(ANCHOR, ConvergeSpec(rule="relative")) == [0, 3, 6]


def test_the_absolute_rule_begins_with_the_weights_training_starts_from() -> None:
    rule = ConvergeSpec(rule="absolute", delta=0.004)
    assert improvements(ANCHOR, rule) == [0, 1, 3, 4, 6]
    assert improvements(ANCHOR, rule, initial=0.91) == [3, 4, 6]
    # the published one does not look at them
    assert improvements(ANCHOR, ConvergeSpec(rule="relative"), initial=0.99) == [0, 3, 6]


def test_a_loss_must_fall() -> None:
    assert improvements([2.0, 1.95, 1.8, 1.75, math.nan, 1.5], LOSS) == [0, 2, 5]
    assert improvements([2.0, 1.0], LOSS, initial=2.05) == [1]
    relative = ConvergeSpec(rule="relative", metric="val_loss")
    assert improvements([1.0, 0.995, 0.98], relative) == [0, 2]


def test_an_improvement_by_exactly_delta_is_none() -> None:
    assert improvements([0.5, 0.75], ConvergeSpec(rule="absolute", delta=0.25)) == [0]
    assert improvements([0.0, 0.0], ConvergeSpec(rule="relative")) == []


def test_patience_counts_epochs_since_the_last_improvement() -> None:
    judge = Judge(ConvergeSpec(rule="absolute", patience=2))
    ended = []
    for value in (0.5, 0.4, 0.6, 0.6, 0.6):
        judge.improves(value)
        ended.append(judge.converged)
    assert ended == [False, False, False, False, True]
    assert (judge.best_epoch, judge.epochs, judge.best) == (2, 5, 0.6)


def test_without_any_improvement_patience_is_used_up_from_the_start() -> None:
    judge = Judge(ConvergeSpec(rule="absolute", patience=3), initial=0.9)
    assert [judge.improves(0.5) for _ in range(3)] == [False] * 3
    assert judge.converged
    assert judge.best_epoch is None


def test_a_minimum_of_epochs_is_trained() -> None:
    judge = Judge(ConvergeSpec(rule="absolute", patience=1, minimum=4))
    ends = []
    for value in (0.5, 0.4, 0.4, 0.4):
        judge.improves(value)
        ends.append(judge.converged)
    assert ends == [False, False, False, True]


def test_the_published_rule_is_saturated_from_9901_on() -> None:
    # section 3.2: from .9901 on nothing can improve, so training length says nothing
    for accuracy, saturated in ((0.9900, False), (0.9901, True), (1.0, True)):
        judge = Judge(ConvergeSpec(rule="relative"))
        judge.improves(accuracy)
        assert judge.saturated == saturated
    judge = Judge(ConvergeSpec(rule="absolute"))
    judge.improves(0.9999)
    assert not judge.saturated


@given(
    st.lists(st.floats(0, 1) | st.just(math.nan), max_size=30),
    st.sampled_from(["absolute", "relative"]),
    st.sampled_from(["val_accuracy", "val_loss"]),
    st.floats(0, 0.2),
)
def test_best_values_are_monotone_and_beaten_by_no_epoch(
    values: list[float], rule: str, metric: str, delta: float
) -> None:
    spec = ConvergeSpec.model_validate({"rule": rule, "metric": metric, "delta": delta})
    chosen = [values[epoch] for epoch in improvements(values, spec)]
    sign = -1 if metric == "val_loss" else 1
    assert all(sign * later > sign * earlier for earlier, later in pairwise(chosen))
    if delta == 0 and chosen:
        assert chosen[-1] * sign == max(sign * value for value in values if not math.isnan(value))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_never_improves_a_loss(value: float) -> None:
    assert improvements([value], LOSS) == []
