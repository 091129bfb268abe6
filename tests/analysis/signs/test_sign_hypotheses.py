from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tombola.analysis.inference import permute_labels, welch_less
from tombola.analysis.signs import VARIABLES, design_of, distance, distances, hypothesis_table, read_design
from tombola.analysis.signs.hypotheses import FAILS, HOLDS, UNDECIDED, pairwise_hypotheses, ticket_hypotheses
from tombola.analysis.signs.hypothesis_formats import p_tables, to_html, to_latex, to_markdown
from tombola.analysis.signs.published_tests import counts, published_tests, wide_table
from tombola.errors import TombolaError

Rates = Callable[[int, int], np.ndarray]


@pytest.fixture(scope="module")
def matrix(f1_rates: Rates) -> Callable[[str, str], np.ndarray]:
    """Distances among F1's networks A0 to A4, B0 to B4."""
    networks = [f1_rates(k, g) for g in (0, 1) for k in range(5)]

    def make(measure: str, variable: str) -> np.ndarray:
        place = VARIABLES.index(variable)
        return np.array([[distance(measure, a[:, place], b[:, place]) for b in networks] for a in networks])

    return make


@pytest.mark.parametrize(
    ("measure", "variable", "statistic", "count"),
    [
        ("w1", "prune_rate_in", 0.00351562, 2),
        ("w1", "prune_rate_out", 0.0142969, 2),
        ("w1", "sign_rate_in", 0.0306835, 2),
        ("w1", "sign_rate_out", 0.0192183, 2),
        ("jsd-signs2024", "prune_rate_in", 0.0024421, 54),
        ("jsd-signs2024", "sign_rate_in", 0.0258622, 62),
        ("jsd-signs2024", "sign_rate_out", 0.0574773, 2),
    ],
)
def test_fixture_f1_by_permutation(matrix, measure: str, variable: str, statistic: float, count: int) -> None:
    """reference/signs.md 5: exact over C(10, 5) = 252 labelings."""
    test = permute_labels(matrix(measure, variable), np.repeat([0, 1], 5), [(0, 0), (1, 1)], [(0, 1)])
    assert test.exact
    assert test.labelings == 252
    assert test.statistic[0] == pytest.approx(statistic, rel=6e-6)
    assert test.p[0] == pytest.approx(count / 252)


@pytest.mark.parametrize(
    ("measure", "t", "df", "p"),
    [
        ("w1", -11.14331, 16.6587, 1.93209e-09),
        ("jsd-signs2024", 0.06200, 9.5685, 0.524079),
        ("wsd-signs2024", -3.66719, 17.5869, 0.000910217),
    ],
)
def test_fixture_f1_by_welch(matrix, measure: str, t: float, df: float, p: float) -> None:
    found = matrix(measure, "sign_rate_in")
    test = welch_less(found[:5, :5][np.triu_indices(5, 1)], found[:5, 5:].ravel())
    assert test.t == pytest.approx(t, abs=6e-6)
    assert (test.df, test.p) == pytest.approx((df, p), rel=6e-6)


def study(shift: dict[str, float], n: int = 6, seed: int = 0) -> pd.DataFrame:
    """Networks of several conditions whose rates are shifted."""
    rng, parts = np.random.default_rng(seed), []
    for condition, by in shift.items():
        for k in range(n):
            rates = np.clip(rng.normal(0.4 + by, 0.05, (40, 4)), 0, 1)
            part = pd.DataFrame(rates, columns=list(VARIABLES))
            parts.append(
                part.assign(network_id=f"{condition}{k}", condition=condition, layer="l", dead="", fan_out=9.0)
            )
    return pd.concat(parts, ignore_index=True)


def test_conditions_that_differ_hold_and_equal_ones_do_not() -> None:
    found = distances(study({"a": 0.0, "b": 0.0, "c": 0.3}), ["w1"], splits=0)
    tests = hypothesis_table(found, pairwise_hypotheses(["a", "b", "c"])).set_index(["hypothesis", "variable"])
    for variable in VARIABLES:
        assert tests.loc[("a / c", variable)].verdict == HOLDS
        assert tests.loc[("b / c", variable)].verdict == HOLDS
        assert tests.loc[("a / b", variable)].verdict != HOLDS
        assert tests.loc[("a / c", variable)].superiority == 1
        assert tests.loc[("a / c", variable)].p == pytest.approx(2 / 924)
    assert (tests.family == 12).all()
    assert (tests.p_holm >= tests.p_bh - 1e-12).all()
    assert (tests.p_bh >= tests.p - 1e-12).all()


def test_the_other_way_round_does_not_hold() -> None:
    """Tickets of two kinds further apart than either from random networks: H4 fails (reference/signs.md 5)."""
    found = distances(study({"left": -0.2, "right": 0.2, "random": 0.0}), ["w1"], splits=0)
    tests = hypothesis_table(found, ticket_hypotheses(["left", "right"], "random"), draws=999)
    verdicts = tests.groupby("hypothesis").verdict.agg(set)
    assert verdicts["H1"] == verdicts["H2"] == verdicts["H3"] == {HOLDS}
    assert verdicts["H4"] == {FAILS}
    assert tests[tests.hypothesis == "H4"].by_interval.all()
    assert tests[tests.hypothesis == "H3"].labelings.unique().tolist() == [924]


