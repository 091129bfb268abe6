"""Pickled tables, read without pandas and without unpickling."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tombola.errors import TombolaError
from tombola.interop.sparse_analysis.arguments import read_table
from tombola.interop.sparse_analysis.frames import read_frame
from tombola.interop.sparse_analysis.histories import records
from tombola.interop.sparse_analysis.logs import Log, read_gem_log, read_synflow_log
from tombola.records import FINAL, GRID, START

STORED = "seeds/sparse_analysis/All_Results/FC/10"


@pytest.fixture(scope="module")
def stored(beside: Callable[[str], Path]) -> Path:
    return beside(STORED)


def table(**columns: list[object]) -> pd.DataFrame:
    """A table whose texts are objects, as pandas had them when these files were written."""
    made = pd.DataFrame({name: pd.Series(values, dtype=object if isinstance(values[0], str | tuple) else None)
                         for name, values in columns.items()})  # fmt: skip
    made.columns = pd.Index(list(columns), dtype=object)
    return made


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_numbers_texts_and_booleans_are_read(protocol: int, tmp_path: Path) -> None:
    made = table(loss=[1.5, float("nan")], step=[3, 4], good=[True, False], name=["a", "b"], shape=[(1, 2), (3,)])
    made.to_pickle(tmp_path / "t.pkl", protocol=protocol)
    frame = read_frame(tmp_path / "t.pkl")
    assert list(frame) == ["loss", "step", "good", "name", "shape"]
    np.testing.assert_array_equal(frame["loss"], made.loss.to_numpy())
    assert [list(frame[name]) for name in ("step", "good", "name", "shape")] == [
        [3, 4],
        [True, False],
        ["a", "b"],
        [(1, 2), (3,)],
    ]


def test_objects_that_lie_by_column_are_read_by_row(tmp_path: Path) -> None:
    values = np.asfortranarray(np.array([["a", 1], ["b", 2], ["c", 3]], dtype=object))
    made = pd.DataFrame(values, columns=pd.Index(["p", "q"], dtype=object), dtype=object)
    made.to_pickle(tmp_path / "t.pkl")
    assert read_frame(tmp_path / "t.pkl") == {"p": ["a", "b", "c"], "q": [1, 2, 3]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "names os.system"),
        (pickle.dumps({"a": 1}), "holds no table of pandas"),
        (pickle.dumps(pd.Timestamp), "names pandas"),
        (b"\x80\x04", "damaged"),
        (b"", "damaged"),
        (b"\x80\x04cpandas.core.frame\nDataFrame\n)\x81}b.", "a table without columns"),
    ],
)
def test_what_is_no_table_is_refused_and_never_run(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "t.pkl").write_bytes(content)
    with pytest.raises(TombolaError, match=told):
        read_frame(tmp_path / "t.pkl")


def test_a_cut_table_is_one_sentence(tmp_path: Path) -> None:
    table(loss=[1.5, 2.5], name=["a", "b"]).to_pickle(tmp_path / "t.pkl")
    whole = (tmp_path / "t.pkl").read_bytes()
    for end in range(0, len(whole) - 1, 37):
        (tmp_path / "t.pkl").write_bytes(whole[:end])
        with pytest.raises(TombolaError):
            read_frame(tmp_path / "t.pkl")


def test_other_tables_are_refused_by_name(tmp_path: Path) -> None:
    table(loss=[1.5]).to_pickle(tmp_path / "post-train.pkl")
    with pytest.raises(TombolaError, match="no log of Synaptic-Flow"):
        read_synflow_log(tmp_path / "post-train.pkl")
    with pytest.raises(TombolaError, match="no score table"):
        read_table(tmp_path / "post-train.pkl")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TombolaError, match="no log of Gem-Miner"):
        read_gem_log(tmp_path / "a.csv")


def test_epochs_that_were_logged_twice_count_once() -> None:
    numbers = {"epoch": [0, 1, 1, 2, 2, 4], "test_acc_before_rounding": [5, 5, -1, -1, -1, -1.0]}
    log = Log(Path("x"), "gem-miner", {name: np.array(v, float) for name, v in numbers.items()} | {
        "test_acc": np.array([10, 20, 30, 40, 50, 60.0])
    })  # fmt: skip
    found = records(log, 100)
    assert found.step.tolist() == [0, 100, 300]
    assert found.flags.tolist() == [START, GRID, GRID | FINAL]
    assert found.test_accuracy.tolist() == [0.3, 0.4, 0.6]


def test_a_search_without_fine_tuning_is_its_own_training() -> None:
    columns = {"epoch": [0.0, 1.0], "test_acc_before_rounding": [5.0, 5.0], "test_acc": [10.0, 20.0]}
    found = records(Log(Path("x"), "gem-miner", {name: np.array(v) for name, v in columns.items()}), None)
    assert found.step.tolist() == [1, 2]
    assert records(None, 3).flags.tolist() == [START | FINAL]


@pytest.mark.data
def test_stored_tables(stored: Path) -> None:
    """Layer sums of SynFlow's scores at 10 %, replicate 21, and densities (reference, sections 3.2 and 5)."""
    frame = read_frame(stored / "syn_10_21" / "compression-synflow-1-10.pkl")
    sums = [float(s) for s, p in zip(frame["score sum"], frame["prunable"], strict=True) if p]
    assert [round(s) for s in sums] == [5122, 5154, 5216, 5236, 5243, 5245]
    found = read_table(stored / "syn_10_21" / "compression-synflow-1-10.pkl")
    assert [round(100 * density, 1) for density in found.density.values()] == [3.5, 14.5, 23.4, 22.4, 23.5, 81.3]
    assert (found.pruner, found.exponent, found.levels, found.kept, found.size) == ("synflow", 1, 10, 11940, 119400)
    log = read_synflow_log(stored / "syn_10_21" / "post-train.pkl")
    assert (log.rows, log.column("test")[-1], log.column("test")[0]) == (26, 95.59, 9.58)
