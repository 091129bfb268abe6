"""The mixed multinomial model (reference: explainability 11.4): recovery, invariances, published answers, mistakes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2

from tombola.errors import TombolaError
from tombola.study.statistics import valid_analysis
from tombola.study.statistics.mixed import Mixed, average, mixed_multinomial, mixed_tables, spread
from tombola.study.statistics.mixed.fit import NAMES, SDS
from tombola.study.statistics.mixed.table import STANDING
from tombola.study.statistics.mixed.vote import chances
from tombola.study.statistics.votes import Pair

pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")

Maker = Callable[..., pd.DataFrame]
Array = NDArray[np.float64]
PAIR = Pair("a", "b")
TRUTH = np.array([0.4, 0.5, 0.5, 1.0, 0.8, 0.7])


def drawn(make_pairs: Maker, truth: Array, seed: int, workers: int = 40, images: int = 50) -> pd.DataFrame:
    """Everybody votes on every image."""
    random = np.random.default_rng(seed)
    worker, image = (each.ravel() for each in np.indices((workers, images)))
    effects = [random.normal(size=(count, 2)) for count in (workers, images)]
    likely = chances(truth[:2] + effects[0][worker] * truth[2:4] + effects[1][image] * truth[4:])
    choice = (random.random(len(worker))[:, None] > likely.cumsum(1)[:, :2]).sum(1)
    won = np.array(["a", "b", "none"])[choice]
    return make_pairs([(w, i + 1, "a", "b", each) for w, i, each in zip(worker, image, won, strict=True)])


@pytest.fixture(scope="module")
def small(make_pairs: Maker) -> pd.DataFrame:
    return drawn(make_pairs, TRUTH, 11, workers=12, images=15)


@pytest.fixture(scope="module")
def fitted(small: pd.DataFrame) -> Mixed:
    return mixed_multinomial(small, PAIR)


def test_votes_that_nobody_differs_in_are_those_of_the_multinomial_logit(make_pairs: Maker) -> None:
    """Everybody and every image has the same counts: all standard deviations are 0, the rest is in closed form."""
    cycle = ["a", "a", "a", "b", "none", "none"]
    frame = make_pairs([(w, i + 1, "a", "b", cycle[(w + i) % 6]) for w in range(12) for i in range(12)])
    found = mixed_multinomial(frame, PAIR)
    assert found.converged
    assert not found.at[SDS].any()
    assert found["preference"] == pytest.approx(np.log(3), abs=1e-8)
    assert found["decision"] == pytest.approx(np.log(3) / 2 - np.log(2), abs=1e-8)
    assert found.se("preference") == pytest.approx(np.sqrt(1 / 72 + 1 / 24), rel=1e-5)
    assert np.isnan(found.se("worker_preference_sd"))
    assert found.log_likelihood == pytest.approx(72 * np.log(1 / 2) + 24 * np.log(1 / 6) + 48 * np.log(1 / 3))
    assert spread(found, "image_decision_sd").p == 1
    over = average(found.at, found.covariance)
    assert (over.share, over.ties) == (pytest.approx(3 / 4), pytest.approx(1 / 3))


def test_what_was_put_in_is_found(make_pairs: Maker) -> None:
    """Six studies: estimates scatter about the truth as their errors say, and 95 % intervals mostly hold it."""
    fits = [mixed_multinomial(drawn(make_pairs, TRUTH, seed), PAIR) for seed in range(6)]
    assert all(found.converged for found in fits)
    errors = np.stack([[found.se(name) for name in NAMES] for found in fits])
    z = (np.stack([found.at for found in fits]) - TRUTH) / errors
    assert np.abs(z).max() < 4
    assert np.abs(z.mean(0)).max() < 3 / np.sqrt(len(fits))
    assert (np.abs(z) < 1.96).mean() > 0.8
    shares = [average(found.at, found.covariance) for found in fits]
    truth = average(TRUTH, np.eye(6)).share
    assert sum(each.low < truth < each.high for each in shares) >= 4


def test_errors_hold_what_clusters_share(fitted: Mixed) -> None:
    """Errors are more than those of independent votes; the test of a spread is one-sided, for 0 is the edge."""
    a, b, _ = fitted.choices
    assert fitted.se("preference") > 1.5 * np.sqrt(1 / a + 1 / b)
    tests = {name: spread(fitted, name) for name in NAMES[2:]}
    assert {name: tests[name].p < 0.05 for name in tests} == {name: fitted[name] > 0.5 for name in tests}
    for test in tests.values():
        assert test.p == pytest.approx(chi2.sf(test.chi2, 1) / 2 if test.chi2 else 1)


def test_an_effect_at_0_may_stand_in_for_the_one_tested(make_pairs: Maker) -> None:
    """Everybody has an image of their own: without the effect of one the other takes all of it, and nothing is lost."""
    random = np.random.default_rng(2)
    rows = [(w, w + 1, "a", "b", "ab"[int(random.random() > 0.3 + 0.4 * (w % 2))]) for w in range(20) for _ in range(9)]
    found = mixed_multinomial(make_pairs(rows), PAIR)
    whole = np.hypot(found["worker_preference_sd"], found["image_preference_sd"])
    assert whole > 0.5
    one_way = replace(found, at=np.r_[found.at[:2], whole, 0, 0, 0], converged=True)
    assert spread(one_way, "worker_preference_sd").chi2 == pytest.approx(0, abs=1e-4)


def test_exchanging_the_two_turns_the_preference_round(small: pd.DataFrame, fitted: Mixed) -> None:
    other = mixed_multinomial(small, Pair("b", "a"))
    assert other["preference"] == pytest.approx(-fitted["preference"], abs=1e-12)
    assert other.at[1:] == pytest.approx(fitted.at[1:], abs=1e-12)
    assert other.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-10)
    assert np.abs(other.covariance) == pytest.approx(np.abs(fitted.covariance), abs=1e-9)
    one, turned = average(fitted.at, fitted.covariance), average(other.at, other.covariance)
    assert (one.share + turned.share, one.low + turned.high) == pytest.approx((1, 1))


def test_order_and_names_do_not_matter(small: pd.DataFrame, fitted: Mixed) -> None:
    names = {name: f"p{hash_}" for hash_, name in enumerate(sorted(small.participant.unique(), reverse=True))}
    mixed_up = small.sample(frac=1, random_state=3).reset_index(drop=True)
    mixed_up["participant"] = mixed_up.participant.map(names).astype(small.participant.dtype)
    mixed_up["image"] = 1000 - mixed_up.image
    other = mixed_multinomial(mixed_up, PAIR)
    assert other.at == pytest.approx(fitted.at, abs=1e-8)
    assert other.covariance == pytest.approx(fitted.covariance, abs=1e-7)


def test_without_ties_only_the_preference_is_estimated(small: pd.DataFrame) -> None:
    found = mixed_multinomial(small[small.answer != "none"].reset_index(drop=True), PAIR)
    assert found.converged
    assert np.isnan([found["decision"], found["image_decision_sd"]]).all()
    tables, _ = mixed_tables(small[small.answer != "none"])
    assert tables["mixed"].ties[0] == 0
    assert list(tables["mixed_spreads"].effect) == ["worker_preference", "image_preference"]


def test_average_shares_are_those_of_many_workers_and_images() -> None:
    random = np.random.default_rng(0)
    effects = random.normal(size=(400_000, 4))
    likely = chances(TRUTH[:2] + effects[:, :2] * TRUTH[2:4] + effects[:, 2:] * TRUTH[4:]).mean(0)
    found = average(TRUTH, np.eye(6) / 100)
    assert found.share == pytest.approx(likely[0] / likely[:2].sum(), abs=0.002)
    assert found.ties == pytest.approx(likely[2], abs=0.002)
    assert found.low < found.share < found.high


@pytest.mark.data
def test_the_published_answers(pairwise: pd.DataFrame) -> None:
    """The direction is that of the shares; ties and shares that the model implies are near those of the votes."""
    tables, notes = mixed_tables(pairwise)
    found = tables["mixed"].set_index("pair")
    assert notes == [STANDING]
    assert found.converged.all()
    assert ((found.preference > 0) == (found.raw_share > 0.5)).all()
    assert found.share.to_numpy() == pytest.approx(found.raw_share.to_numpy(), abs=0.005)
    assert found.ties.to_numpy() == pytest.approx(found.raw_ties.to_numpy(), abs=0.02)
    pinned = {
        "2pruned v nonpruned": (0.246, 0.093, 0.00816, -1.048, 0.0, 1.305, 1.321, 1.384, 0.550, -2237.861),
        "nonpruned v 32pruned": (0.224, 0.099, 0.0239, 0.588, 0.278, 1.140, 1.616, 1.190, 0.540, -2434.132),
        "2pruned v 32pruned": (0.269, 0.072, 0.000186, 1.170, 0.0, 1.834, 1.110, 1.002, 0.555, -2305.249),
    }
    columns = ["preference", "se", "p", "decision", *(name for name in NAMES if name.endswith("sd"))]
    for label, numbers in pinned.items():
        got = found.loc[label, [*columns, "share", "log_likelihood"]].to_numpy(np.float64)
        assert got == pytest.approx(np.array(numbers), abs=6e-4)
    spreads = tables["mixed_spreads"].set_index(["pair", "effect"])
    row = spreads.loc[("nonpruned v 32pruned", "worker_preference")]
    assert (row.chi2, row.p) == pytest.approx((3.055, 0.0402), abs=6e-4)


VOTE = [(w, i, "a", "b", "ab"[(w * i) % 2]) for w in range(4) for i in range(1, 5)]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(w, i, "a", "b", "none") for w in range(3) for i in range(1, 4)], "no answer to a v b prefers either"),
        ([(w, i, "a", "b", "b") for w in range(3) for i in range(1, 4)], "all decided votes of a v b are for b"),
        ([(w, w % 2 + 1, "a", "b", "abn"[w % 2]) for w in range(9)], "each participant has one answer"),
        ([(w % 2, w + 1, "a", "b", "abn"[w % 2]) for w in range(9)], "each image has one answer"),
        ([row for row in VOTE if row[0] == 1], "all answers to a v b are of one participant"),
        ([row for row in VOTE if row[1] == 3] * 2, "all answers to a v b are of one image"),
    ],
)  # fmt: skip
def test_answers_without_a_model_are_one_sentence(make_pairs: Maker, rows: list[tuple[object, ...]], why: str) -> None:
    frame = make_pairs(rows)
    with pytest.raises(TombolaError, match=why):
        mixed_multinomial(frame, PAIR)
    tables, notes = mixed_tables(frame)
    assert list(tables) == ["mixed"]
    assert [note.startswith("No mixed model: ") and why in note for note in notes] == [True]
    row = tables["mixed"].iloc[0]
    assert (row.answers, row.workers, row.converged) == (len(rows), len({row[0] for row in rows}), False)
    assert np.isnan(row.preference)


def test_people_who_never_waver_have_no_bound(make_pairs: Maker) -> None:
    rows = [(w, i, "a", "b", "ab"[w % 2]) for w in range(8) for i in range(1, 60)]
    with pytest.raises(TombolaError, match="do not determine"):
        mixed_multinomial(make_pairs(rows), PAIR)


def test_it_joins_no_family_of_tests(small: pd.DataFrame) -> None:
    found = valid_analysis(small, families={"main": ["share a v b"]}, locked=True)
    assert len(found.tables["mixed"]) == 1
    assert STANDING in found.notes
    assert not found.tables["tests"].test.str.contains("mixed").any()
