"""Stored networks of both families as run folders: masks, states, records, names; and six real ones."""

import csv
import json
import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from tombola.cli.main import main
from tombola.data import load
from tombola.errors import TombolaError
from tombola.interop.sparse_analysis import Collection, import_networks
from tombola.networks import build, prunable_layers
from tombola.records import FINAL, GRID, START
from tombola.specs import DataSpec, NetworkSpec
from tombola.store import Run, open_run
from tombola.store.states import load_ticket
from tombola.training.evaluate import evaluate

FILES = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "sparse_analysis_files.py")))
Net = FILES.Network
STORED = "seeds/sparse_analysis"

ACCURACIES = {
    ("gem-miner", "21"): (93.63, 85.20, 3516),
    ("gem-miner", "42"): (93.45, 84.48, 3478),
    ("synflow", "21"): (95.59, 9.58, 11940),
    ("synflow", "42"): (95.54, 10.10, 11940),
    ("random", "21"): (11.35, 10.10, 11940),
    ("random", "42"): (11.35, 8.92, 11940),
}
"""Final test accuracy, that before training, and kept weights of FC networks at 10 % (reference, section 6)."""


def runs_of(made: Collection) -> dict[str, Run]:
    return {run.path.name.rsplit("-", 1)[0].removeprefix("in-"): open_run(run.path) for run in made.runs}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Collection, dict[str, Run]]:
    """Both families, two architectures, two densities, a dense baseline, a mislabelled network."""
    folder = tmp_path_factory.mktemp("stored")
    networks = [
        *(Net(method, density, 21) for method in ("gem", "syn") for density in (50, 10)),
        Net("syn", 10, 42),
        Net("dense", 100, 21, folder="FC/100/100_21", content=100, arguments={"level_list": [0], "expid": ""}),
        Net("gem", 10, 42, "Resnet20", content=5),
        Net("syn", 10, 42, "Resnet20"),
    ]
    imported = import_networks(FILES.write_all(folder / "in", networks), folder / "out")
    return imported, runs_of(imported)


def test_a_run_holds_one_method_with_densities_as_levels(made: tuple[Collection, dict[str, Run]]) -> None:
    imported, runs = made
    assert set(runs) == {"fc-gem-miner", "fc-synflow", "resnet20-gem-miner", "resnet20-synflow"}
    synflow = runs["fc-synflow"]
    assert [str(job) for job in synflow.jobs] == [
        "replicate 0, level 0",  # the dense network, which began as its replicate did
        "replicate 0, level 1",
        "replicate 0, level 2",
        "replicate 1, level 2",
    ]
    assert synflow.spec.prune.densities == pytest.approx((10**-0.3, 0.1), rel=1e-5)
    assert (synflow.spec.prune.score, synflow.spec.prune.shots, synflow.spec.train.lr) == ("synflow", 10, 0.1)
    assert runs["resnet20-synflow"].spec.train.schedule.milestones == ("60ep", "120ep")
    assert synflow.density.values[0] == pytest.approx([1, 0.5, 0.1], abs=2e-3)
    assert len(imported.networks) == 8


def test_tickets_hold_effective_masks_and_the_states_of_the_files(made: tuple[Collection, dict[str, Run]]) -> None:
    _, runs = made
    network = Net("gem", 10, 21)
    files = network.states()
    ticket = runs["fc-gem-miner"].ticket(0, 2)
    names = [layer.name for layer in prunable_layers(build(NetworkSpec(architecture="fc-gem"), (1, 28, 28), 10))]
    after = files["model_after_finetune.pth"]
    for number, name in zip((1, 3, 5, 7, 9, 11), names, strict=True):
        flag, score = after[f"model.{number}.flag"], after[f"model.{number}.scores"]
        keep = (flag == 1) & (score > 0.5)
        assert torch.equal(ticket.mask[name], keep)
        zero = torch.zeros(())
        assert torch.equal(ticket.trained[name], torch.where(keep, after[f"model.{number}.weight"], zero))
        first = files["init_model.pth"][f"model.{number}.weight"]
        assert torch.equal(ticket.initial[name], torch.where(keep, first, zero))
    assert ticket.provenance["source"] == "FC/10/gem_10_21"
    assert ticket.provenance["nominal"] == ticket.mask.remaining()  # this one is as it says


