"""The valid analysis of a study in one call: tables for CSV, and the sentences that must stand beside them."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from tombola.errors import TombolaError
from tombola.study.answers import of_task, validate
from tombola.study.statistics import tasks
from tombola.study.statistics.bootstrap import DRAWS, SEED
from tombola.study.statistics.class_effects import class_effects
from tombola.study.statistics.consistency import agreement_tables
from tombola.study.statistics.dose import RATES, dose_response
from tombola.study.statistics.doses import Dose, outcomes_by_dose
from tombola.study.statistics.equivalence import Margin
from tombola.study.statistics.families import Correction, adjust
from tombola.study.statistics.filters import sensitivity
from tombola.study.statistics.mixed import mixed_tables
from tombola.study.statistics.notes import notes_on
from tombola.study.statistics.recognition import (
    accuracy_table,
    difference_table,
    friedman,
    majority_table,
    outcome_test,
)
from tombola.study.statistics.shares import image_table, interval_table, share_table
from tombola.study.statistics.strengths import (
    SINGLE_NU,
    Strengths,
    bradley_terry,
    davidson,
    strengths_table,
    tie_rates_differ,
)
from tombola.study.statistics.tables import Analysis
from tombola.study.statistics.testing import collect_tests
from tombola.study.statistics.votes import PairsGiven, pair_counts, pairs_of


def valid_analysis(
    answers: pd.DataFrame,
    *,
    pairs: PairsGiven = None,
    families: Mapping[str, Sequence[str]] | None = None,
    correction: Correction = "holm",
    margin: Margin = None,
    doses: Mapping[str, Dose] | None = None,
    reference: str | None = None,
    locked: bool | None = None,
    cr1: bool = False,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Analysis:
    """Return everything of section 11 of the reference that these answers allow.

    Parameters
    ----------
    answers
        The tidy frame; any tasks.
    pairs
        Pairs (A, B) as the study declared them.
    families, correction, locked
        Declared families of tests, how to adjust within them, and whether a preregistration lock holds: see `adjust`.
    margin
        Largest difference that does not matter, fixed beforehand, for all tests or by the name of the test: adds
        equivalence tests.
    doses, reference
        Compression rate and replicate of every condition: adds dose-response contrasts; for pairwise answers also the
        condition that all others were compared with.
    cr1
        Small-sample factor of clustered variances.
    draws, seed
        Of every bootstrap.

    Returns
    -------
    Analysis
        Tables as documented in ``docs/study-analysis.md``.

    Raises
    ------
    TombolaError
        If the frame is not valid, there are no answers, or an option does not fit.
    """
    if not len(validate(answers)):
        raise TombolaError("there are no answers to analyse")
    found = Analysis()
    if len(of_task(answers, "pairwise")):
        _pairwise(found, answers, pairs, margin, cr1, draws, seed)
    if len(of_task(answers, "recognition")):
        _recognition(found, answers, margin, cr1)
    for name, make in OTHER_TASKS.items():
        _keep(found, name, make(answers, cr1=cr1))
    for name, table in agreement_tables(answers, pairs=pairs, draws=draws, seed=seed).items():
        _keep(found, name, table)
    if doses is not None:
        _dose(found, answers, doses, reference, draws, seed)
    _keep(found, "sensitivity", sensitivity(answers, pairs=pairs, cr1=cr1))
    tests = collect_tests(found.tables)
    _keep(found, "tests", adjust(tests, families=families, correction=correction, locked=locked))
    found.notes += notes_on(answers, found.tables, locked)
    return found


OTHER_TASKS: Mapping[str, Callable[..., pd.DataFrame]] = {
    "task_accuracy": tasks.task_accuracy,
    "trust": tasks.trust_table,
    "change": tasks.change_table,
}


def _keep(found: Analysis, name: str, table: pd.DataFrame) -> None:
    if len(table):
        found.tables[name] = table


def _pairwise(
    found: Analysis,
    answers: pd.DataFrame,
    pairs: PairsGiven,
    margin: Margin,
    cr1: bool,
    draws: int,
    seed: int,
) -> None:
    found.tables["pairs"] = pair_counts(answers, pairs)
    found.tables["shares"] = share_table(answers, pairs=pairs, margin=margin, cr1=cr1)
    found.tables["share_intervals"] = interval_table(answers, pairs=pairs, draws=draws, seed=seed)
    found.tables["share_images"] = image_table(answers, pairs=pairs)
    effects = {pair.label: class_effects(answers, pair, cr1=cr1) for pair in pairs_of(answers, pairs)}
    tests = [
        (label, kind, test.statistic, test.df, test.p)
        for label, each in effects.items()
        for kind, test in (("clustered", each.clustered), ("naive", each.naive))
    ]
    found.tables["class_heterogeneity"] = pd.DataFrame(tests, columns=["pair", "kind", "chi2", "df", "p"])
    found.tables["class_shares"] = pd.concat([each.table for each in effects.values()], ignore_index=True)
    _strengths(found, answers, pairs, cr1)
    tables, notes = mixed_tables(answers, pairs=pairs)
    found.tables.update(tables)
    found.notes += notes


def _strengths(found: Analysis, answers: pd.DataFrame, pairs: PairsGiven, cr1: bool) -> None:
    models: dict[str, Callable[[], Strengths]] = {
        "bradley-terry": lambda: bradley_terry(answers, pairs=pairs, cr1=cr1),
        "davidson": lambda: davidson(answers, pairs=pairs, cr1=cr1),
        "davidson, nu per pair": lambda: davidson(answers, pairs=pairs, ties="per-pair", cr1=cr1),
    }
    tables, fits = [], []
    for name, fit in models.items():
        try:
            one = fit()
        except TombolaError as error:
            found.notes.append(f"{name}: {error}.")
            continue
        tables.append(strengths_table(name, one))
        fits.append((name, one.fit.log_likelihood, one.fit.chi2, one.fit.df, one.fit.p))
    if tables:
        found.tables["strengths"] = pd.concat(tables, ignore_index=True)
        found.tables["strength_fits"] = pd.DataFrame(fits, columns=["model", "log_likelihood", "chi2", "df", "p"])
    chi2, df, p = tie_rates_differ(answers, pairs)
    if p < 0.05:
        found.notes.append(SINGLE_NU.format(chi2=chi2, df=df, p=p))


def _recognition(found: Analysis, answers: pd.DataFrame, margin: Margin, cr1: bool) -> None:
    found.tables["recognition"] = accuracy_table(answers, cr1=cr1)
    found.tables["recognition_differences"] = difference_table(answers, margin=margin, cr1=cr1)
    found.tables["recognition_majority"] = majority_table(answers)
    tests = [("contingency", outcome_test(answers)), ("friedman", friedman(answers))]
    rows = [(name, test.statistic, test.df, test.p) for name, test in tests]
    found.tables["recognition_tests"] = pd.DataFrame(rows, columns=["test", "chi2", "df", "p"])


def _dose(
    found: Analysis,
    answers: pd.DataFrame,
    doses: Mapping[str, Dose],
    reference: str | None,
    draws: int,
    seed: int,
) -> None:
    tables, means = [], []
    for task in answers.task.unique():
        values = outcomes_by_dose(answers, doses, task=task, reference=reference)
        if (rates := values.rate.nunique()) < RATES:
            found.notes.append(f"No dose response of {task}: answers to {rates} compression rates, {RATES} are needed.")
            continue
        response = dose_response(values, draws=draws, seed=seed)
        tables.append(response.table.assign(task=task, peak_rate=response.peak))
        means.append(response.means.assign(task=task))
        found.notes += [response.caveat] if response.caveat else []
    if tables:
        found.tables["dose_contrasts"] = pd.concat(tables, ignore_index=True)
        found.tables["dose_means"] = pd.concat(means, ignore_index=True)
