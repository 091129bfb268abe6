"""Sizes by formula: the anchors of the reference, and that sizes and powers are each other's inverse (12.1)."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.errors import TombolaError
from tombola.study.power import (
    Population,
    answers_to_collect,
    cost,
    detectable_share,
    power_of_share,
    trade_off,
    votes_for_difference,
    votes_for_share,
)
from tombola.study.power.population import vote_correlation

SHARES = st.floats(0.5, 0.97).filter(lambda share: share > 0.51)


@pytest.mark.parametrize(("power", "votes", "per_arm"), [(0.8, 194, 199), (0.9, 259, 266)])
def test_the_anchors_of_the_reference(power, votes, per_arm):
    assert votes_for_share(0.6, power) == votes_for_share(0.4, power) == votes
    assert votes_for_difference(0.9, 0.8, power) == votes_for_difference(0.8, 0.9, power) == per_arm


@settings(deadline=None)
@given(share=SHARES, power=st.sampled_from([0.5, 0.8, 0.9, 0.99]), alpha=st.sampled_from([0.01, 0.05, 0.1]))
def test_the_size_is_the_smallest_that_has_the_power(share, power, alpha):
    votes = votes_for_share(share, power, alpha)
    assert power_of_share(votes, share, alpha) >= power - 1e-6
    assert votes == 1 or power_of_share(votes - 1, share, alpha) < power
    assert detectable_share(votes, power, alpha) <= share + 1e-6


def test_answers_are_votes_times_design_effect_over_decisive():
    assert answers_to_collect(194) == 194
    assert answers_to_collect(194, 2.0, 0.34) == math.ceil(194 * 2 / 0.66)
    assert answers_to_collect(100, 1.1) == 110  # not 111, for 100 · 1.1 is above 110 by rounding alone


def test_too_few_votes_detect_nothing():
    assert math.isnan(detectable_share(0))
    assert math.isnan(detectable_share(2))
    assert 0.8 < detectable_share(12) < 1
    assert power_of_share(100, 0.5) == 0.05


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: votes_for_share(0.5), "that is not ½"),
        (lambda: votes_for_share(1.2), "between 0 and 1"),
        (lambda: votes_for_share(0.6, 0.01), "above alpha"),
        (lambda: votes_for_share(0.6, 0.8, 0.0), "alpha = 0.0"),
        (lambda: votes_for_difference(0.8, 0.8), "two different"),
        (lambda: answers_to_collect(10, 0.0), "above 0"),
        (lambda: answers_to_collect(10, 1.0, 1.0), "from 0 to below 1"),
        (lambda: Population(1.0), "share = 1.0"),
        (lambda: Population(worker_sd=-1), "worker_sd"),
        (lambda: cost(1, 1, wage=-1), "wage = -1"),
        (lambda: trade_off(Population(0.6), raters=(0,)), "raters = 0"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(call, says):
    with pytest.raises(TombolaError, match=says):
        call()


@pytest.mark.parametrize("latent", [0.1, 0.5, 0.9])
def test_correlation_of_votes_is_the_arcsine_law_at_one_half_and_smaller_elsewhere(latent):
    assert vote_correlation(0.5, latent) == pytest.approx(2 * math.asin(latent) / math.pi, abs=1e-9)
    assert 0 < vote_correlation(0.9, latent) < vote_correlation(0.5, latent)
    assert vote_correlation(0.7, 0.999999) == pytest.approx(1, abs=2e-3)


def test_design_effect_counts_decisive_votes_only():
    who = Population(0.6, ties=0.5, worker_sd=1.0)
    assert who.design_effect(1, 1) == 1
    assert who.design_effect(11, 5) == pytest.approx(1 + 0.5 * 10 * who.worker_correlation)


def test_more_raters_of_one_image_need_more_answers_and_money_where_images_differ():
    who = Population(0.55, 0.3, 0.3, 0.8)
    table = trade_off(who, raters=(1, 5, 20))
    assert table.answers.is_monotonic_increasing
    assert table.cost.is_monotonic_increasing
    assert table.images.is_monotonic_decreasing
    assert (table.power >= 0.8 - 1e-6).all()
    assert (table.answers == table.raters * table.images).all()
    independent = trade_off(Population(0.55), raters=(1, 5, 29))
    assert set(independent.answers) == {783, 785}
    fixed = trade_off(who, raters=(1, 5, 20), answers=1000)
    assert set(fixed.answers) == {1000}
    assert fixed.detectable_share.is_monotonic_increasing


def test_small_studies_ask_nobody_about_more_images_than_there_are():
    table = trade_off(Population(0.9), raters=(1, 4, 20), per_worker=40)
    assert (table.participants * 40 >= table.answers).all()
    assert (table.participants >= table.raters).all()


def test_cost_pays_answers_checks_and_overhead():
    bill = cost(1200, 30, wage=12, seconds=10, overhead=300, fee=0.5, checks=6)
    assert bill.hours == pytest.approx((1380 * 10 + 30 * 300) / 3600)
    assert bill.total == pytest.approx(bill.hours * 18)
    assert bill.per_answer == pytest.approx(bill.total / 1200)
    assert bill.per_participant == pytest.approx(bill.total / 30)
