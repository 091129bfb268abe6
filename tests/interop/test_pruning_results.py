"""The published study's result file (explainability reference, sections 4.4 and 4.5)."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tombola.cli.main import main
from tombola.errors import TombolaError
from tombola.interop.pruning_results import OWN, read_pruning_results, seconds

LADDER = {  # section 4.4: rate -> best epoch, max train, validation, test top-1, top-5 correct, seconds
    2: (0, 9359, 1107, 2724, 2797, 24 * 60 + 24),
    4: (2, 9303, 1095, 2686, 2795, 28 * 60 + 33),
    8: (13, 9243, 1078, 2635, 2793, 53 * 60 + 27),
    16: (26, 9192, 1064, 2615, 2792, 82 * 60 + 11),
    32: (28, 8947, 1027, 2522, 2783, 82 * 60 + 18),
    64: (27, 8649, 1008, 2443, 2779, 80 * 60 + 14),
}
HEADER = "," + ",".join(OWN)


@pytest.fixture
def file(beside: Callable[[str], Path]) -> Path:
    return beside("seeds/explainability/pruning_results_02-05-2021_14-49-20.csv")


def test_the_published_ladder(file: Path) -> None:
    table = read_pruning_results(file).set_index("target_rate")
    assert list(table.index) == [1, *LADDER]
    columns = ["best_epoch", "max_train_correct", "val_correct", "test_correct", "test_top5_correct", "seconds"]
    for rate, expected in LADDER.items():
        assert tuple(table.loc[rate, columns]) == expected
    for share, count, n in (("val_top1", "val_correct", 1125), ("test_top1", "test_correct", 2800)):
        assert (table[share] * n - table[count]).abs().max() < 1e-3
    assert set(table.loc[2:, "scope"]) == {"conv"}
    assert table.test_top1.iloc[1:].is_monotonic_decreasing


def test_what_was_not_written_down_is_missing_and_never_0(file: Path) -> None:
    first = read_pruning_results(file).iloc[0]
    assert (first.target_rate, first.test_top1, first.test_top5) == (1, 0.97, 1.0)
    missing = ["scope", "model", "batch_size", "max_epochs", "best_epoch", "seconds", "test_correct", "val_correct"]
    assert first[missing].isna().all(), "two typed decimals are no count"


def test_nothing_is_called_sparsity(file: Path) -> None:
    assert not [name for name in read_pruning_results(file) if "sparsity" in name]


def test_the_command_prints_and_writes_it(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "pruning-results", str(file)]) == 0
    printed = capsys.readouterr().out
    target = tmp_path / "ladder.csv"
    assert main(["import", "pruning-results", str(file), "--output", str(target)]) == 0
    assert target.read_text() == printed
    assert pd.read_csv(target).test_correct.tolist()[1:] == [values[3] for values in LADDER.values()]
    assert main(["import", "pruning-results", str(file), "--output", str(target)]) == 2


@pytest.mark.parametrize(("text", "value"), [("24m 24s", 1464), ("59s", 59), ("1h 1m 1s", 3661), ("2m 0s", 120)])
def test_times(text: str, value: int) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a,b\n1,2\n", "lacks column 'pruning_method'"),
        ("", "lacks column"),
        (f"{HEADER}\n0,m,two,features,p,64,50,0,.9,.9,1m 1s,.9,.9\n", "'two' in column 'sparsity' of row 0"),
        (f"{HEADER}\n0,m,2,features,p,64,50,0,.9,.9,1:01,.9,.9\n", "'1:01' in column 'time_elapsed' of row 0"),
    ],
)
def test_other_files_are_refused_by_name(rows: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text(rows)
    with pytest.raises(TombolaError, match=said):
        read_pruning_results(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="cannot be read as CSV: No such file"):
        read_pruning_results(tmp_path / "absent.csv")
