from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tombola.analysis.signs import VARIABLES, distance, joint_distance, measures
from tombola.analysis.signs.measures import CORRECTED
from tombola.analysis.signs.measures.between import bin_of
from tombola.errors import TombolaError

Rates = Callable[[int, int], np.ndarray]

ONE_VARIABLE = [name for name in measures if measures[name].rows is None]
WHOLE_ROWS = [name for name in measures if measures[name].rows is not None]

COLUMNS = [*(f"{name}-signs2024" for name in ("jsd", "wsd", "hd", "tv", "chi2", "hc", "hi")), "w1", "ks", "energy"]
COLUMNS += ["jsd", "tv", "hd"]
F1 = """
A1 prune_rate_in .0197454 .00672377 .161747 .0208333 .0313492 .0869709 .0833333 .00553385 .0416667 .000339084 .00472479 .0625 .0689953
A1 prune_rate_out .00224172 .0101687 .0473928 .0208333 .00446623 .0187433 .0416667 .00651042 .0208333 .000271267 .00224172 .0416667 .0473928
A1 sign_rate_in .516205 .00160238 .860304 .0625 .750099 1.15966 .791667 .025567 .0833333 .00254262 .0632947 .229167 .28216
A1 sign_rate_out .00314086 .00572703 .0561149 .0416667 .00625 .0181465 .0416667 .00843254 .0208333 .000351356 .00239193 .0416667 .0489523
B0 prune_rate_in .0202653 .00246032 .153449 .0416667 .0361772 .220673 .125 .00716146 .0833333 .000651042 .0093406 .0625 .111977
B0 prune_rate_out .227261 .0739087 .55261 .208333 .352941 1 .5 .0442708 .1875 .0122613 .227261 .5 .55261
B0 sign_rate_in .271623 .00213646 .617172 .0625 .404266 .725254 .479167 .0383416 .125 .00565198 .049921 .1875 .250999
B0 sign_rate_out .312668 .0766136 .644282 .270833 .489286 .195726 .645833 .0662037 .229167 .019503 .264135 .5625 .594282
"""  # noqa: E501 - as printed in reference/signs.md 3.1: A0 against A1 or B0

ROWS = [line.split() for line in F1.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_fixture_f1(f1_rates: Rates, row: list[str]) -> None:
    other, variable, *expected = row
    place = VARIABLES.index(variable)
    a, b = f1_rates(0, 0)[:, place], f1_rates(int(other == "A1"), int(other == "B0"))[:, place]
    for name, text in zip(COLUMNS, expected, strict=True):
        assert distance(name, a, b) == pytest.approx(float(text), rel=6e-6), name


def test_fixture_f1_begins_as_printed(fixtures, f1_rates: Rates) -> None:
    pos_in, pos_out, neg_in, _ = fixtures["f1"](0, 0).T
    assert pos_in[:6].tolist() == [1, 8, 4, 11, 7, 3]
    assert neg_in[:6].tolist() == [1, 6, 2, 7, 3, 8]
    assert pos_out[:6].tolist() == [1, 4, 2, 5, 3, 1]
    np.testing.assert_allclose(f1_rates(0, 0).mean(0), [0.830078, 0.658854, 0.538124, 0.533168], atol=5e-7)


samples = st.lists(st.floats(0, 1).map(lambda x: round(x, 3)), min_size=2, max_size=25)


@pytest.mark.parametrize("name", ONE_VARIABLE)
@settings(max_examples=60, deadline=None)
@given(a=samples, b=samples, seed=st.integers(0, 99))
def test_conformance_of_measures_of_one_variable(name: str, a: list[float], b: list[float], seed: int) -> None:
    measure, rng = measures[name], np.random.default_rng(seed)
    value, itself = distance(name, a, b), distance(name, a, a)
    assert np.isnan(value) or -1e-12 <= value <= measure.upper + 1e-12
    assert np.isnan(itself) or itself == pytest.approx(0, abs=1e-7)
    if measure.symmetric:
        assert distance(name, b, a) == pytest.approx(value, abs=1e-9, nan_ok=True)
    assert distance(name, rng.permutation(a), rng.permutation(b)) == pytest.approx(value, abs=1e-12, nan_ok=True)
    doubled = distance(name, [*a, *a], [*b, *b])
    assert doubled == pytest.approx(value, abs=1e-7, nan_ok=True)
    assert distance(name, [*a, np.nan], b) == pytest.approx(value, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", [name for name in ONE_VARIABLE if not measures[name].published and name != "hc"])
def test_disjoint_samples_are_far_apart_and_defined(name: str) -> None:
    near, far = distance(name, [0.1, 0.2, 0.3], [0.1, 0.1, 0.2, 0.3]), distance(name, [0.1, 0.2, 0.3], [0.8, 0.9, 1.0])
    assert near < far
    if np.isfinite(measures[name].upper):
        assert far == pytest.approx(measures[name].upper)


@pytest.mark.parametrize("name", ONE_VARIABLE)
def test_empty_samples_have_no_distance(name: str) -> None:
    assert np.isnan(distance(name, [], [0.5]))
    assert np.isnan(distance(name, [np.nan], [0.5, 0.6]))


@settings(max_examples=60, deadline=None)
@given(a=samples, b=samples)
def test_definitions_over_values(a: list[float], b: list[float]) -> None:
    """Against scipy, and the energy distance against its definition by all ordered pairs, each with itself included."""
    x, y = np.array(a), np.array(b)
    assert distance("w1", a, b) == pytest.approx(stats.wasserstein_distance(a, b), abs=1e-12)
    assert distance("ks", a, b) == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)
    apart = [np.abs(u[:, None] - v).mean() for u, v in ((x, y), (x, x), (y, y))]
    assert distance("energy", a, b) == pytest.approx(2 * apart[0] - apart[1] - apart[2], abs=1e-12)
    v = np.unique([*a, *b])
    p, q = ((np.array(s)[:, None] == v).mean(0) for s in (a, b))
    if v.sum() > 0:
        swapped = stats.wasserstein_distance(p, q, v, v)
        assert distance("wsd-signs2024", a, b) == pytest.approx(swapped, abs=1e-12)
    assert distance("tv", a, b) == pytest.approx(distance("hi", a, b), abs=1e-12)


def test_bins_are_half_open_and_the_last_is_closed() -> None:
    values = np.array([0.0, 1 / 16, np.nextafter(1 / 16, 0), 15 / 16, 1.0])
    assert bin_of(values).tolist() == [0, 1, 0, 15, 15]
    assert bin_of(np.array([0.3, 1.0]), 10).tolist() == [3, 9]
    with pytest.raises(TombolaError, match=r"do not fit the bins of \[0, 1\]"):
        distance("jsd", [0.5, 2.0], [0.5])


def test_number_of_bins_matters() -> None:
    assert distance("tv", [0.1], [0.11]) == 0
    assert distance("tv", [0.1], [0.11], bins=1000) == 1


def test_kl_and_bhattacharyya() -> None:
    a, b = [0.1, 0.1, 0.1, 0.9], [0.1, 0.9]
    assert distance("kl", a, b) == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5))
    assert distance("kl", b, a) == pytest.approx(0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(2))
    assert distance("kl", a, [0.1]) == np.inf
    assert distance("bhattacharyya", a, b) == pytest.approx(-np.log(np.sqrt(0.375) + np.sqrt(0.125)))
    assert distance("bhattacharyya", [0.1], [0.9]) == np.inf


