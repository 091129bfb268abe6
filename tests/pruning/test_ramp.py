"""Ramps: how many weights remain after every round."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tombola.errors import TombolaError
from tombola.pruning import LevelPlan, prune
from tombola.pruning.ramp import between, ramp_density, round_totals
from tombola.pruning.request import kept_at
from tombola.specs import PruneSpec


def totals(size, keep, **fields):
    spec = PruneSpec(procedure="at-init", allocation="global", **fields)
    return round_totals(size, spec, LevelPlan(1, None, keep))


def test_exponential_rounds_are_equal_shares_and_linear_ones_equal_counts():
    """Sparse-analysis reference, section 3.1."""
    assert totals(1000, 1, densities=(0.001,), rounds=3, rounding="nearest") == [[100, 10, 1]]
    assert totals(1000, 100, densities=(0.1,), rounds=3, ramp="linear") == [[700, 400, 100]]


def test_shots_go_through_the_rounds_to_lower_and_lower_densities():
    """Section 3.1: levels of (10^-c)^((l + 1) / L), each with a ramp of its own."""
    spec = {"densities": (0.01,), "rounds": 2, "shots": 2, "rounding": "nearest"}
    assert totals(10_000, 100, **spec) == [[3162, 1000], [1000, 100]]


@given(
    st.integers(1, 500),
    st.floats(0.001, 0.999),
    st.integers(1, 30),
    st.integers(1, 4),
    st.sampled_from(["exponential", "linear"]),
)
def test_rounds_fall_within_a_shot_and_end_where_the_level_does(size, density, rounds, shots, ramp):
    keep = kept_at(size, density, "ceil")
    found = totals(size, keep, densities=(density,), rounds=rounds, shots=shots, ramp=ramp)
    assert len(found) == shots
    assert found[-1][-1] == keep == min(min(each) for each in found)
    for shot in found:
        assert len(shot) == rounds
        assert all(before >= after for before, after in pairwise(shot))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=5), st.data())
def test_counts_on_the_way_lie_between(pairs, data):
    survivors = {f"l{i}": max(pair) for i, pair in enumerate(pairs)}
    final = {f"l{i}": min(pair) for i, pair in enumerate(pairs)}
    total = data.draw(st.integers(sum(final.values()), sum(survivors.values())))
    found = between(survivors, final, total)
    assert sum(found.values()) == total
    assert all(final[name] <= found[name] <= survivors[name] for name in found)


def test_an_unknown_ramp_is_refused(module):
    assert ramp_density(0.1, 4, 4, "linear") == 0.1
    with pytest.raises(TombolaError, match="ramp = 'cubic' is not one of exponential, linear"):
        prune(module, density=0.5, rounds=3, ramp="cubic")
