"""Folders of open_lth as run folders; the files are written by hand as docs/interop.md says they are."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tombola.errors import TombolaError
from tombola.interop.open_lth import import_open_lth
from tombola.interop.open_lth.hparams import read_hparams
from tombola.interop.open_lth.logger import read_logger
from tombola.records import FINAL, GRID, START
from tombola.report import render
from tombola.store import JobId, open_run

PER_EPOCH = 469
HPARAMS = """Dataset Hyperparameters
    * dataset_name => mnist
    * batch_size => 128
Model Hyperparameters
    * model_name => mnist_lenet_8_4
    * model_init => kaiming_normal
Training Hyperparameters
    * optimizer_name => sgd
    * lr => 0.1
    * training_steps => 40ep
    * milestone_steps => 20ep,30ep
    * gamma => 0.2
Pruning Hyperparameters
    * pruning_strategy => sparse_global
    * pruning_fraction => 0.2
    * pruning_layers_to_ignore => fc.weight
"""
LENET = {"fc_layers.0": (8, 784), "fc_layers.1": (4, 8), "fc": (10, 4)}
RESNET = {"conv": (16, 3, 3, 3), "blocks.0.conv1": (16, 16, 3, 3), "fc": (10, 16)}


class Writer:
    """Writes an experiment: weights are told apart by level and step."""

    def __init__(self, root: Path, layers: dict[str, tuple[int, ...]] = LENET, hparams: str | None = HPARAMS) -> None:
        self.root = root
        self.layers = layers
        self.hparams = hparams
        self.random = np.random.default_rng(0)

    def masks(self, levels: int) -> list[dict[str, torch.Tensor]]:
        masks = [{f"{name}.weight": torch.ones(shape, dtype=torch.int32) for name, shape in self.layers.items()}]
        for _ in range(levels):
            gone = {
                name: torch.from_numpy(self.random.uniform(size=mask.shape) < 0.2) for name, mask in masks[-1].items()
            }
            masks.append({name: torch.where(gone[name], 0, mask) for name, mask in masks[-1].items()})
        return masks

    def state(self, value: float) -> dict[str, torch.Tensor]:
        weights = {f"{name}.weight": torch.full(shape, value) for name, shape in self.layers.items()}
        return weights | {f"{name}.bias": torch.full(shape[:1], value + 0.5) for name, shape in self.layers.items()}

    def write(
        self, levels: int = 2, replicates: tuple[int, ...] = (1, 2), log: list[str] | None = None, start: int = 0
    ) -> Path:
        for replicate in replicates:
            for level, mask in enumerate(self.masks(levels)):
                main = self.root / f"replicate_{replicate}" / f"level_{level}" / "main"
                main.mkdir(parents=True)
                if self.hparams:
                    (main / "hparams.log").write_text(self.hparams)
                torch.save(mask, main / "mask.pth")
                count = sum(int(m.sum()) for m in mask.values())
                total = sum(m.numel() for m in mask.values())
                (main / "sparsity_report.json").write_text(
                    json.dumps({"total": float(total), "unpruned": float(count)})
                )
                first = start if level else 0
                torch.save(self.state(1.0), main / f"model_ep{first // PER_EPOCH}_it{first % PER_EPOCH}.pth")
                torch.save(self.state(2.0 + level), main / "model_ep40_it0.pth")
                last = 40 * PER_EPOCH
                lines = [f"test_loss,{first},2.3", f"test_accuracy,{first},0.1", f"test_examples,{first},10000"]
                lines += [f"test_loss,{last},0.06", f"test_accuracy,{last},0.98{level}"]
                (main / "logger").write_text("\n".join(lines if log is None else log))
        return self.root


@pytest.fixture
def lenet(tmp_path: Path) -> Path:
    return Writer(tmp_path / "lottery_0123abcd").write()


def test_a_lenet_arrives_as_a_network_of_ours(lenet: Path, tmp_path: Path) -> None:
    made = import_open_lth(lenet, tmp_path / "runs")
    assert (made.jobs, made.findings.warnings) == (6, [])
    run = open_run(made.path)
    assert (run.spec.name, run.spec.replicates, run.spec.prune.levels) == ("lottery_0123abcd", 2, 2)
    assert (run.spec.network.linear, run.spec.network.activation) == (("8", "4"), "relu")
    assert run.spec.network.weight_init == "kaiming-normal"
    assert (run.spec.train.length, run.spec.train.optimiser, run.spec.train.lr) == ("40ep", "sgd", 0.1)
    assert (run.spec.train.schedule.milestones, run.spec.train.schedule.factor) == (("20ep", "30ep"), 0.2)
    assert (run.spec.prune.allocation, run.spec.prune.rate, run.spec.prune.rewind) == ("global", 0.2, "init")
    assert (run.spec.data.name, run.spec.data.normalisation, run.spec.data.validation) == ("mnist", "mnist", 0)
    assert [(layer.name, layer.kind) for layer in run.layers] == [
        ("linear.0.weight", "linear"),
        ("linear.2.weight", "linear"),
        ("output.weight", "output"),
    ]
    ticket = run.ticket(1, 2)
    stored = torch.load(lenet / "replicate_2/level_2/main/mask.pth")
    assert torch.equal(ticket.mask["linear.2.weight"], stored["fc_layers.1.weight"] == 1)
    assert torch.equal(ticket.trained["output.weight"] != 0, stored["fc.weight"] == 1)
    assert ticket.trained["output.weight"].max() == 4
    assert ticket.initial["output.weight"].max() == 1
    assert ticket.initial["linear.0.bias"].tolist() == [1.5] * 8
    weights = [(8, 784), (4, 8), (10, 4)]
    module = ticket.module("initial")
    assert [tuple(p.shape) for name, p in module.named_parameters() if name.endswith("weight")] == weights
    assert any("pruned weights that are not zero" in note for note in made.findings.notes)
    assert any("Replicates 1, 2 there are 0 to 1 here" in note for note in made.findings.notes)


def test_measurements_arrive_and_none_is_invented(lenet: Path, tmp_path: Path) -> None:
    made = import_open_lth(lenet, tmp_path / "runs")
    run = open_run(made.path)
    assert run.records.step.values.tolist() == [0, 18_760]
    assert run.records.on_grid.values.tolist() == [False, True]
    assert run.records.test_accuracy.sel(control="none", repetition=0, replicate=0).values[:, 1].tolist() == [
        *(0.98, 0.981, 0.982)
    ]
    table = run.early_stop_table()
    assert table.early_stop_step.isna().all()
    assert table.final_test_accuracy.tolist() == [0.98, 0.981, 0.982] * 2
    assert any("no validation set" in sentence for sentence in made.findings.unknown)
    assert any("test_examples, test_loss" in note for note in made.findings.notes)
    assert "lottery_0123abcd" in render(run)


def test_another_architecture_keeps_its_names(tmp_path: Path) -> None:
    hparams = HPARAMS.replace("mnist_lenet_8_4", "cifar_resnet_8").replace("=> mnist", "=> cifar10")
    root = Writer(tmp_path / "lottery_x", RESNET, hparams).write()
    run = open_run(import_open_lth(root, tmp_path / "runs").path)
    assert run.spec.network.architecture == "cifar_resnet_8"
    assert [(layer.name, layer.kind) for layer in run.layers] == [
        ("conv.weight", "conv"),
        ("blocks.0.conv1.weight", "conv"),
        ("fc.weight", "output"),
    ]
    assert run.ticket(0, 1).trained["blocks.0.conv1.weight"].shape == (16, 16, 3, 3)
    with pytest.raises(TombolaError, match="unknown network 'cifar_resnet_8'"):
        run.ticket(0, 1).module()
    assert "cifar_resnet_8" in render(run)


def test_an_unknown_data_set_cannot_be_rebuilt_but_reported(tmp_path: Path) -> None:
    root = Writer(tmp_path / "lottery_x", RESNET, None).write(replicates=(1,))
    made = import_open_lth(root, tmp_path / "runs")
    assert any("No hparams.log" in sentence for sentence in made.findings.warnings)
    run = open_run(made.path)
    with pytest.raises(TombolaError, match="imported by the names of its weights only"):
        run.ticket(0, 1).module()
    assert render(run)


def test_rewinding_is_seen_in_the_steps(tmp_path: Path) -> None:
    root = Writer(tmp_path / "lottery_x").write(start=PER_EPOCH + 31)
    run = open_run(import_open_lth(root, tmp_path / "runs").path)
    assert run.spec.prune.rewind == "step:500"
    assert run.ticket(0, 1).initial["output.weight"].max() == 1


def test_validation_where_somebody_added_it(tmp_path: Path) -> None:
    log = [f"val_loss,{469 * e},{abs(e - 20) + 1}" for e in range(41)]
    log += [f"val_accuracy,{469 * e},0.{50 + e}" for e in range(41)]
    writer = Writer(tmp_path / "lottery_x")
    root = writer.write(replicates=(1,), log=log)
    torch.save(writer.state(7.0), root / "replicate_1/level_1/main/model_ep20_it0.pth")
    run = open_run(import_open_lth(root, tmp_path / "runs").path)
    assert set(run.early_stop_table().early_stop_step) == {9380}
    assert run.spec.train.record_every == "469st"
    assert run.ticket(0, 1).early_stop["output.weight"].max() == 7
    with pytest.raises(TombolaError, match="early-stop state"):
        _ = run.ticket(0, 2).early_stop


def test_records_of_a_logger(tmp_path: Path) -> None:
    path = tmp_path / "logger"
    path.write_text("test_accuracy,0,0.1\ntest_accuracy,100,0.5\n\nval_loss,100,nan\ntest_accuracy,200,0.6\nx,1,2\n")
    log = read_logger(path)
    records = log.records()
    assert records.step.tolist() == [0, 100, 200]
    assert records.flags.tolist() == [START, GRID, GRID | FINAL]
    assert np.isnan(records.val_loss).all()
    assert records.early_stop() is None
    assert log.unused == ("x",)
    for line in ("test_loss,1", "test_loss,1.5,2", "test_loss,-1,2", "test_loss,1,2,3", "test_loss,1,two", "text"):
        path.write_text(f"test_loss,0,2\n{line}")
        with pytest.raises(TombolaError, match="line 2 is not of the form"):
            read_logger(path)
    with pytest.raises(TombolaError, match="cannot read"):
        read_logger(tmp_path / "none")


def test_both_spellings_of_hyper_parameters(tmp_path: Path) -> None:
    path = tmp_path / "hparams.log"
    path.write_text("Hparams(batch_size=128, dataset_name='mnist')\nHparams(lr=0.1, milestone_steps='20ep,30ep')\n")
    expected = {"batch_size": "128", "dataset_name": "mnist", "lr": "0.1", "milestone_steps": "20ep,30ep"}
    assert read_hparams(path) == expected
    path.write_text(HPARAMS)
    assert read_hparams(path)["pruning_layers_to_ignore"] == "fc.weight"
    assert read_hparams(tmp_path / "none") == {}


def test_folders_that_lead_to_an_experiment(lenet: Path, tmp_path: Path) -> None:
    assert import_open_lth(tmp_path, tmp_path / "a").path.name.startswith("lottery_0123abcd-")
    one = import_open_lth(lenet / "replicate_2", tmp_path / "b")
    assert (one.path.name.startswith("replicate_2-"), one.jobs) == (True, 3)
    Writer(tmp_path / "lottery_4567").write()
    with pytest.raises(TombolaError, match="holds several: lottery_0123abcd, lottery_4567; name one"):
        import_open_lth(tmp_path, tmp_path / "c")
    with pytest.raises(TombolaError, match="none is there"):
        import_open_lth(lenet / "replicate_1" / "level_0", tmp_path / "c")
    with pytest.raises(TombolaError, match="is no folder"):
        import_open_lth(tmp_path / "none", tmp_path / "c")


def test_missing_levels_masks_and_branches(lenet: Path, tmp_path: Path) -> None:
    (lenet / "replicate_1/level_1/main/logger").unlink()
    (lenet / "replicate_2/level_1/main/mask.pth").unlink()
    (lenet / "replicate_2/level_2/lottery_branch_reinit_1").mkdir()
    made = import_open_lth(lenet, tmp_path / "runs")
    run = open_run(made.path)
    assert JobId(0, 1) not in run.jobs
    assert any("Replicate 0, level 1 has no main/logger" in each for each in made.findings.warnings)
    assert any("lottery_branch_reinit_1" in each for each in made.findings.notes)
    assert any("replicate 1, level 1" in each for each in made.findings.unknown)
    with pytest.raises(TombolaError, match="the mask of replicate 1, level 1 is not known"):
        _ = run.ticket(1, 1).mask
    assert render(run)


def change_masks(value: Any) -> Any:
    return lambda main: torch.save({"fc.weight": value, "fc_layers.0.weight": torch.ones(8, 784)}, main / "mask.pth")


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (
            lambda m: (m / "sparsity_report.json").write_text('{"total": 6344, "unpruned": 1}'),
            "counts 1 of 6344 weights",
        ),
        (lambda m: (m / "sparsity_report.json").write_text("{"), "cannot be read"),
        (lambda m: torch.save({"fc.weight": torch.ones(3)}, m / "model_ep40_it0.pth"), "which the mask covers"),
        (lambda m: torch.save(torch.load(m.parents[1] / "level_0/main/mask.pth"), m / "mask.pth"), "come back"),
        (lambda m: None, ""),
    ],
)
def test_what_does_not_fit_is_told(lenet: Path, tmp_path: Path, change: Any, warning: str) -> None:
    change(lenet / "replicate_1" / "level_2" / "main")
    made = import_open_lth(lenet, tmp_path / "runs")
    assert any(warning in each for each in made.findings.warnings) == bool(warning)
    assert json.loads((made.path / "import.json").read_text())["warnings"] == made.findings.warnings


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (change_masks(torch.full((10, 4), 2.0)), "other values than 0 and 1"),
        (change_masks(torch.ones(10, 5)), "are of different networks"),
        (lambda m: (m / "mask.pth").write_bytes((m / "mask.pth").read_bytes()[:-30]), "damaged or cut off"),
        (lambda m: (m / "model_ep40_it0.pth").write_bytes(b""), "is no torch file"),
        (lambda m: torch.save(torch.nn.Linear(2, 2), m / "model_ep40_it0.pth"), "names torch.nn.modules.linear.Linear"),
        (lambda m: (m / "logger").write_text("x"), "line 1 is not of the form"),
        (lambda m: (m / "logger").write_bytes(b"\xff\xfe"), "cannot read"),
    ],
)
def test_what_cannot_be_read_is_refused(lenet: Path, tmp_path: Path, change: Any, sentence: str) -> None:
    change(lenet / "replicate_1" / "level_2" / "main")
    with pytest.raises(TombolaError, match=sentence) as caught:
        import_open_lth(lenet, tmp_path / "runs")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


def test_our_own_export_comes_back(tmp_path: Path, playground: Any) -> None:
    from tombola.interop import ExportOptions, export_open_lth
    from tombola.interop.playground import import_playground

    made = import_playground(playground.Experiment().write(tmp_path), tmp_path / "runs")
    run = open_run(made.path)
    for level in range(3):
        export_open_lth.export_open_lth(run.ticket(0, level), tmp_path / "exported", ExportOptions())
    back = open_run(import_open_lth(tmp_path / "exported", tmp_path / "back").path)
    for level in range(3):
        assert back.ticket(0, level).mask == run.ticket(0, level).mask
        assert back.jobs[JobId(0, level)].early_stop_step == run.jobs[JobId(0, level)].early_stop_step
    assert torch.equal(back.ticket(0, 2).trained["output.weight"], run.ticket(0, 2).trained["output.weight"])
    assert np.array_equal(
        back.records.val_loss.sel(control="none", repetition=0, replicate=0).values,
        run.records.val_loss.sel(control="none", repetition=0, replicate=0).values,
    )


def test_the_report_tells_accuracies_after_the_last_step(lenet: Path, tmp_path: Path) -> None:
    page = render(open_run(import_open_lth(lenet, tmp_path / "runs").path))
    assert "Test accuracy after the last step (no early stop is known)" in page
    assert (
        "Average Test-Accuracy after the last step" in page or "Test accuracy after the last step for tickets" in page
    )
    assert "Test accuracy at early stop for" not in page