def test_the_nominal_mask_is_kept_beside_the_effective_one(tmp_path: Path) -> None:
    root = FILES.write_all(tmp_path / "in", [Net("gem", effective=3)])
    run = open_run(import_networks(root, tmp_path / "out").runs[0].path)
    ticket = run.ticket(0, 1)
    nominal = load_ticket(ticket.path / "nominal.safetensors").mask
    assert ticket.mask.density == pytest.approx(0.03, abs=2e-3)
    assert nominal.density == pytest.approx(0.1, abs=1e-4)
    assert ticket.mask.is_within(nominal)
    assert ticket.provenance["nominal"] == nominal.remaining()
    assert ticket.provenance["errors"] == ["effective-density"]
    assert run.density.item((0, 1)) == ticket.mask.density


@pytest.mark.parametrize(("name", "size"), [("resnet20-gem-miner", 268_336), ("resnet20-synflow", 270_896)])
def test_residual_networks_can_be_built_and_compute(
    name: str, size: int, made: tuple[Collection, dict[str, Run]]
) -> None:
    run = made[1][name]
    ticket = run.ticket(0, 1)
    assert ticket.mask.size == size  # reference, section 2.2
    module = ticket.module("trained")
    with torch.no_grad():
        assert module(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    layers = prunable_layers(module, run.spec.network.prunable)
    assert [layer.name for layer in layers] == [layer.name for layer in run.layers]
    assert {layer.name for layer in layers} == set(ticket.mask)
    file = {"resnet20-gem-miner": "model_after_finetune.pth", "resnet20-synflow": "post-model.pt"}[name]
    network = Net("gem", 10, 42, "Resnet20", content=5) if "gem" in name else Net("syn", 10, 42, "Resnet20")
    stored = network.states()[file]
    theirs = "layer3.2.conv1" if "gem" in name else "blocks.8.conv1"
    keep = ticket.mask["blocks.8.conv1.weight"]
    assert torch.equal(ticket.trained["blocks.8.conv1.weight"][keep], stored[f"{theirs}.weight"][keep])


def test_records_are_those_of_the_masked_training(made: tuple[Collection, dict[str, Run]]) -> None:
    _, runs = made
    gem = (
        runs["fc-gem-miner"].records.sel(control="none", repetition=0, replicate=0, level=2).dropna("record", how="all")
    )
    rows = Net("gem", 10, 21).rows()
    tuned = [row for row in rows if row[1] == -1]
    assert gem.step.values[:3].tolist() == [0, 430, 860]  # 55,000 images in batches of 128 (section 2.4)
    assert gem.test_accuracy.values == pytest.approx([row[2] / 100 for row in tuned])
    assert gem.val_accuracy.values == pytest.approx([row[3] / 100 for row in tuned])
    assert np.isnan(gem.val_loss.values).all()
    synflow = runs["fc-synflow"]
    records = synflow.records.sel(control="none", repetition=0, replicate=0, level=2)
    assert records.step.values[:3].tolist() == [0, 938, 1876]  # 60,000 images in batches of 64
    table = synflow.early_stop_table().query("level == 2 and replicate == 0").iloc[0]
    last = Net("syn", 10, 21).rows()[-1]
    assert (table.final_step, table.final_test_accuracy) == (25 * 938, pytest.approx(last[2] / 100))
    assert (table.status, np.isnan(table.early_stop_step)) == ("done", True)


def test_logs_are_kept_as_they_are(made: tuple[Collection, dict[str, Run]]) -> None:
    path = made[1]["fc-gem-miner"].ticket(0, 2).path / "history.csv"
    rows = list(csv.reader(path.read_text().splitlines()))
    expected = Net("gem", 10, 21).rows()
    assert rows[0][:2] == ["epoch", "test_acc_before_rounding"]
    assert [[float(value) for value in row] for row in rows[1:]] == expected


def test_runs_say_what_is_wrong(made: tuple[Collection, dict[str, Run]], capsys: pytest.CaptureFixture[str]) -> None:
    run = made[1]["resnet20-gem-miner"]
    record = json.loads((run.path / "import.json").read_text())
    assert len(record["errors"]) == 1
    assert "label-content" in record["errors"][0]
    assert all(code in (run.path / "integrity.csv").read_text() for code in ("label-content", "denominator"))
    assert main(["report", str(run.path)]) == 0
    assert main(["compare", str(run.path), str(made[1]["fc-synflow"].path)]) == 0
    told = capsys.readouterr().err
    assert told.count("was imported with 1 open error") == 2
    assert "labelled 10 % by its path, and its mask keeps 5.000 %" in told
    assert "labelled 10 % by its path" in (run.path / "report.html").read_text()


def test_networks_of_several_folders_with_one_label_are_all_kept(tmp_path: Path) -> None:
    networks = [Net("rnd", masks=mask, folder=f"{mask}/rnd_10_21") for mask in (1, 2)]
    imported = import_networks(FILES.write_all(tmp_path / "in", networks), tmp_path / "out")
    run = open_run(imported.runs[0].path)
    assert len(run.jobs) == 2
    assert json.loads((run.path / "import.json").read_text())["facts"]["replicates"] == ["21", "21 (2)"]


def test_files_are_found_by_what_is_in_them(tmp_path: Path) -> None:
    folder = Net("syn", folder="a/b/c/d").write(tmp_path / "in")
    for number, name in enumerate(("post-model.pt", "model.pt", "model_before_train.pt")):
        (folder / name).rename(folder / f"{number}.pt")
    (tmp_path / "in" / "notes.pt").write_bytes(b"")
    ticket = open_run(import_networks(tmp_path / "in", tmp_path / "out").runs[0].path).ticket(0, 1)
    files = Net("syn").states()
    keep = files["post-model.pt"]["11.weight_mask"] == 1
    assert torch.equal(ticket.trained["output.weight"][keep], files["post-model.pt"]["11.weight"][keep])
    assert torch.equal(ticket.initial["output.weight"][keep], files["model.pt"]["11.weight"][keep])


def test_one_network_can_be_named_and_families_can_be_told_apart(tmp_path: Path) -> None:
    root = FILES.write_all(tmp_path / "in", [Net("gem"), Net("syn")])
    one = import_networks(root / "FC/10/gem_10_21", tmp_path / "one")
    assert open_run(one.runs[0].path).ticket(0, 1).provenance["source"] == "gem_10_21"
    assert [n.method for n in import_networks(root, tmp_path / "gem", format="gem-miner").networks] == ["gem-miner"]
    assert [n.method for n in import_networks(root, tmp_path / "syn", format="synaptic-flow").networks] == ["synflow"]
    with pytest.raises(TombolaError, match="is there already"):
        import_networks(root / "FC/10/gem_10_21", tmp_path / "one")
    with pytest.raises(TombolaError, match="holds no network of gem-miner"):
        import_networks(root / "FC/10/syn_10_21", tmp_path / "none", format="gem-miner")
    with pytest.raises(TombolaError, match="is no folder"):
        import_networks(tmp_path / "nowhere", tmp_path / "none")


def test_normalisation_that_files_leave_out_is_as_it_began(tmp_path: Path) -> None:
    def shorten(network: Any, states: dict[str, Any]) -> None:
        for state in states.values():
            for name in [name for name in state if "num_batches" in name or name.endswith(("bn1.bias", "bn2.bias"))]:
                del state[name]

    root = FILES.write_all(tmp_path / "in", [Net("gem", 10, 42, "Resnet20", change=shorten)])
    ticket = open_run(import_networks(root, tmp_path / "out").runs[0].path).ticket(0, 1)
    assert not ticket.trained["blocks.0.bn1.bias"].any()
    assert ticket.module("trained")(torch.rand(1, 3, 32, 32)).shape == (1, 10)


def test_folders_may_be_links(tmp_path: Path) -> None:
    Net("syn").write(tmp_path / "elsewhere")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "FC").symlink_to(tmp_path / "elsewhere" / "FC")
    (tmp_path / "elsewhere" / "FC" / "round").symlink_to(tmp_path / "in")
    assert len(import_networks(tmp_path / "in", tmp_path / "out").networks) == 1