def test_correlation_of_flat_frequencies_is_undefined() -> None:
    assert np.isnan(distance("hc-signs2024", [0.1, 0.2, 0.3], [0.1, 0.2, 0.3]))
    assert distance("hc-signs2024", [0.1, 0.2, 0.2], [0.1, 0.2, 0.2]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", WHOLE_ROWS)
def test_conformance_of_measures_of_whole_rows(name: str) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((30, 4)), rng.random((20, 4)) * 0.5
    value = joint_distance(name, a, b)
    assert 0 < value <= measures[name].upper
    assert joint_distance(name, b, a) == pytest.approx(value, rel=1e-9)
    assert joint_distance(name, a, a) == pytest.approx(0, abs=1e-7)
    assert joint_distance(name, a[rng.permutation(30)], b) == pytest.approx(value, rel=1e-9)
    assert joint_distance(name, np.vstack([a, a]), np.vstack([b, b])) == pytest.approx(value, rel=1e-9)
    assert joint_distance(name, a * 7, b * 7) == pytest.approx(value, rel=1e-9)
    assert joint_distance(name, np.vstack([a, np.full((1, 4), np.nan)]), b) == pytest.approx(value, rel=1e-9)
    assert np.isnan(joint_distance(name, a[:0], b))


@pytest.mark.parametrize("name", WHOLE_ROWS)
def test_joint_measures_see_what_no_single_variable_shows(name: str) -> None:
    x = np.linspace(0, 1, 40)
    together, against = np.stack([x, x], 1), np.stack([x, x[::-1]], 1)
    assert distance("w1", together[:, 1], against[:, 1]) == 0
    assert joint_distance(name, together, against) > 0.05


def test_sliced_distance_along_one_variable_is_w1_in_its_sds() -> None:
    a, b = np.random.default_rng(0).random((2, 25, 1))
    expected = distance("w1", a, b) / np.concatenate([a, b]).std()
    assert joint_distance("sliced-w1", a, b) == pytest.approx(expected)


def test_mmd_by_its_definition() -> None:
    a, b = np.random.default_rng(1).random((2, 8, 3))
    scale = np.concatenate([a, b]).std(0)

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.exp(-(((x[:, None] - y) / scale) ** 2).sum(-1) / 2).mean())

    assert joint_distance("mmd", a, b) == pytest.approx(np.sqrt(kernel(a, a) + kernel(b, b) - 2 * kernel(a, b)))


def test_kinds_are_not_confused() -> None:
    with pytest.raises(TombolaError, match="joint_distance"):
        distance("mmd", [0.1], [0.2])
    with pytest.raises(TombolaError, match="use distance"):
        joint_distance("w1", np.ones((2, 4)), np.ones((2, 4)))
    with pytest.raises(TombolaError, match="did you mean"):
        distance("jds", [0.1], [0.2])


def test_defaults_are_corrected_and_what_was_published_names_its_source() -> None:
    assert not any(measures[name].published for name in CORRECTED)
    assert sum(measures[name].published for name in measures) == 7
    assert all(measures[name].summary.endswith(".") for name in measures)
