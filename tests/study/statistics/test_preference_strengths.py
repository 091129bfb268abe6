"""Bradley-Terry and Davidson (reference: explainability 11.4)."""

import numpy as np
import pandas as pd
import pytest

from tombola.errors import TombolaError
from tombola.study.statistics import bradley_terry, davidson, strengths_table
from tombola.study.statistics.strengths import tie_rates_differ


def votes(first: str, second: str, wins: int, losses: int, ties: int = 0) -> list[tuple[int, int, str, str, str]]:
    answers = [first] * wins + [second] * losses + ["none"] * ties
    return [(i, i + 1, *((first, second) if i % 2 else (second, first)), answer) for i, answer in enumerate(answers)]


def test_bradley_terry_anchor(make_pairs) -> None:
    """A:B 200:100, B:C 200:100, A:C 400:100 fit exactly: ln 4, ln 2, 0."""
    frame = make_pairs(
        [*votes("A", "B", 200, 100), *votes("B", "C", 200, 100), *votes("A", "C", 400, 100), *votes("A", "C", 0, 0, 50)]
    )
    found = bradley_terry(frame, reference="C")
    assert found.names == ("A", "B")
    assert found.values == pytest.approx([np.log(4), np.log(2)], abs=1e-9)
    assert (found.fit.chi2, found.fit.df) == (pytest.approx(0, abs=1e-9), 1)
    information = np.array([[300 * 2 / 9 + 500 * 4 / 25, -300 * 2 / 9], [-300 * 2 / 9, 2 * 300 * 2 / 9]])
    assert found.covariance == pytest.approx(np.linalg.inv(information))


def test_davidson_anchor(make_pairs) -> None:
    """400 : 100 with 200 ties: a difference of ln 4, nu = 1."""
    found = davidson(make_pairs(votes("A", "B", 400, 100, 200)), reference="B")
    assert dict(zip(found.names, found.values, strict=True)) == pytest.approx({"A": np.log(4), "nu": 0}, abs=1e-9)
    assert found.fit.chi2 == pytest.approx(0, abs=1e-9)


def test_clustered_errors_of_votes_of_their_own_are_near_the_plain_ones(make_pairs) -> None:
    frame = make_pairs(votes("A", "B", 300, 100, 200))
    found = davidson(frame, reference="B")
    assert np.diag(found.clustered) == pytest.approx(np.diag(found.covariance), rel=1e-6)
    crowded = make_pairs([(i % 3, j % 4 + 1, a, b, w) for i, j, a, b, w in votes("A", "B", 300, 100, 200)])
    assert not np.allclose(davidson(crowded, reference="B").clustered, found.covariance)


@pytest.mark.data
def test_the_published_votes(pairwise: pd.DataFrame) -> None:
    found = bradley_terry(pairwise)
    assert found.names == ("2pruned", "32pruned")
    assert found.values[0] > 0 > found.values[1]
    by_pair = davidson(pairwise, ties="per-pair")
    one = davidson(pairwise)
    assert by_pair.fit.log_likelihood > one.fit.log_likelihood + 100
    assert one.fit.p < 1e-100
    assert by_pair.values[:2] == pytest.approx(found.values, abs=1e-8)
    assert tie_rates_differ(pairwise)[0] == pytest.approx(667.3107, abs=1e-4)
    table = strengths_table("x", found)
    assert (table.clustered_se > table.se).all()


def test_the_maximum_is_one(make_pairs) -> None:
    """Moving any parameter either way lowers the likelihood, and the slope there is nothing."""
    from tombola.study.statistics.choice import Question, _log_likelihood, _slope, fit_choices

    rng = np.random.default_rng(0)
    questions = [Question(rng.normal(size=(3, 2)), rng.integers(5, 50, 3).astype(float)) for _ in range(4)]
    found = fit_choices(questions)
    assert _slope(questions, found.parameters)[0] == pytest.approx(0, abs=1e-8)
    for i in range(2):
        for step in (-0.01, 0.01):
            at = found.parameters + step * np.eye(2)[i]
            assert _log_likelihood(questions, at) < found.log_likelihood


@pytest.mark.parametrize(
    "rows",
    [votes("A", "B", 10, 0), [*votes("A", "B", 5, 5), *votes("C", "D", 5, 5)]],
    ids=["never lost", "two islands"],
)
def test_what_votes_do_not_determine_is_said(make_pairs, rows) -> None:
    with pytest.raises(TombolaError, match="not determined"):
        bradley_terry(make_pairs(rows))


def test_mistakes(make_pairs) -> None:
    frame = make_pairs(votes("A", "B", 5, 5))
    with pytest.raises(TombolaError, match="reference 'C'"):
        bradley_terry(frame, reference="C")
    with pytest.raises(TombolaError, match="ties"):
        davidson(frame, ties="some")  # type: ignore[arg-type]
    with pytest.raises(TombolaError, match="no pairwise answers"):
        bradley_terry(frame.iloc[:0])
    assert davidson(frame).names == ("B",)
