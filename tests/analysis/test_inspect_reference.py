"""Published layer densities beside a network's own (sparse_analysis.md 10), in every form such a table may have."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tombola.analysis.inspect_reference import beside_reference
from tombola.cli.main import main
from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.interop.layer_reference import read_layer_reference
from tombola.specs import resolve

PERCENTS = (50, 3.72, 1.44, 0.59)
LAYERS = 20


def densities() -> np.ndarray:
    """Percents by layer and network."""
    random = np.random.default_rng(0)
    return np.round(np.array(PERCENTS) * random.uniform(0.5, 1.5, (LAYERS, 4)), 3)


def table(form: str) -> pd.DataFrame:
    frame = pd.DataFrame(densities(), columns=[f"{percent}" for percent in PERCENTS])
    names = [f"conv{number}" for number in range(LAYERS)]
    return {
        "plain": frame,
        "numbered": frame.rename_axis("layer").reset_index(),
        "named": frame.assign(name=names)[["name", *frame]],
        "percent signs": frame.map(lambda value: f"{value}%").rename(columns=lambda name: f"sparsity_{name}%"),
        "fractions": (frame / 100).assign(name=names)[["name", *frame]],
        "layers across": frame.set_axis(names).T.rename_axis("network").reset_index(),
    }[form]


@pytest.mark.parametrize("form", ["plain", "numbered", "named", "percent signs", "fractions", "layers across"])
def test_every_form_holds_the_same_densities(form: str, tmp_path: Path) -> None:
    table(form).to_csv(tmp_path / "resnet20_layerwise_sparsity.csv", index=False)
    found = read_layer_reference(tmp_path / "resnet20_layerwise_sparsity.csv")
    assert [*found.columns] == ["50 %", "3.72 %", "1.44 %", "0.59 %"]
    np.testing.assert_allclose([*found.columns.values()], densities().T / 100, rtol=1e-12)
    assert len(found.layers) == LAYERS
    assert found.layers[3] == ("conv3" if form in ("named", "fractions", "layers across") else "3")
    assert bool(found.remarks) == (form in ("fractions", "layers across"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is no table"),
        ("a,b\n1\n", "different numbers of cells"),
        ("50,10\n1,x\n", "'x' is no density"),
        ("50,10\n1,nan\n2,3\n", "is no density"),
        ("a 50,b 10\n1,200\n2,3\n", "outside of 0 to 100"),
        ("a 50,b 50\n1,20\n2,3\n", "same heading"),
        ("a,b\n", "holds no densities"),
    ],
)
def test_what_is_no_such_table_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(TombolaError, match=sentence):
        read_layer_reference(tmp_path / "r.csv")


def test_layers_are_paired_in_order_and_shortcuts_left_out(tmp_path: Path) -> None:
    table("plain").iloc[:3].to_csv(tmp_path / "r.csv", index=False)
    reference = read_layer_reference(tmp_path / "r.csv")
    names = ["conv", "blocks.0.shortcut.0", "blocks.0.conv1", "fc", "all"]
    rows = [{"layer": name, "density": 0.01, "kept": 10, "total": 1000} for name in names]
    found = beside_reference(rows, reference)
    assert found.layer.tolist() == ["conv", "blocks.0.conv1", "fc"]
    assert found.attrs == {"nearest": "1.44 %", "left_out": ["blocks.0.shortcut.0"]}
    np.testing.assert_allclose(found["3.72 %"], densities()[:3, 1] / 100)
    with pytest.raises(TombolaError, match="has 3 layers and the network 2"):
        beside_reference(rows[2:], reference)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = {
        "train": {"steps": 4, "record_every": 4},
        "replicates": 1,
        "prune": {"levels": 1},
        "network": {"family": "lenet", "linear": [8, 6]},
    }
    path = run(resolve("lenet-digits", changes=changes), tmp_path / "runs").path
    (tmp_path / "theirs.csv").write_text("layer,50,80\na,40,70\nb,60,80\nc,70,95\n")
    capsys.readouterr()
    assert main(["inspect", str(path), "--reference", str(tmp_path / "theirs.csv")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "beside theirs.csv" in printed
    assert "50 % (nearest)" in printed
    assert "95.00" in printed
