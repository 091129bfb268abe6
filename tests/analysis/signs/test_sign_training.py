from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tombola.analysis.signs.training import (
    against,
    best_summary,
    curves,
    time_to_accuracy,
    training_table,
    transfer_matrix,
)
from tombola.errors import TombolaError


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [
        {"data": data, "network": network, "replicate": r, "epoch": epoch, "test_accuracy": 0.5 + gain + 0.1 * r + step}
        for data, network, gain in (
            ("A", "dense", 0.0),
            ("A", "ticket", 0.02),
            ("B", "dense", 0.1),
            ("B", "ticket", 0.2),
        )
        for r in (0, 1, 2)
        for epoch, step in ((1, 0.0), (2, 0.1), (3, 0.05))
    ]
    return pd.DataFrame(rows)


def test_curves_and_bests(table: pd.DataFrame) -> None:
    means = curves(table).set_index(["data", "network", "epoch"])
    assert means.loc[("A", "ticket", 2), "mean"] == pytest.approx(0.72)
    assert means.loc[("A", "ticket", 2), "n"] == 3
    best = best_summary(table).set_index(["data", "network"])
    assert best.loc[("B", "ticket"), "mean"] == pytest.approx(0.9)
    assert best.loc[("B", "ticket"), "sd"] == pytest.approx(0.1)


def test_paired_differences_do_not_see_what_replicates_share(table: pd.DataFrame) -> None:
    paired, unpaired = against(table), against(table, paired=False)
    assert paired["mean"].tolist() == pytest.approx([0.02, 0.1]) == unpaired["mean"].tolist()
    assert (paired.high - paired.low < 1e-9).all()
    assert (unpaired.high - unpaired.low > 0.1).all()
    with pytest.raises(TombolaError, match="no training is called 'dens'"):
        against(table, "dens")


def test_time_to_the_accuracy_of_the_reference(table: pd.DataFrame) -> None:
    found = time_to_accuracy(table).set_index(["data", "network"])
    assert found.loc[("A", "dense"), "target"] == pytest.approx(0.7)
    assert found.loc[("A", "dense"), ["reached", "of", "last_epoch"]].tolist() == [2, 3, 2]
    assert time_to_accuracy(table, 0.99).reached.sum() == 1
    never = time_to_accuracy(table, 2.0)
    assert never.mean_epoch.isna().all()


def test_transfer_matrix_has_networks_by_data(table: pd.DataFrame) -> None:
    matrix = transfer_matrix(table).set_index("network")
    assert matrix.columns.tolist() == ["A", "B"]
    assert matrix.loc["ticket", "B"] == pytest.approx(0.9)


def test_runs_become_tables_of_training(make_run: Callable[..., Any]) -> None:
    run = make_run(replicates=2, levels=2, controls=("reinit:2",))
    table = training_table([run])
    assert set(table.network) == {"dense", "ticket", "reinit"}
    ticket = table[(table.network == "ticket") & (table.replicate == 1)]
    records = run.records.sel(control="none", level=2, replicate=1).isel(repetition=0)
    expected = records.test_accuracy.values
    np.testing.assert_allclose(ticket.test_accuracy, expected[np.isfinite(expected)])
    assert len(against(table)) == 2
    alone = training_table([make_run(replicates=2, levels=0, controls=())])
    assert not alone.duplicated(["network", "replicate", "step"]).any()
    several = training_table([run], levels=[1, 2])
    assert "level 1 ticket" in set(several.network)
    time = time_to_accuracy(table, 0.5, time="step")
    assert {"mean_step", "last_step"} <= set(time.columns)
