"""``tombola plot`` as a user meets it."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from PIL import Image

import tombola
from tombola.cli.main import main
from tombola.cli.plot_command import KINDS, default_name, level_numbers
from tombola.errors import TombolaError
from tombola.plots import plot_kinds
from tombola.plots.kinds.registry import options_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes = {"train": {"steps": 12, "record_every": 4}, "replicates": 1, "prune": {"levels": 2}}
    return tombola.run(tombola.resolve("lenet-digits", changes=changes), out=tmp_path_factory.mktemp("runs")).path


def test_help_lists_every_kind_with_its_own_words() -> None:
    assert dict(KINDS) == {name: (plot_kinds[name].__doc__ or "").splitlines()[0] for name in plot_kinds}


def test_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["plot", "--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"- {name}: {text[:40]}" in shown for name, text in KINDS.items())


def test_default_name_lies_in_the_run_and_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", str(folder), "matrices", "--level", "1", "--state", "initial"]) == 0
    target = folder / "plots" / "matrices-level-1-initial.svg"
    assert capsys.readouterr().out == f"{target}\n"
    assert target.read_text().startswith("<?xml")
    assert tombola.open_run(folder).jobs, "the run is still a run"


@pytest.mark.parametrize(
    ("arguments", "kind", "expected"),
    [
        (["--levels", "every:2", "--first", "2"], "curves", {"levels": (0, 2), "first": 2}),
        (["--measure", "val_accuracy", "train_loss"], "curves", {"measure": ("val_accuracy", "train_loss")}),
        (["--control", "none", "--spread", "none"], "curves", {"controls": (), "spread": None}),
        (["--measure", "val_loss", "--force_zero", "true"], "stop-accuracy",
         {"measure": "val_loss", "force_zero": True}),
        (["--level", "1", "--control", "reinit", "--repetition", "0"], "matrices",
         {"level": 1, "control": "reinit", "repetition": 0}),
        (["--levels", "0-1", "--layer", "output", "--replicate", "0"], "histograms",
         {"levels": (0, 1), "layer": "output", "replicate": 0}),
    ],
)  # fmt: skip
def test_options_reach_the_kind(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    kind: str,
    expected: dict[str, Any],
) -> None:
    seen: list[dict[str, Any]] = []

    def watch(kind: str, runs: Any, **options: Any) -> Figure:
        seen.append(options)
        return Figure()

    monkeypatch.setattr("tombola.plots.kinds.make_figure", watch)
    assert main(["plot", str(folder), kind, "-o", str(tmp_path / "a.png"), *arguments]) == 0
    assert seen == [expected]
    assert set(expected) <= set(options_of(plot_kinds[kind]))


def test_several_runs_formats_and_animations(folder: Path, tmp_path: Path) -> None:
    assert main(["plot", str(folder), str(folder), "stop-accuracy", "-o", str(tmp_path / "two.pdf")]) == 0
    assert (tmp_path / "two.pdf").read_bytes().startswith(b"%PDF")
    assert main(["plot", str(folder), "emerging", "-o", str(tmp_path / "a.gif")]) == 0
    with Image.open(tmp_path / "a.gif") as picture:
        assert getattr(picture, "n_frames", 1) == 3
    assert main(["plot", str(folder), "curves", "-o", str(tmp_path / "curves"), "--format", "png", "--dpi", "50"]) == 0
    assert (tmp_path / "curves").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["RUN", "curvs"], "unknown plot kind 'curvs' (did you mean 'curves'?); kinds are"),
        (["RUN", "xyzzy"], "unknown plot kind 'xyzzy'; kinds are curves, densities, emerging"),
        (["RUN"], "give RUN and KIND; kinds are curves, "),
        ([], "RUN"),
        (["curves"], "no run to draw"),
        (["nowhere", "curves"], "nowhere is no run folder"),
        (["RUN", "curves", "--layer", "output"], "has no use for --layer; it takes --control, --first"),
        (["RUN", "curves", "--levels", "7"], "has no level 7"),
        (["RUN", "curves", "--levels", "every:0"], "--levels every:0"),
        (["RUN", "curves", "--measure", "accuracy"], "unknown measure 'accuracy'"),
        (["RUN", "curves", "--control", "shuffle"], "has no control 'shuffle'"),
        (["RUN", "matrices", "--levels", "0", "1"], "draws one level at a time; --levels names 2"),
        (["RUN", "matrices", "--state", "final"], "unknown state 'final'"),
        (["RUN", "curves", "--format", "gif"], "format 'gif'"),
        (["RUN", "curves", "-o", "a.jpg"], "ends in no known format: 'jpg'"),
        (["RUN", "curves", "--dpi", "5"], "--dpi 5"),
        (["RUN", "RUN", "matrices"], "shows one run, and 2 are given"),
        (["RUN", "curves", "--plugins", "no_such_module"], "module 'no_such_module' cannot be imported"),
    ],
)
def test_mistakes_exit_2_with_one_sentence(
    folder: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["plot", *(str(folder) if word == "RUN" else word for word in arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_module_of_the_user_adds_a_kind(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_pictures.py").write_text(
        "from tombola.plots import plot_kinds\n\n\n"
        "@plot_kinds.register('my-levels')\n"
        "def my_levels(figure, runs, *, levels=None):\n"
        '    """One dot per level."""\n'
        "    figure.subplots().plot(levels or range(runs[0].spec.prune.levels + 1), 'o')\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        options = ["-o", "mine.png", "--plugins", "my_pictures", "--levels", "1", "2"]
        assert main(["plot", str(folder), "my-levels", *options]) == 0
        assert (tmp_path / "mine.png").is_file()
    finally:
        plot_kinds._items.pop("my-levels", None)  # type: ignore[attr-defined]


def test_levels_are_numbers_ranges_and_steps() -> None:
    assert level_numbers(["every:2"], 5) == [0, 2, 4]
    assert level_numbers(["3", "1,0", "5-7"], 9) == [0, 1, 3, 5, 6, 7]
    for wrong in ("-1", "a", "3-", "every:", "1.5"):
        with pytest.raises(TombolaError, match="give numbers"):
            level_numbers([wrong], 9)


def test_file_names_say_what_is_in_them() -> None:
    assert default_name("curves", {}, "svg", 1) == "curves.svg"
    assert (
        default_name("curves", {"levels": (0, 2), "measure": ("val_loss",)}, "svg", 2)
        == "curves-2-runs-levels-0-2-val_loss.svg"
    )
    assert default_name("kernels", {"layer": "../x y"}, "png", 1) == "kernels-.._x_y.png"
