"""``tombola export``, and ``tombola import state-dict --network``, as a user meets them."""

from pathlib import Path

import pytest
import torch

from tombola.cli.main import main
from tombola.experiments import run
from tombola.interop import read_state_dict
from tombola.specs import resolve
from tombola.store import open_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes = {"train": {"steps": 10, "record_every": 5}, "prune": {"levels": 2}, "replicates": 1}
    return run(resolve("lenet-digits", changes=changes), tmp_path_factory.mktemp("cli")).path


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def export(folder: Path, *arguments: str) -> int:
    return main(["export", str(folder), *arguments])


def test_one_line_of_summary_and_the_path(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(folder, "--replicate", "0", "--level", "2", "--to", "safetensors", "--state", "early_stop") == 0
    out, err = capsys.readouterr()
    path = Path(out.strip())
    assert path.name == f"{folder.name}-replicate0-level2-early-stop.safetensors"
    mask = open_run(folder).ticket(0, 2).mask
    assert read_state_dict(path)[1] == mask
    assert len(err.splitlines()) == 1
    for part in (
        f"density {mask.density:.4f}",
        "3 layers",
        f"{mask.count:,} of {mask.size:,} weights",
        "early stop state",
    ):
        assert part in err
    assert f"{path.stat().st_size / 1000:.0f} kB" in err


def test_masks_and_controls_have_names_of_their_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ticket = ["--replicate", "0", "--level", "1"]
    assert export(folder, *ticket, "--control", "reinit", "--repetition", "0", "--to", "masks-npz") == 0
    assert capsys.readouterr().out.strip() == f"{folder.name}-replicate0-level1-reinit0.npz"


def test_pruning_format_and_both_spellings_of_options(folder: Path, tmp_path: Path) -> None:
    ticket = ["--replicate", "0", "--level", "1", "--to", "state-dict"]
    assert export(folder, *ticket, "--pruning-format", "torch", "-o", "a.pth") == 0
    assert export(folder, *ticket, "--pruning_format=torch", "--output", "b.pth") == 0
    assert "output.weight_orig" in torch.load("a.pth", weights_only=True)
    assert Path("a.pth").read_bytes() == Path("b.pth").read_bytes()
    (tmp_path / "there").mkdir()
    assert export(folder, *ticket, "-o", "there") == 0  # a folder: the default name in it
    assert [file.suffix for file in (tmp_path / "there").iterdir()] == [".pth"]


def test_all_levels_of_a_replicate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(folder, "--replicate", "0", "--to", "open-lth") == 0
    out, err = capsys.readouterr()
    assert sorted(path.name for path in Path(out.strip()).iterdir()) == ["level_0", "level_1", "level_2"]
    assert "replicate 0, 3 levels" in err
    assert "density 1.0000 to " in err


@pytest.mark.parametrize("to", ["records-csv", "records-netcdf"])
def test_records(to: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(folder, "--to", to) == 0
    assert Path(capsys.readouterr().out.strip()).name.startswith(f"{folder.name}-records.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "--to"),
        (["--to", "safetensor"], "unknown export format 'safetensor' (did you mean 'safetensors'?)"),
        (["--to", "onnx"], "say which: --replicate R --level L"),
        (["--to", "onnx", "--replicate", "0"], "say of which level: --level L"),
        (["--to", "masks-npz", "--replicate", "0", "--level", "9"], "has no replicate 0, level 9"),
        (["--to", "masks-npz", "--replicate", "-1", "--level", "0"], "has no replicate -1, level 0"),
        (["--to", "open-lth", "--replicate", "7"], "has no finished level of replicate 7"),
        (["--to", "records-csv", "--level", "1"], "--level does not fit records-csv"),
        (["--to", "state-dict", "--replicate", "0", "--level", "1", "--state", "best"], "unknown state 'best'"),
        (["--to", "state-dict", "--replicate", "0", "--level", "1", "--state", "rewind"], "was not kept"),
        (
            ["--to", "state-dict", "--replicate", "0", "--level", "1", "--pruning_format", "tourch"],
            "unknown pruning format 'tourch' (did you mean 'torch'?)",
        ),
        (["--to", "masks-npz", "--replicate", "0", "--level", "one"], "--level"),
    ],
)
def test_mistakes(arguments: list[str], sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(folder, *arguments) == 2
    out, err = capsys.readouterr()
    assert sentence in err
    assert err.startswith("tombola: ")
    assert len(err.strip().splitlines()) == 1
    assert out == ""
    assert not list(Path().iterdir())


def test_overwriting_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ticket = ["--to", "masks-npz", "--replicate", "0", "--level", "1", "-o", "it.npz"]
    assert export(folder, *ticket) == 0
    assert export(folder, *ticket) == 2
    assert "it.npz exists; give --overwrite" in capsys.readouterr().err
    assert export(folder, *ticket, "--overwrite") == 0


def test_plugins_are_imported_only_when_trusted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that names a module may be exported without it, as long as no network has to be built."""
    changes = {"train": {"steps": 10, "record_every": 5}, "prune": {"levels": 0}, "replicates": 1, "plugins": ["json"]}
    path = run(resolve("lenet-digits", changes=changes), tmp_path / "runs").path
    ticket = ["--replicate", "0", "--level", "0"]
    assert export(path, *ticket, "--to", "safetensors") == 0
    pytest.importorskip("onnxruntime", reason="the export extra is not installed")
    pytest.importorskip("onnxscript", reason="the export extra is not installed")
    assert export(path, *ticket, "--to", "onnx") == 2
    assert "names plug-ins" in capsys.readouterr().err
    assert export(path, *ticket, "--to", "onnx", "--trust") == 0


def test_weights_come_back_as_a_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ticket = ["--replicate", "0", "--level", "2", "--to", "state-dict", "--pruning_format", "torch", "-o", "w.pth"]
    assert export(folder, *ticket) == 0
    capsys.readouterr()
    assert main(["import", "state-dict", "w.pth", "--network", str(folder / "spec.yaml"), "--out", "back"]) == 0
    out, err = capsys.readouterr()
    before, after = open_run(folder).ticket(0, 2), open_run(out.strip()).ticket(0, 1)
    assert after.mask == before.mask
    assert all(torch.equal(value, before.trained[name]) for name, value in after.trained.items())
    assert "How these weights came about" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["state-dict", "w.pth", "--mask_from", "zeros"], "--mask_from needs --network"),
        (["state-dict", "w.pth", "--network", "lenet-digits", "-o", "x"], "give one of them"),
        (["playground", "w", "--network", "lenet-digits"], "--network is for state-dict"),
        (["state-dict", "w.pth", "--network", "lenet-digitz"], "neither a file nor a preset (did you mean"),
        (["state-dict", "w.pth", "--network", "lenet-digits"], "cannot read w.pth"),
    ],
)
def test_mistakes_of_imports(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(Path().iterdir())


FORMAT = """from tombola.interop import exporter, state_of

@exporter("names", "names of tensors", suffix=".txt")
def names(ticket, path, options):
    path.write_text(" ".join(state_of(ticket, options.state)))
    return ""
"""


def test_a_format_of_a_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    from tombola.interop import export_formats

    (tmp_path / "names_of_tensors.py").write_text(FORMAT)
    monkeypatch.syspath_prepend(tmp_path)
    changes = {"train": {"steps": 10, "record_every": 5}, "prune": {"levels": 0}, "replicates": 1}
    try:
        path = run(resolve("lenet-digits", changes=changes | {"plugins": ["names_of_tensors"]}), tmp_path / "runs").path
        del export_formats._items["names"], sys.modules["names_of_tensors"]  # as in a fresh process
        ticket = ["--replicate", "0", "--level", "0", "--to", "names", "-o", "n.txt"]
        assert export(path, *ticket) == 2
        assert "unknown export format 'names'" in capsys.readouterr().err
        assert export(path, *ticket, "--trust") == 0
        assert "output.weight" in Path("n.txt").read_text()
    finally:
        export_formats._items.pop("names", None)
        sys.modules.pop("names_of_tensors", None)