def test_too_few_networks_are_said_to_be_too_few() -> None:
    found = distances(study({"a": 0.0, "b": 0.4}, n=3), ["w1"], splits=0)
    tests = hypothesis_table(found, pairwise_hypotheses(["a", "b"]))
    assert (tests.smallest_p == 2 / 20).all()
    assert (tests.verdict == UNDECIDED).all()
    assert tests.why.str.contains("so few networks").all()


def test_families_and_empty_sets() -> None:
    found = distances(study({"a": 0.0, "b": 0.3}), ["w1", "ks"], splits=0)
    hypotheses = pairwise_hypotheses(["a", "b"])
    assert hypothesis_table(found, hypotheses).family.unique().tolist() == [4]
    assert hypothesis_table(found, hypotheses, family=()).family.unique().tolist() == [8]
    alone = distances(study({"a": 0.0, "b": 0.3}, n=1), ["w1"], splits=0)
    assert hypothesis_table(alone, hypotheses).empty
    with pytest.raises(TombolaError, match="names condition 'c'"):
        hypothesis_table(found, pairwise_hypotheses(["a", "c"]))


def test_designs(tmp_path: Path) -> None:
    assert [each.name for each in design_of(["t", "r"], "r").hypotheses] == ["H1", "H2"]
    assert [each.name for each in design_of(["t", "u", "r"], "r").hypotheses] == ["H1", "H2", "H3", "H4"]
    assert [each.name for each in design_of(["t", "u"]).hypotheses] == ["t / u"]
    with pytest.raises(TombolaError, match="no condition 'x'"):
        design_of(["t", "r"], "x")
    with pytest.raises(TombolaError, match="cannot be both"):
        design_of(["t", "r"], "r", ["r"])
    file = tmp_path / "design.yaml"
    file.write_text("collectives: {near: [[a, a], [b, b]]}\nhypotheses: {X: {smaller: near, larger: a_b}}\n")
    design = read_design(file, ["a", "b"])
    assert design.hypotheses[0].smaller.blocks == (("a", "a"), ("b", "b"))
    assert design.hypotheses[0].among == ("a", "b")
    for content, message in (
        ("hypotheses: {X: {smaller: near, larger: a_b}}", "no pair set 'near'"),
        ("hypotheses: {X: {smaller: a}}", "must say which pair set"),
        ("hypotheses: {X: {smaller: a, larger: a_b, amogn: [a]}}", "did you mean 'among'"),
        ("nothing: 1", "is no design"),
        ("a: [", "cannot be read"),
    ):
        file.write_text(content)
        with pytest.raises(TombolaError, match=message):
            read_design(file, ["a", "b"])


def test_published_tests_and_their_tables() -> None:
    rng = np.random.default_rng(0)
    sets = {"within_WTs": 0.1, "RSN": 0.2, "between_WTs_and_RSN": 0.3, "between_WT_datasets": 0.05}
    lists = {
        ("dense1", variable, measure): {name: rng.normal(mean, 0.01, 20).tolist() for name, mean in sets.items()}
        for variable in VARIABLES
        for measure in ("jsd", "wsd")
    }
    tests = published_tests(lists)
    assert tests.columns[:6].tolist() == [
        "hypothesis",
        "accepted",
        "p-value",
        "layer",
        "variable",
        "similarity_measure",
    ]
    assert len(tests) == 32
    accepted = tests.groupby("hypothesis").accepted.all()
    assert accepted.to_dict() == {"H1": True, "H2": True, "H3": False, "H4": True}
    wide = wide_table(tests, "dense1")
    assert wide.columns.tolist() == [
        "variable",
        "hypothesis",
        *(f"{a}_{m}" for m in ("jsd", "wsd") for a in ("accepted", "p-value")),
    ]
    assert len(wide) == 16
    assert counts(tests, "dense1").loc["sign_rate_in"].to_dict() == {"H1": 2, "H2": 2, "H3": 0, "H4": 2}
    missing = published_tests(
        {("dense1", "sign_rate_in", "hc"): {"within_WTs": [np.nan, 1.0], "between_WTs_and_RSN": [1.0, 2.0]}}
    )
    assert missing.accepted.tolist() == [False]


def test_tables_for_reading() -> None:
    found = distances(study({"a": 0.0, "b_1": 0.3}), ["w1", "ks"], splits=0)
    (table,) = p_tables(hypothesis_table(found, pairwise_hypotheses(["a", "b_1"])))
    assert table.rows == tuple(("l", variable) for variable in VARIABLES)
    assert table.columns == ("w1", "ks")
    latex, html, markdown = to_latex(table), to_html(table), to_markdown(table)
    assert r"a / b\_1" in latex
    assert (
        latex.count(r"\cellcolor{gray!25}0.00866")
        == 8
        == html.count('class="significant"')
        == markdown.count("**0.00866**")
    )
    assert html.count("<tr>") == 5


def test_few_networks_decide_nothing_the_other_way_round_either() -> None:
    """Two networks per condition leave a bootstrap nothing to resample: its interval is narrow, and no evidence."""
    four = study({"a0": -0.2, "a1": 0.2, "b0": -0.2, "b1": 0.2}, n=1)
    found = distances(four.assign(condition=four.condition.str[0]), ["w1"], splits=0)
    tests = hypothesis_table(found, pairwise_hypotheses(["a", "b"]))
    assert (tests.high < 0).all()
    assert set(tests.verdict) == {UNDECIDED}
    assert tests.why.str.contains("the other way round, by chance with p = ").all()