def test_other_networks_keep_their_names(tmp_path: Path) -> None:
    def widen(network: Any, states: dict[str, Any]) -> None:
        for state in states.values():
            state["stem.weight"], state["stem.weight_mask"] = torch.ones(5, 3, 7, 7), torch.ones(5, 3, 7, 7)

    root = FILES.write_all(tmp_path / "in", [Net("syn", folder="other/net", change=widen)])
    run = open_run(import_networks(root, tmp_path / "out").runs[0].path)
    ticket = run.ticket(0, 1)
    assert "stem.weight" in ticket.mask
    assert run.spec.network.architecture == "other"
    with pytest.raises(TombolaError, match="imported by the names of its weights only"):
        ticket.module("trained")


def test_the_command_prints_findings_a_table_and_run_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = FILES.write_all(tmp_path / "in", [Net("gem", effective=3), Net("syn")])
    assert main(["import", "sparse-analysis", str(root), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    folders = printed.out.split()
    assert [open_run(folder).spec.name for folder in folders] == ["in-fc-gem-miner", "in-fc-synflow"]
    assert "error: FC/10/gem_10_21: effective density" in printed.err
    assert "integrity of the networks" in printed.err


def test_tables_alone_are_records_without_tickets(tmp_path: Path) -> None:
    """Synaptic-Flow keeps two tables for each compression, and no tensors (reference, section 10)."""
    for density, exponent in ((50, "0.3"), (10, "1")):
        folder = Net("syn", density).write(tmp_path / str(density))
        target = tmp_path / "in" / "synflow"
        target.mkdir(parents=True, exist_ok=True)
        (folder / "post-train.pkl").rename(target / f"post-train-synflow-{exponent}-10.pkl")
        next(folder.glob("compression-*")).rename(target / f"compression-synflow-{exponent}-10.pkl")
    made = import_networks(tmp_path / "in", tmp_path / "out", format="synaptic-flow")
    run = open_run(made.runs[0].path)
    assert run.spec.prune.densities == pytest.approx((10**-0.3, 0.1), rel=1e-5)
    assert run.density.values[0, 1:] == pytest.approx([0.5, 0.1], abs=1e-4)
    assert run.remaining.sel(replicate=0, level=2).sum() == 11_940
    assert [layer.kind for layer in run.layers] == ["linear"] * 5 + ["output"]
    table = run.early_stop_table()
    assert table.final_test_accuracy.tolist() == pytest.approx([Net("syn", d).rows()[-1][2] / 100 for d in (50, 10)])
    with pytest.raises(TombolaError, match="is not known"):
        _ = run.ticket(0, 1).mask
    assert main(["report", str(run.path)]) == 0
    assert not [f for f in made.findings if f.severity != "note"]


# The stored networks themselves


@pytest.fixture(scope="module")
def stored(beside: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return import_networks(beside(STORED), tmp_path_factory.mktemp("six"))


@pytest.mark.data
def test_the_most_important_findings_are_told(stored: Collection) -> None:
    """Flags are not the mask (section 1.1), and nothing else is wrong with these six."""
    errors = [finding for finding in stored.findings if finding.severity == "error"]
    assert [(f.code, f.subject.rsplit("/", 1)[-1]) for f in errors] == [
        ("effective-density", "gem_10_21"),
        ("effective-density", "gem_10_42"),
    ]
    assert [f.evidence["kept"] for f in errors] == [3516, 3478]  # section 6
    assert not [finding for finding in stored.findings if finding.severity == "warning"]
    strength = next(f for f in stored.findings if f.code == "inferred-regularisation").evidence["strength"]
    assert list(strength.values()) == pytest.approx([1e-4, 1e-4], rel=1e-3)  # section 9.3
    shared = [f.evidence["methods"] for f in stored.findings if f.code == "shared-initialisation"]
    assert shared == [["random", "synflow"]] * 2  # section 7.3


@pytest.mark.data
def test_stored_accuracies_reproduce(stored: Collection, data_root: Path) -> None:
    data = load(DataSpec(name="mnist", root=str(data_root), normalisation="mnist"), 0)
    seen = {}
    for made in stored.runs:
        run = open_run(made.path)
        facts = json.loads((made.path / "import.json").read_text())["facts"]
        method = run.spec.name.split("-fc-")[1]
        for job in (job for job in run.jobs if job.control == "none"):
            ticket = run.ticket(job.replicate, job.level)
            final, before = (100 * evaluate(ticket.module(s), data).accuracy for s in ("trained", "initial"))
            seen[method, facts["replicates"][job.replicate]] = (final, before, ticket.mask.count)
    assert seen.keys() == ACCURACIES.keys()
    for key, (final, before, kept) in ACCURACIES.items():
        assert seen[key] == (pytest.approx(final, abs=0.01), pytest.approx(before, abs=0.01), kept)


@pytest.mark.data
def test_sanity_checks_are_controls(stored: Collection) -> None:
    run = next(open_run(made.path) for made in stored.runs if "gem-miner" in made.path.name)
    table = run.early_stop_table().query("control == 'reinit'")
    assert (100 * table.final_test_accuracy).tolist() == pytest.approx([94.19, 93.09])  # section 6
    records = run.records.sel(control="reinit", repetition=0, replicate=0, level=1)
    assert records.step.values[-1] == 25 * 430
    assert START | GRID | FINAL == 7
