"""``tombola explain``: files, tables, pictures, the report's section, two levels side by side, mistakes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tombola.cli.main import main
from tombola.experiments import run
from tombola.explain.measuring import VALUES
from tombola.specs import resolve

QUICK = ["--metrics", "gini", "deletion", "pointing-game", "change-spearman", "--images", "3"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes = {
        "network": {"family": "conv", "conv": ["6", "M"], "linear": ["10"]},
        "train": {"steps": 60, "record_every": 30},
        "prune": {"levels": 2, "conv_rate": 0.5},
        "controls": ["reinit:1"],
        "replicates": 2,
    }
    return run(resolve("lenet-digits", changes=changes), tmp_path_factory.mktemp("runs")).path


@pytest.fixture(scope="module")
def explained(finished: Path) -> Path:
    """The folder of Grad-CAM of all levels, with a control, by all metrics."""
    assert main(["explain", str(finished), "--images", "3", "--controls", "reinit"]) == 0
    return finished / "explain" / "grad-cam"


def test_maps_and_pictures(explained: Path) -> None:
    maps = np.load(explained / "maps.npz", allow_pickle=False)
    networks = [name for name in maps if name.startswith("replicate") and "/" not in name]
    assert len(networks) == 2 * (3 + 2)
    assert "replicate-1-level-2-reinit-0" in networks
    assert maps["replicate-0-level-0"].shape == (3, 8, 8)
    assert maps["replicate-0-level-0"].dtype == np.float32
    assert maps["replicate-0-level-0/targets"].shape == maps["images"].shape == (3,)
    folders = sorted(path.name for path in (explained / "overlays").iterdir())
    assert folders == sorted(networks)
    files = [path.name for path in sorted((explained / "overlays" / networks[0]).iterdir())]
    assert files == [f"image-{index:05d}.png" for index in maps["images"]]
    assert min(Image.open(explained / "sheet.png").size) > 400
    assert "<svg" in (explained / "metrics.svg").read_text()


def test_tables(explained: Path) -> None:
    values = pd.read_csv(explained / "values.csv", keep_default_na=False)
    assert list(values.columns) == VALUES
    own = values[values.method == "grad-cam"]
    assert len(own) == 10 * 3 * own.metric.nunique()
    # digits do not say where objects are: missing, not 0
    assert set(own[own.metric == "pointing-game"].value) == {""}
    networks = pd.read_csv(
        explained / "metrics.csv", keep_default_na=False, na_values={"mean": "", "low": "", "high": ""}
    )
    where = networks[(networks.method == "grad-cam") & (networks.metric == "gini")]
    assert len(where) == 10
    row = where[(where.replicate == 1) & (where.level == 2) & (where.control == "none")].iloc[0]
    mine = own[(own.replicate == 1) & (own.level == 2) & (own.control == "none") & (own.metric == "gini")]
    assert row["mean"] == pytest.approx(mine.value.astype(float).mean())
    assert row.low <= row["mean"] <= row.high
    assert (row.n, row.sanity != "") == (3, True)
    levels = pd.read_csv(explained / "levels.csv", keep_default_na=False)
    gini = levels[(levels.metric == "gini") & (levels.method == "grad-cam")]
    assert gini.condition.tolist() == ["level 0", "level 1", "level 1, reinit", "level 2", "level 2, reinit"]
    assert (gini.n == 6).all()
    assert set(levels[levels.method == "random"].level) == {0, 1, 2}
    assert set(levels[levels.method == "edge-detector"].level) == {0}
    # the dense network has not changed from itself
    change = levels[(levels.metric == "change-l1") & (levels.method == "grad-cam")].set_index("condition").n
    assert change["level 0"] == 0
    assert change["level 1"] == 6
    sanity = pd.read_csv(explained / "sanity.csv")
    assert set(sanity.check) == {"weights", "edges", "centre", "constant"}


def test_the_report_shows_them(explained: Path) -> None:
    folder = explained.parent.parent
    assert main(["report", str(folder)]) == 0
    page = (folder / "report.html").read_text()
    assert 'id="explanations"' in page
    assert page.count("data:image/png;base64,") >= 1
    assert "deletion" in page
    broken = folder / "explain" / "broken"
    broken.mkdir()
    (broken / "explanation.json").write_text('{"method": "broken"')
    assert main(["report", str(folder)]) == 0


def test_a_method_that_fails_is_marked_everywhere(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(finished), "--method", "edge-detector", "--levels", "0", *QUICK]) == 0
    told = capsys.readouterr().out
    assert "edge-detector (fails: edges, weights)" in told
    folder = finished / "explain" / "edge-detector"
    assert told.strip().endswith(str(folder))
    for table in ("metrics", "levels"):
        frame = pd.read_csv(folder / f"{table}.csv", keep_default_na=False)
        assert set(frame[frame.method == "edge-detector"].sanity) == {"fails: edges, weights"}
    assert json.loads((folder / "explanation.json").read_text())["sanity"] == "fails: edges, weights"
    sound = np.asarray(Image.open(folder / "sheet.png"))
    assert (sound == [255, 205, 190]).all(axis=2).sum() > 1000  # the banner of the sheet
    assert main(["report", str(finished)]) == 0
    assert "edge-detector \N{EN DASH} fails sanity checks" in (finished / "report.html").read_text()


def test_it_can_be_made_again_and_old_overlays_go(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["explain", str(finished), *QUICK, "--no-sanity", "--out", str(out)]
    assert main([*arguments, "--levels", "0-1", "--renderer", "window"]) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert main([*arguments, "--levels", "0-1", "--renderer", "window"]) == 0
    assert before == {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert main([*arguments, "--levels", "1", "--indices", "5", "--images", "9"]) == 0
    assert sorted(path.name for path in (out / "overlays").iterdir()) == ["replicate-0-level-1", "replicate-1-level-1"]
    assert [path.name for path in (out / "overlays" / "replicate-0-level-1").iterdir()] == ["image-00005.png"]
    table = pd.read_csv(out / "levels.csv", keep_default_na=False)
    assert set(table[table.method == "grad-cam"].sanity) == {"unchecked"}
    # held against the dense network, which was not asked for
    assert table[table.metric == "change-spearman"].n.tolist() == [2]


def test_pictures_without_metrics(finished: Path, tmp_path: Path) -> None:
    assert (
        main(["explain", str(finished), "--metrics", "none", "--levels", "2", "--images", "2", "--out", str(tmp_path)])
        == 0
    )
    assert (tmp_path / "sheet.png").is_file()
    assert not (tmp_path / "metrics.svg").exists()


def test_two_levels_side_by_side(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "compare", str(finished), "0", "2", "--images", "5"]) == 0
    folder = finished / "explain" / "grad-cam" / "compare-0-2"
    assert capsys.readouterr().out.strip().endswith(str(folder))
    changes = pd.read_csv(folder / "changes.csv")
    assert len(changes) == 2 * 5
    for _, rows in changes.groupby("replicate"):
        assert rows.l1.is_monotonic_decreasing
    assert Image.open(folder / "sheet.png").width > 500


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--method", "grad-kam"], "did you mean 'grad-cam'"),
        (["--metrics", "deletoin"], "did you mean 'deletion'"),
        (["--renderer", "heat"], "heatmap"),
        (["--sanity", "lables"], "did you mean 'labels'"),
        (["--sanity", "labels", "--no-sanity"], "contradict"),
        (["--target", "tru"], "did you mean 'true'"),
        (["--levels", "7"], "no level 7"),
        (["--controls", "reinti"], "did you mean 'reinit'"),
        (["--set", "masks=5"], "no option 'masks'"),
        (["--set", "masks"], "name=value"),
        (["--layer", "conv.99"], "no layer 'conv.99'"),
        (["--indices", "999"], "image 999"),
        (["--imagse", "3"], "did you mean '--images'"),
        (["--method", "grad-cam", "rise", "--out", "x"], "--out names one folder"),
    ],
)
def test_mistakes_are_one_sentence(
    finished: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(finished), *arguments]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert sentence in told[-1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["0"], "name two"), (["0", "0"], "compared with itself"), (["0", "9"], "no level 9")],
)
def test_mistakes_of_comparing(
    finished: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "compare", str(finished), *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_what_there_is_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--list"]) == 0
    told = capsys.readouterr().out
    for name in ("grad-cam", "edge-detector", "road-least", "heatmap", "labels"):
        assert name in told
