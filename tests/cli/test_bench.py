"""`tombola bench train`, on a network of a few hundred weights: what it tells, not how fast anything is."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tombola.cli.bench_train import Options, input_of, remaining
from tombola.cli.main import main
from tombola.specs import resolve

QUICK = ["bench", "train", "lenet-digits", "--steps", "2", "--repeats", "2", "--cores", "2"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    files = ["--json", str(folder / "bench.json"), "--svg", str(folder / "bench.svg")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        assert main([*QUICK, "--density", "1", "0.1", *files]) == 0
    return folder


def test_every_engine_of_a_cpu_is_timed_at_every_density(measured: Path) -> None:
    figures = json.loads((measured / "bench.json").read_text())
    cells = {(cell["engine"], round(cell["density"], 2)): cell for cell in figures["cells"]}
    assert set(cells) == {(engine, density) for engine in ("dense", "sparse") for density in (1.0, 0.1)}
    assert all(cell["milliseconds"] > 0 and cell["predicted"] > 0 for cell in cells.values())
    assert min(figures[name] for name in ("plain", "floor", "peak")) > 0
    assert (figures["batch"], figures["cores"], figures["repeats"]) == (60, 2, 2)
    assert "stacked" in figures["missing"]


def test_the_floor_is_all_products_at_the_peak(measured: Path) -> None:
    figures = json.loads((measured / "bench.json").read_text())
    flops = 2 * 60 * (2 * 64 * 40 + 3 * 40 * 20 + 3 * 20 * 10)
    assert figures["floor"] == pytest.approx(flops / (figures["peak"] * 1e9 * 2) * 1e3)


def test_the_figure_names_its_lines(measured: Path) -> None:
    text = (measured / "bench.svg").read_text()
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "pyplot" not in text


def test_levels_keep_what_the_preset_plans() -> None:
    spec = resolve("lenet-digits")
    shape, classes = input_of(spec)
    dense, second = remaining(spec, shape, classes, Options("lenet-digits", levels=(0, 2)))
    assert dense == {"linear.0.weight": 2560, "linear.2.weight": 800, "output.weight": 200}
    assert second == {"linear.0.weight": 921, "linear.2.weight": 288, "output.weight": 128}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bench", "trai"], "unknown benchmark 'trai'"),
        (["bench", "train", "lenet-digit"], "lenet-digit"),
        (["bench", "train", "lenet-digits", "--repeats", "0"], "--repeats 0"),
        (["bench", "train", "lenet-digits", "--density", "0"], "--density 0"),
        (["bench", "train", "lenet-digits", "--levels", "-1"], "--levels -1"),
    ],
)
def test_mistakes_are_one_sentence(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert len(told.splitlines()) == 1
