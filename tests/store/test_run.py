from pathlib import Path

import numpy as np
import pytest
import torch

import tombola
from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.records import MEASURES
from tombola.specs import resolve
from tombola.store import Run, open_run


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Run:
    changes = {"train": {"steps": 25, "record_every": 10}, "prune": {"levels": 2}, "controls": ["reinit:2"]}
    return open_run(run(resolve("lenet-digits", changes=changes), tmp_path_factory.mktemp("run")).path)


def test_records_have_the_documented_shape(opened: Run) -> None:
    records = opened.records
    assert records.sizes == {"control": 2, "repetition": 2, "replicate": 2, "level": 3, "record": 4}
    assert records.step.values.tolist() == [0, 10, 20, 25]
    assert records.on_grid.values.tolist() == [False, True, True, False]
    assert set(records.data_vars) == {*MEASURES, "status"}
    assert records.control.values.tolist() == ["none", "reinit"]


def test_status_says_what_exists(opened: Run) -> None:
    status = opened.records.status
    assert (status.sel(control="none", repetition=0) == "done").all()
    assert (status.sel(control="none", repetition=1) == "absent").all()
    assert (status.sel(control="reinit", level=0) == "absent").all()
    assert (status.sel(control="reinit", level=[1, 2]) == "done").all()
    values = opened.records.val_loss
    assert (np.isfinite(values).all("record") == (status == "done")).all()


def test_records_equal_the_files(opened: Run) -> None:
    from tombola.store.jobs import read_records

    for job in opened.jobs:
        records = read_records(opened.folder.job(job))
        place = opened.records.sel(
            control=job.control, repetition=job.repetition, replicate=job.replicate, level=job.level
        )
        for name in MEASURES:
            np.testing.assert_array_equal(place[name].values, getattr(records, name))


def test_early_stop_table(opened: Run) -> None:
    table = opened.early_stop_table()
    assert len(table) == 2 * (3 + 2 * 2)
    row = table[(table.control == "none") & (table.replicate == 1) & (table.level == 2)].iloc[0]
    place = opened.records.sel(control="none", repetition=0, replicate=1, level=2)
    best = int(np.argmin(place.val_loss.values[1:])) + 1
    assert row.early_stop_step == int(place.step[best])
    assert row.test_accuracy == float(place.test_accuracy[best])
    assert row.final_test_accuracy == float(place.test_accuracy[-1])
    assert row.seconds > 0


def test_density_and_remaining_agree_with_masks(opened: Run) -> None:
    assert opened.density.sel(level=0).values.tolist() == [1.0, 1.0]
    for replicate in range(2):
        for level in range(3):
            mask = opened.ticket(replicate, level).mask
            assert float(opened.density.sel(replicate=replicate, level=level)) == mask.density
            assert opened.remaining.sel(replicate=replicate, level=level).values.tolist() == list(
                mask.remaining().values()
            )
    assert [layer.kind for layer in opened.layers] == ["linear", "linear", "output"]


def test_modules_reproduce_their_records(opened: Run) -> None:
    """The state kept at early stop really is that state: evaluating it again gives the recorded accuracy."""
    from tombola.data import load

    data = load(opened.spec.data, opened.spec.seed)
    images = data.test.images.float() / 255
    mean, std = (torch.tensor(v).view(1, -1, 1, 1) for v in (data.normalisation.mean, data.normalisation.std))
    table = opened.early_stop_table()
    for level in range(3):
        row = table[(table.control == "none") & (table.replicate == 0) & (table.level == level)].iloc[0]
        for state, wanted in (("early_stop", row.test_accuracy), ("trained", row.final_test_accuracy)):
            module = opened.ticket(0, level).module(state)  # type: ignore[arg-type]
            with torch.no_grad():
                found = (module((images - mean) / std).argmax(1) == data.test.labels).double().mean().item()
            assert found == pytest.approx(wanted, abs=1 / len(data.test.labels) + 1e-9)


def test_questions_without_an_answer(opened: Run, tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="has no replicate 7, level 0"):
        opened.ticket(7, 0)
    with pytest.raises(TombolaError, match="has no replicate 0, level 0, reinit 0"):
        opened.ticket(0, 0, "reinit")
    with pytest.raises(TombolaError, match="state 'best' is not one of"):
        opened.ticket(0, 0).module("best")  # type: ignore[arg-type]
    with pytest.raises(TombolaError, match="no run folder"):
        open_run(tmp_path)


def test_an_unfinished_run_can_be_read(tmp_path: Path) -> None:
    import shutil

    changes = {"train": {"steps": 10, "record_every": 5}, "prune": {"levels": 1}}
    path = run(resolve("lenet-digits", changes=changes), tmp_path).path
    shutil.rmtree(path / "jobs/1")
    half = open_run(path)
    assert (half.records.status.sel(replicate=1) == "absent").all()
    assert np.isnan(half.density.sel(replicate=1)).all()
    assert (half.remaining.sel(replicate=1) == -1).all()
    shutil.rmtree(path / "jobs")
    empty = open_run(path)
    assert empty.records.sizes["record"] == 0
    assert empty.early_stop_table().empty


@pytest.mark.parametrize(
    ("keep", "files"),
    [
        (
            "all",
            {
                "0": "early_stop trained",
                "1": "early_stop trained",
                "2": "early_stop trained",
                "reinit": "early_stop trained",
            },
        ),
        ("early-stop", {"0": "early_stop", "1": "early_stop", "2": "early_stop trained", "reinit": "early_stop"}),
        ("masks", {"0": "", "1": "", "2": "trained", "reinit": ""}),
    ],
)
def test_keep_policies(keep: str, files: dict[str, str], tmp_path: Path) -> None:
    changes = {
        "train": {"steps": 10, "record_every": 5},
        "prune": {"levels": 2},
        "replicates": 1,
        "store": {"keep": keep},
    }
    spec = resolve("lenet-digits", changes=changes)
    path = run(spec, tmp_path).path
    for place, expected in files.items():
        folder = path / "jobs/0/1/reinit/0" if place == "reinit" else path / f"jobs/0/{place}/none/0"
        found = {file.stem for file in folder.glob("*.safetensors")} - {"ticket"}
        assert found == set(expected.split()), place
    grown = run(spec.with_(prune={"levels": 3}), tmp_path)
    assert grown.complete
    assert grown.trained == 2
    if keep == "masks":
        with pytest.raises(TombolaError, match=r"initial state .* was not kept"):
            _ = open_run(path).ticket(0, 1).initial


def test_accuracy_before_training_is_in_the_table(opened: Run) -> None:
    # supermasks: what a mask alone has learnt (Zhou et al. 2019)
    table = opened.early_stop_table()
    for row in table.itertuples():
        place = opened.records.sel(
            control=row.control, repetition=row.repetition, replicate=row.replicate, level=row.level
        )
        assert row.initial_val_accuracy == float(place.val_accuracy[0])
        assert row.initial_test_accuracy == float(place.test_accuracy[0])
    assert table.initial_test_accuracy.between(0, 1).all()


def test_the_initial_state_has_the_accuracy_that_was_recorded(opened: Run) -> None:
    data = tombola.load_data("digits", normalisation="digits", seed=opened.spec.seed)
    table = opened.early_stop_table().query("control == 'none' and replicate == 1")
    for row in table.itertuples():
        module = opened.ticket(row.replicate, row.level).module("initial")
        assert tombola.evaluate(module, data).accuracy == row.initial_test_accuracy
        assert tombola.evaluate(module, data, "validation").accuracy == row.initial_val_accuracy
