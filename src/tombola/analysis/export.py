"""A comparison as plain data: one flat table for CSV, one nested document for JSON."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from tombola.analysis.comparison import Comparison
from tombola.analysis.contrasts import Contrast
from tombola.analysis.intervals import Interval
from tombola.analysis.member import Member
from tombola.store.folder import TICKET

COLUMNS = (
    *("kind", "run", "minus", "level", "density", "measure", "paired", "n", "mean", "low", "high"),
    *("spread", "p", "p_holm"),
)


def comparison_table(found: Comparison) -> pd.DataFrame:
    """Return every number of a comparison, one row each.

    ``kind`` says what a row is: ``value`` (mean of a ticket or, named in ``minus``, of a control), ``dense`` (ticket
    minus dense), ``control`` (ticket minus the control named in ``minus``), ``run`` (the first run's ticket minus that
    of the run named in ``minus``). ``low`` and ``high`` are ends of 95 % intervals, ``p_holm`` the p-value adjusted
    within its family: one per run and kind. Accuracies are fractions.
    """
    return pd.DataFrame(list(_rows(found)), columns=list(COLUMNS))


def comparison_document(found: Comparison) -> dict[str, Any]:
    """Return a comparison as nested plain data: its sentences, and the rows of `comparison_table`; None for NaN."""
    rows = [{name: _plain(value) for name, value in row.items()} for row in _rows(found)]
    return {
        "measure": found.measure.column,
        "tolerance": found.tolerance if found.measure.is_accuracy else None,
        "runs": [
            {
                "label": member.label,
                "path": str(member.run.path),
                "replicates": member.run.spec.replicates,
                "densities": [_plain(density) for density in member.densities],
                "not_worse": member.reach.sentence if member.reach else None,
                "not_worse_down_to_level": member.reach.last.level if member.reach and member.reach.last else None,
                "power": member.power or None,
                "missing": member.missing or None,
            }
            for member in found.members
        ],
        "against": [
            {
                "run": found.first.label,
                "minus": each.label,
                "pairing": each.pairing.kind,
                "replicates": list(each.pairing.replicates),
                "why": each.pairing.sentence,
                "levels": [list(pair) for pair in each.matching.pairs],
                "unmatched": list(each.matching.unmatched),
                "same_training": list(each.shared),
                "power": each.power or None,
            }
            for each in found.against
        ],
        "numbers": rows,
    }


def _rows(found: Comparison) -> Iterator[dict[str, Any]]:
    for member in found.members:
        yield from _values(member, found.measure.column)
        for kind, contrasts in (("dense", member.dense), ("control", member.controls)):
            yield from (_contrast(kind, member.label, each, found.measure.column) for each in contrasts)
    for against in found.against:
        yield from (_contrast("run", found.first.label, each, found.measure.column) for each in against.contrasts)


def _values(member: Member, measure: str) -> Iterator[dict[str, Any]]:
    for level, density in enumerate(member.densities):
        for control in (TICKET, *(member.run.spec.control_repetitions() if level else ())):
            name = "" if control == TICKET else control
            place = {"kind": "value", "run": member.label, "minus": name, "level": level, "density": density}
            yield _row(place, measure, member.value(level, control), None)


def _contrast(kind: str, run: str, contrast: Contrast, measure: str) -> dict[str, Any]:
    place = {"kind": kind, "run": run, "minus": contrast.other, "level": contrast.level, "density": contrast.density}
    return _row(place, measure, contrast.difference.interval, contrast)


def _row(place: dict[str, Any], measure: str, interval: Interval, contrast: Contrast | None) -> dict[str, Any]:
    found = contrast.difference if contrast else None
    return place | {
        "measure": measure,
        "paired": found.paired if found else None,
        "n": interval.n,
        "mean": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "spread": found.spread if found else math.nan,
        "p": found.p if found else math.nan,
        "p_holm": found.adjusted if found else math.nan,
    }


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
