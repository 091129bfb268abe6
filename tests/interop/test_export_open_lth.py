"""The folders of open_lth: what they hold, and that the importer of such folders reads them."""

import json
from pathlib import Path

import pytest
import torch

from tombola.experiments import run
from tombola.interop import ExportOptions, export
from tombola.interop.export_open_lth import logger_lines, model_name
from tombola.specs import resolve
from tombola.store import Run, open_run
from tombola.store.jobs import read_records


@pytest.fixture(scope="module")
def lenet(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network that open_lth has too: linear layers with rectifiers."""
    changes = {"network": {"activation": "relu"}, "train": {"steps": 50, "record_every": 10}, "prune": {"levels": 2}}
    return open_run(run(resolve("lenet-digits", changes=changes), tmp_path_factory.mktemp("lth")).path)


@pytest.fixture(scope="module")
def folder(lenet: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("out") / "exported"
    export([lenet.ticket(1, level) for level in range(3)], "open-lth", path, ExportOptions.of(lenet))
    return path


def test_each_level_has_the_files_of_open_lth(folder: Path, lenet: Run) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["level_0", "level_1", "level_2"]
    for level in range(3):
        main, ticket = folder / f"level_{level}/main", lenet.ticket(1, level)
        stop = ticket.info.early_stop_step
        assert stop is not None
        models = {model_name(step, 1297 // 60) for step in (0, stop, 50)}
        others = {"mask.pth", "sparsity_report.json", "logger", "hparams.log"}
        assert {file.name for file in main.iterdir()} == models | others
        assert "model_ep2_it8.pth" in models  # 50 steps of 21 batches
        report = json.loads((main / "sparsity_report.json").read_text())
        assert report == {"total": float(ticket.mask.size), "unpruned": float(ticket.mask.count)}
        model = torch.load(main / "model_ep0_it0.pth", weights_only=True)
        names = [f"fc_layers.{i}.{part}" for i in (0, 1) for part in ("weight", "bias")]
        assert set(model) == {*names, "fc.weight", "fc.bias"}
        assert torch.equal(model["fc_layers.1.weight"], ticket.initial["linear.2.weight"])


def test_logger_lines_hold_every_measurement(lenet: Run) -> None:
    records = read_records(lenet.ticket(1, 1).path)
    lines = [line.split(",") for line in logger_lines(records).splitlines()]
    assert ["test_accuracy", "50", repr(float(records.test_accuracy[-1]))] in lines
    assert not any(value == "nan" for _, _, value in lines)
    found = [float(value) for name, _, value in lines if name == "val_loss"]
    assert found == records.val_loss.tolist()


def test_the_importer_reads_what_was_written(folder: Path, lenet: Run, tmp_path: Path) -> None:
    from tombola.interop.open_lth import import_open_lth

    back = open_run(import_open_lth(folder, tmp_path).path)
    for level in range(3):
        before, after = lenet.ticket(1, level), back.ticket(0, level)
        assert after.mask == before.mask
        for state in ("initial", "trained"):
            one, two = getattr(before, state), getattr(after, state)
            assert one.keys() == two.keys()
            assert all(torch.equal(one[name], two[name]) for name in one)
        assert read_records(after.path).val_accuracy.tolist() == read_records(before.path).val_accuracy.tolist()
    assert back.spec.network.linear == lenet.spec.network.linear


def test_other_networks_keep_their_names_and_other_runs_their_gaps(small_run: Run, tmp_path: Path) -> None:
    export(small_run.ticket(0, 1), "open-lth", tmp_path / "it")
    main = tmp_path / "it/level_1/main"
    assert set(torch.load(main / "mask.pth", weights_only=True)) == set(small_run.ticket(0, 1).mask)
    first = int(read_records(small_run.ticket(0, 1).path).step[0])
    assert first == 5  # rewound: absolute steps
    assert (main / "model_ep0_it5.pth").is_file()
    assert not (main / "hparams.log").exists()


def test_masks_alone_are_exported_with_a_remark(tmp_path: Path) -> None:
    changes = {"train": {"steps": 10, "record_every": 5}, "prune": {"levels": 2}, "replicates": 1}
    path = run(resolve("lenet-digits", changes=changes | {"store": {"keep": "masks"}}), tmp_path / "runs").path
    written = export(open_run(path).ticket(0, 1), "open-lth", tmp_path / "it")
    assert written.remark == "without weights, which were not kept"
    assert (tmp_path / "it/level_1/main/mask.pth").is_file()
