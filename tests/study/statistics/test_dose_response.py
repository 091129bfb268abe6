"""Contrasts over compression rates (reference: explainability 11.8)."""

import numpy as np
import pandas as pd
import pytest

from tombola.errors import TombolaError
from tombola.study.statistics import Dose, dose_response, outcomes_by_dose

RATES = (1, 2, 4, 8, 16)


def values(rates=RATES, replicates=6, images=12, *, slope=0.0, bend=0.0, noise=0.0, shift=0.0) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    moved = rng.normal(0, shift, replicates)
    rows = [
        (r, k, i, 0.5 + (slope + moved[k]) * np.log2(r) + bend * np.log2(r) ** 2 + noise * rng.normal())
        for r in rates for k in range(replicates) for i in range(images)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["rate", "replicate", "image", "value"])


def contrasts(found) -> dict[tuple[str, str], pd.Series]:
    return {(row.contrast, row.by): row for row in found.table.itertuples()}


def test_a_straight_line_is_found_exactly() -> None:
    found = dose_response(values(slope=-0.03))
    rows = contrasts(found)
    assert rows["linear", "image"].estimate == pytest.approx(-0.03)
    assert rows["quadratic", "image"].estimate == pytest.approx(0, abs=1e-12)
    assert not found.caveat
    assert np.isnan(found.peak) or found.peak > 0


def test_a_sweet_spot_is_where_the_parabola_peaks() -> None:
    found = dose_response(values(slope=0.08, bend=-0.02))
    rows = contrasts(found)
    assert rows["quadratic", "both"].estimate == pytest.approx(-0.02)
    assert found.peak == pytest.approx(4.0)
    assert np.isnan(dose_response(values(slope=0.08, bend=0.02)).peak)


def test_replicates_and_images_both_widen() -> None:
    rows = contrasts(dose_response(values(noise=0.05, shift=0.05)))
    both = rows["linear", "both"]
    assert both.se > max(rows["linear", "image"].se, rows["linear", "replicate"].se)
    assert both.high - both.low > rows["linear", "image"].high - rows["linear", "image"].low
    assert (rows["linear", "image"].groups, rows["linear", "replicate"].groups) == (12, 6)


@pytest.mark.parametrize(("replicates", "caveat"), [(1, True), (4, True), (5, False)])
def test_the_caveat_is_printed_unless_there_are_five_replicates(replicates: int, caveat: bool) -> None:
    found = dose_response(values(replicates=replicates, noise=0.1))
    assert bool(found.caveat) == caveat
    if caveat:
        assert "cannot separate pruning from another training run" in found.caveat
    assert np.isnan(contrasts(found)["linear", "both"].low) == (replicates == 1)


def test_only_replicates_with_every_rate_count() -> None:
    frame = values()
    found = dose_response(frame[(frame.replicate < 2) | (frame.rate != 16)])
    assert found.replicates == 2
    assert found.caveat
    assert list(found.means.replicates) == [6, 6, 6, 6, 2]


def test_three_rates_are_too_few() -> None:
    with pytest.raises(TombolaError, match="at least 4 compression rates"):
        dose_response(values((1, 2, 32)))
    with pytest.raises(TombolaError, match="below 1"):
        dose_response(values((0.5, 1, 2, 4)))


def test_answers_become_outcomes(make_answers, make_pairs) -> None:
    doses = {"2x": Dose(2), "4x": Dose(4, 1)}
    rows = [(0, 1, "2x", "dog", True), (0, 2, "4x", "none", False)]
    found = outcomes_by_dose(make_answers("recognition", rows), doses, task="recognition")
    assert found.to_numpy().tolist() == [[2, 0, 1, 1], [4, 1, 2, 0]]
    votes = make_pairs([(0, 1, "dense", "2x", "2x"), (0, 2, "4x", "dense", "none"), (0, 3, "2x", "4x", "2x")])
    found = outcomes_by_dose(votes, doses, task="pairwise", reference="dense")
    assert found.to_numpy().tolist() == [[2, 0, 1, 1], [4, 1, 2, 0.5]]
    with pytest.raises(TombolaError, match="compared with"):
        outcomes_by_dose(votes, doses, task="pairwise")
    with pytest.raises(TombolaError, match="'4x' has no compression rate"):
        outcomes_by_dose(votes, {"2x": Dose(2)}, task="pairwise", reference="dense")
