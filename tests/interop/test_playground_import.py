"""The playground framework's experiments as run folders (playground reference, section 8)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tombola.analysis import summarise
from tombola.errors import TombolaError
from tombola.interop.playground import import_playground
from tombola.records import FINAL, GRID
from tombola.store import JobId, Run, open_run


@pytest.fixture
def imported(tmp_path: Path, playground: Any) -> Any:
    """Import an experiment after `change` has worked on it; give the experiment, what was noticed, and the run."""

    def make(change: Any = None, prefix: str = "", stream: bool = False, **fields: Any) -> tuple[Any, Any, Run]:
        experiment = playground.Experiment(**fields)
        place = experiment.write(tmp_path, prefix, stream=stream)
        if change is not None:
            change(experiment, place)
        made = import_playground(place, tmp_path / "runs")
        assert made.jobs == len(list(made.path.glob("jobs/*/*/*/*/job.json")))
        return experiment, made.findings, open_run(made.path)

    return make


def effective(experiment: Any, replicate: int, level: int, shift: float, name: str) -> torch.Tensor:
    state = experiment.state(replicate, level, shift)
    return torch.where(state[f"{name}.weight_mask"] == 1, state[f"{name}.weight_orig"], 0.0)


@pytest.mark.parametrize("stream", [False, True], ids=["zip", "stream"])
def test_everything_arrives(imported: Any, stream: bool) -> None:
    experiment, findings, run = imported(stream=stream)
    assert findings.warnings == []
    assert len(run.jobs) == 2 * (3 + 2 * 2)
    assert {info.status for info in run.jobs.values()} == {"done"}
    tickets = run.records.sel(control="none", repetition=0)
    for name, legacy in {"val_loss": "val_loss", "val_accuracy": "val_acc", "train_loss": "train_loss"}.items():
        assert np.array_equal(tickets[name].values, experiment.histories[legacy])
    assert run.records.step.values.tolist() == [100, 200, 300, 400, 500, 600, 700, 800, 900]
    assert run.records.on_grid.values.all()
    table = run.early_stop_table()
    for replicate in range(2):
        for level in range(3):
            row = table[(table.control == "none") & (table.replicate == replicate) & (table.level == level)].iloc[0]
            assert row.early_stop_step == experiment.stop(replicate, level) + 1  # 0-based there (B9)
            ticket = run.ticket(replicate, level)
            assert round(ticket.mask.density, 4) == experiment.sparsity[level]
            for ours, theirs in (("linear.0", "fc.0"), ("linear.2", "fc.2"), ("output", "out")):
                mask = experiment.masks[replicate][level][theirs] == 1
                assert torch.equal(ticket.mask[f"{ours}.weight"], mask)
                expected = effective(experiment, replicate, level, 0.25, theirs)
                assert torch.equal(ticket.early_stop[f"{ours}.weight"], expected)
                assert not torch.signbit(ticket.early_stop[f"{ours}.weight"][~mask]).any()
                initial = experiment.initial[replicate][theirs]
                assert torch.equal(ticket.initial[f"{ours}.weight"], torch.where(mask, initial, 0.0))
            assert set(ticket.initial) == {"linear.0.weight", "linear.2.weight", "output.weight"}
        last = run.ticket(replicate, 2)
        assert torch.equal(last.trained["output.bias"], experiment.state(replicate, 2, 0.5)["out.bias"])
        assert torch.equal(last.trained["output.weight"], effective(experiment, replicate, 2, 0.5, "out"))


def test_the_spec_says_what_it_was(imported: Any) -> None:
    _, _, run = imported(epoch_count=2)
    spec = run.spec
    assert (spec.replicates, spec.prune.levels, spec.controls) == (2, 2, ("reinit:2",))
    assert (spec.network.family, spec.network.activation, spec.network.linear) == ("lenet", "tanh", ("8", "4"))
    assert (spec.train.length, spec.train.lr, spec.train.batch_size) == ("2ep", 0.0012, 60)
    assert (spec.train.record_every, spec.train.validation_loss) == ("100st", "batch-mean")
    assert (spec.prune.conv_rate, spec.prune.linear_rate, spec.prune.output_rate) == (0.1, 0.2, 0.1)
    assert (spec.prune.procedure, spec.prune.reset, spec.prune.control_init) == ("iterative", *["weights-only"] * 2)
    assert (spec.data.name, spec.data.validation, spec.data.normalisation) == ("mnist", 5000, "mnist")
    assert run.environment["provenance"] == "imported"
    assert run.environment["data"] == {"name": "mnist", "train": 55_000, "validation": 5_000, "test": 10_000}
    assert run.environment["ended"] == "2020-09-08T17:03:11"
    assert run.environment["device"] == "cuda:0 (A device)"


def test_one_shot_keeps_its_own_counts(imported: Any) -> None:
    _, _, run = imported(specs={"experiment_name": "osp"}, controls=0)
    assert (run.spec.prune.procedure, run.spec.prune.counts) == ("one-shot", "legacy-half-rate")
    assert run.spec.prune.control_init == "full"


@pytest.mark.parametrize(
    "fields",
    [
        {"net": "Conv", "dataset": "CIFAR-10", "plan_conv": ["4B", "M", "3", "A"], "plan_fc": ["6"]},
        {"net": "Conv", "dataset": "CIFAR-10", "plan_conv": [2, 2, "M", 3, "M"], "plan_fc": []},
        {"net": "Lenet", "dataset": "Toy-MNIST", "plan_fc": [5], "epoch_count": 2, "plot_step": 2},
    ],
    ids=["batch-norm", "integers", "toy"],
)
def test_networks_of_all_plans(imported: Any, fields: dict[str, Any]) -> None:
    experiment, findings, run = imported(net_count=1, prune_count=1, controls=0, **fields)
    assert findings.warnings == []
    ticket = run.ticket(0, 1)
    if "4B" in experiment.plan_conv:
        assert list(ticket.mask) == ["conv.0.weight", "conv.4.weight", "linear.0.weight", "output.weight"]
        assert ticket.trained["conv.1.running_var"].tolist() == [2.0] * 4
        assert ticket.trained["conv.1.num_batches_tracked"].item() == 916
    module = ticket.module("trained")
    images = torch.ones(2, *run.ticket(0, 1).provenance["input_shape"])
    assert module(images).shape == (2, 10)
    assert [layer.kind for layer in run.layers][-1] == "output"


def test_the_network_computes_what_theirs_did(imported: Any) -> None:
    experiment, _, run = imported()
    state = experiment.state(1, 2, 0.5)
    images = torch.linspace(-1, 1, 784).reshape(1, 784)
    x = images
    for name in ("fc.0", "fc.2"):
        x = torch.tanh(x @ (state[f"{name}.weight_orig"] * state[f"{name}.weight_mask"]).T + state[f"{name}.bias"])
    expected = x @ (state["out.weight_orig"] * state["out.weight_mask"]).T + state["out.bias"]
    assert torch.allclose(run.ticket(1, 2).module()(images.reshape(1, 1, 28, 28)), expected, atol=1e-6)


@pytest.mark.parametrize(
    "prefix",
    ["2022_01_02-03_04_05-NetNames.LENET-DatasetNames.MNIST", "2022_01_02-03_04_05-Lenet-MNIST", "my results (1)"],
)
def test_both_spellings_of_prefixes(tmp_path: Path, playground: Any, prefix: str) -> None:
    place = playground.Experiment(specs={"net": "NetNames.LENET"}).write(tmp_path, prefix)
    other = str(place).replace("NetNames.LENET-DatasetNames.MNIST", "Lenet-MNIST")
    for number, given in enumerate((place, other, f"{place}-specs.json", f"{place}-")):
        made = import_playground(given, tmp_path / str(number))
        assert made.jobs == 14
    assert made.path.name.startswith(("2022_01_02-03_04_05-Lenet-MNIST-", "my_results_1-"))


def test_files_of_one_experiment_may_be_spelled_in_two_ways(tmp_path: Path, playground: Any) -> None:
    place = playground.Experiment().write(tmp_path, "2020_09_08-17_03_11-Lenet-MNIST")
    for file in tmp_path.glob("*-random-histories*"):
        file.rename(file.with_name(file.name.replace("Lenet-MNIST", "NetNames.LENET-DatasetNames.MNIST")))
    assert open_run(import_playground(place, tmp_path / "runs").path).spec.controls == ("reinit:2",)


def test_without_early_stop_files_masks_between_are_not_invented(imported: Any) -> None:
    _, findings, run = imported(early_stop=False)
    assert findings.warnings == []
    assert sum("Masks of replicate" in sentence for sentence in findings.unknown) == 2
    assert run.ticket(0, 0).mask.density == 1
    assert round(run.ticket(0, 2).mask.density, 4) == round(float(run.density.sel(replicate=0, level=2)), 4)
    with pytest.raises(TombolaError, match="the mask of replicate 0, level 1 is not known"):
        _ = run.ticket(0, 1).mask
    assert run.jobs[JobId(0, 1)].density == pytest.approx(0.8004, abs=1e-4)
    assert run.remaining.values[:, 1].tolist() == [[-1] * 3] * 2
    with pytest.raises(TombolaError, match=r"early-stop state .* was not kept"):
        run.ticket(0, 2).module("early_stop")
    with pytest.raises(TombolaError, match=r"did not keep the initial values of linear\.0\.bias"):
        run.ticket(0, 2).module("initial")
    assert len(summarise(run)) == 5


def test_histories_alone_are_enough(imported: Any) -> None:
    def change(experiment: Any, place: Path) -> None:
        for number in range(2):
            Path(f"{place}-net{number}.pth").unlink()

    _, findings, run = imported(change, early_stop=False, controls=0)
    assert [w for w in findings.warnings if "is missing" in w] == findings.warnings
    assert len(findings.warnings) == 2
    assert len(run.jobs) == 6
    assert run.ticket(1, 0).mask.density == 1


@pytest.mark.parametrize(
    "names",
    [
        {"train_loss": "loss_h", "val_acc": "val_acc_h", "test_acc": "test_acc_h", "sparsity": "sparsity_h"},
        {"train_loss": "loss_histories", "val_acc": "val_acc_histories", "sparsity": "sparsity_history"},
    ],
)
def test_old_names_of_histories(imported: Any, names: dict[str, str]) -> None:
    def change(experiment: Any, place: Path) -> None:
        arrays = experiment.histories | {"sparsity": experiment.sparsity}
        old = {new: arrays[name] for name, new in names.items()} | {"val_acc_ep_h": np.zeros((2, 3, 1))}
        np.savez(f"{place}-histories.npz", **old)

    experiment, findings, run = imported(change, early_stop=False, controls=0, without=("duration", "experiment_name"))
    assert np.array_equal(
        run.records.sel(control="none", repetition=0).train_loss.values, experiment.histories["train_loss"]
    )
    assert np.isnan(run.records.val_loss.values).all()
    assert run.early_stop_table().early_stop_step.isna().all()
    assert {info.status for info in run.jobs.values()} == {"done"}
    assert any("The files hold no val_loss" in sentence for sentence in findings.unknown)
    assert any("val_acc_ep_h" in sentence for sentence in findings.notes)


def test_a_training_that_diverged_is_failed(imported: Any) -> None:
    def change(experiment: Any, place: Path) -> None:
        experiment.histories["val_loss"][1, 2] = np.nan
        np.savez(f"{place}-histories.npz", **experiment.histories, sparsity=experiment.sparsity)

    _, _, run = imported(change, early_stop=False)
    assert [job for job, info in run.jobs.items() if info.status == "failed"] == [JobId(1, 2)]
    assert "no validation loss is finite" in run.jobs[JobId(1, 2)].reason


def test_controls_of_some_replicates(imported: Any) -> None:
    def change(experiment: Any, place: Path) -> None:
        Path(f"{place}-random-histories0.npz").unlink()

    _, _, run = imported(change)
    assert run.spec.controls == ("reinit:2",)
    assert {job.replicate for job in run.jobs if job.control == "reinit"} == {1}
    assert run.ticket(1, 2, "reinit", 1).mask == run.ticket(1, 2).mask


def test_the_last_record_is_flagged_where_it_is_the_last_step(imported: Any) -> None:
    _, _, run = imported(net="Conv", dataset="CIFAR-10", plan_conv=[2], plan_fc=[2], plot_step=150, net_count=1)
    with np.load(run.folder.job(JobId(0, 0)) / "records.npz") as arrays:
        assert arrays["flags"].tolist() == [GRID] * 4 + [GRID | FINAL]


def test_import_json_tells_where_everything_comes_from(imported: Any, tmp_path: Path) -> None:
    _, _, run = imported(specs={"comment": "by hand", "prune_method": "other"})
    record = json.loads((run.path / "import.json").read_text())
    assert record["format"] == "playground"
    assert len(record["files"]) == 8
    assert all(len(digest) == 64 for digest in record["files"].values())
    assert record["facts"]["comment"] == "by hand"
    assert any("comment" in sentence for sentence in record["notes"])
    assert any("'other'" in sentence for sentence in record["notes"])
    assert "notes" in run.environment
    assert not list((tmp_path / "runs").glob(".*"))


def test_a_second_import_is_refused(imported: Any, tmp_path: Path) -> None:
    _, _, run = imported()
    with pytest.raises(TombolaError, match="is there already"):
        import_playground(tmp_path / "2020_09_08-17_03_11-Lenet-MNIST", tmp_path / "runs")
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [run.path.name]


def test_a_failed_import_leaves_nothing(tmp_path: Path, playground: Any) -> None:
    place = playground.Experiment().write(tmp_path)
    content = Path(f"{place}-net1.pth").read_bytes()
    Path(f"{place}-net1.pth").write_bytes(content[: len(content) // 2])
    with pytest.raises(TombolaError, match=r"net1\.pth is damaged or cut off"):
        import_playground(place, tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


def test_no_plug_in_is_named_and_nothing_foreign_is_imported(tmp_path: Path, playground: Any) -> None:
    place = playground.Experiment().write(tmp_path)
    code = (
        "import sys\nfrom tombola.interop.playground import import_playground\nfrom tombola.store import open_run\n"
        f"run = open_run(import_playground({str(place)!r}, {str(tmp_path / 'runs')!r}).path)\n"
        "run.ticket(0, 2).module()\nassert run.spec.plugins == ()\n"
        "assert not {'experiments', 'pickle5', 'dill'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
