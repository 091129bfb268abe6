"""Power by simulation: it agrees with the formulas where they hold, and with the real test everywhere (12.2)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.errors import TombolaError
from tombola.study.design import synthetic_study
from tombola.study.power import (
    Layout,
    Population,
    balanced,
    of_study,
    pilot_populations,
    power_of_share,
    simulate_power,
    votes_for_share,
)
from tombola.study.power.pilot import shared_correlation
from tombola.study.power.simulation import draw_votes, shares_and_variances
from tombola.study.simulated import Crowd, answer_in_memory
from tombola.study.statistics import clustered_share

DRAWS = 3000


@settings(deadline=None, max_examples=40)
@given(images=st.integers(1, 30), raters=st.integers(1, 7), data=st.data())
def test_layouts_are_complete_and_nobody_meets_an_image_twice(images, raters, data):
    per_worker = data.draw(st.integers(1, images))
    layout = balanced(images, raters, per_worker, seed=data.draw(st.integers(0, 5)))
    assert layout.answers == images * raters
    assert (np.bincount(layout.image, minlength=images) == raters).all()
    assert (np.bincount(layout.worker) <= per_worker).all()
    assert len({*zip(layout.worker.tolist(), layout.image.tolist(), strict=True)}) == layout.answers


def test_the_vectorised_test_is_the_one_of_the_analysis():
    layout = balanced(12, 4, 7)
    generator = np.random.Generator(np.random.PCG64(1))
    votes, decided = draw_votes(Population(0.6, 0.3, 1.0, 1.0), layout, 30, generator)
    shares, variances = shares_and_variances(votes, decided, layout)
    for draw in range(30):
        kept = decided[draw]
        found = clustered_share(votes[draw, kept], layout.worker[kept], layout.image[kept])
        assert shares[draw] == pytest.approx(found.value)
        assert variances[draw] == pytest.approx(found.variance.value)


@pytest.mark.parametrize("test", ["clustered", "independent"])
@pytest.mark.parametrize("layout", ["all apart", "workers and images"])
@pytest.mark.parametrize("power", [0.8, 0.9])
def test_simulation_agrees_with_the_formula_where_nothing_is_shared(test, layout, power):
    votes = votes_for_share(0.55, power)
    plan = Layout(np.arange(votes), np.arange(votes)) if layout == "all apart" else balanced(votes // 3, 3, 10)
    found = simulate_power(Population(0.55), plan, draws=DRAWS, test=test)
    expected = power_of_share(plan.answers, 0.55)
    # a thousandth or two more: votes are whole numbers, and a clustered variance is an estimate
    assert found.power == pytest.approx(expected, abs=3 * found.se + 0.004)
    assert found.design_effect == pytest.approx(1, abs=0.12)


def test_simulation_agrees_with_the_design_effect_where_workers_and_images_differ():
    who, plan = Population(0.56, 0.3, 0.4, 0.8), balanced(400, 4, 20)
    found = simulate_power(who, plan, draws=1000)
    effect = who.design_effect(plan.worker_size, plan.image_size)
    assert effect > 2
    assert found.design_effect == pytest.approx(effect, rel=0.15)
    assert found.power == pytest.approx(power_of_share(plan.answers * 0.7 / effect, 0.56), abs=0.06)
    assert found.mean_se == pytest.approx(found.share_sd, rel=0.1)
    assert found.covered == pytest.approx(0.95, abs=0.03)


def test_taking_shared_votes_as_independent_finds_what_is_not_there():
    who, plan = Population(0.5, 0.0, 0.5, 1.0), balanced(200, 5, 20)
    naive = simulate_power(who, plan, draws=1000, test="independent")
    clustered = simulate_power(who, plan, draws=1000)
    assert naive.power > 0.2
    assert clustered.power == pytest.approx(0.05, abs=0.03)


def test_simulation_is_reproducible_and_refuses_few_draws():
    plan = balanced(20, 2, 10)
    assert simulate_power(Population(0.7), plan, draws=200) == simulate_power(Population(0.7), plan, draws=200)
    assert simulate_power(Population(0.7), plan, draws=200, seed=1) != simulate_power(Population(0.7), plan, draws=200)
    with pytest.raises(TombolaError, match="draws = 10"):
        simulate_power(Population(0.7), plan, draws=10)


def test_everything_tied_is_no_evidence():
    plan = balanced(4, 1, 4)
    assert simulate_power(Population(0.7, 0.99), plan, draws=100).power < 0.2


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("power") / "study"
    return synthetic_study(folder, conditions=("a", "b", "c"), images_per_class=12, raters=5, gold=0, repeats=0)


def test_the_layout_of_a_study_is_its_plan(study):
    layout = of_study(study, ("a", "b"))
    assert layout.answers == 120 * 5
    assert layout.image_size == 5
    assert layout.workers == len(study.blocks)
    with pytest.raises(TombolaError, match="no pair 'b v a'"):
        of_study(study, ("b", "a"))


def test_a_pilot_gives_back_the_population_it_came_from(study):
    crowd = Crowd({("a", "b"): 0.7, ("a", "c"): 0.6}, ties=0.25, worker_sd=0.6, image_sd=0.9, lapse=0)
    found = [pilot_populations(answer_in_memory(study, Crowd(**(vars(crowd) | {"seed": s})))) for s in range(6)]
    pairs = [[each[place] for each in found] for place in range(3)]
    assert [pair[0].pair for pair in pairs] == ["a v b", "a v c", "b v c"]

    def mean(name):
        return [np.mean([getattr(each.population, name) for each in pair]) for pair in pairs]

    assert mean("share") == pytest.approx([0.7, 0.6, 0.5], abs=0.06)
    assert mean("ties") == pytest.approx([0.25] * 3, abs=0.03)
    assert np.mean(mean("worker_sd")) == pytest.approx(0.6, abs=0.2)
    assert np.mean(mean("image_sd")) == pytest.approx(0.9, abs=0.2)
    assert found[0][0].seconds == pytest.approx(6, abs=1.5)


def test_only_votes_that_share_nothing_else_are_compared():
    y, worker, image = np.array([1.0, 1, 1, 0]), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    assert shared_correlation(y, worker, image, "worker") == pytest.approx(-1)  # the two of worker 1 alone
    assert np.isnan(shared_correlation(y, worker, image, "image"))


def test_a_pilot_without_a_choice_tells_nothing(study):
    frame = answer_in_memory(study, Crowd(ties=0.999999, lapse=0))
    with pytest.raises(TombolaError, match="no votes for both sides"):
        pilot_populations(frame)
    with pytest.raises(TombolaError, match="no pairwise main answers"):
        pilot_populations(frame[:0])


def test_the_published_frame_as_a_pilot(pairwise):
    first, *_ = pilot_populations(pairwise)
    assert first.pair == "2pruned v nonpruned"
    assert first.population.share == pytest.approx(0.549697, abs=1e-6)
    assert first.population.ties == pytest.approx(1343 / 2500)
    assert first.population.worker_sd == 0  # votes of one worker agree no more than by chance: -0.012
    assert first.image_correlation == pytest.approx(0.3158, abs=1e-3)
    assert np.isnan(first.seconds)
