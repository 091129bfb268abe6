"""Controls on imported runs: trained where enough is known, refused with the reason where it is not."""

import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.experiments.imported import refuse_imported
from tombola.interop.playground import import_playground
from tombola.store import JobId, open_run

EXPERIMENTS = Path(__file__).parents[1] / "interop" / "playground_files.py"


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    """One replicate, two levels, no file of the mask between them."""
    experiment: Any = runpy.run_path(str(EXPERIMENTS))["Experiment"](
        net_count=1, early_stop=False, controls=0, plan_fc=[4]
    )
    return import_playground(experiment.write(tmp_path), tmp_path / "runs").path


@pytest.mark.data
def test_controls_are_trained_where_enough_is_known(imported: Path, data_root: Path) -> None:
    before = {file: file.read_bytes() for file in imported.rglob("jobs/**/*") if file.is_file()}
    controls = ["reinit:1", "shuffle-layerwise:1"]
    spec = open_run(imported).spec.with_(controls=controls, data={"root": str(data_root)})
    with pytest.raises(TombolaError, match="was imported"):
        run(spec.with_(controls=[]), imported.parent)
    assert run(spec, imported.parent).path == imported
    after = open_run(imported)
    assert {job: info.status for job, info in after.jobs.items() if job.control != "none"} == {
        JobId(0, 1, "reinit"): "failed",
        JobId(0, 1, "shuffle-layerwise"): "failed",
        JobId(0, 2, "reinit"): "done",
        JobId(0, 2, "shuffle-layerwise"): "failed",
    }
    assert "the mask of replicate 0, level 1 is not known" in after.jobs[JobId(0, 1, "reinit")].reason
    assert "initial values of linear.0.bias, output.bias" in after.jobs[JobId(0, 2, "shuffle-layerwise")].reason
    assert after.jobs[JobId(0, 1, "reinit")].density == after.jobs[JobId(0, 1)].density
    control, ticket = after.ticket(0, 2, "reinit"), after.ticket(0, 2)
    assert control.mask == ticket.mask
    assert not torch.equal(control.trained["output.bias"], ticket.trained["output.bias"])
    assert {file: file.read_bytes() for file in before} == before
    assert run(spec, imported.parent).trained == 0


def test_only_added_controls_may_be_trained(imported: Path) -> None:
    opened = open_run(imported)
    for changes in (
        {},
        {"replicates": 2, "controls": ["reinit:1"]},
        {"prune": {"levels": 3}, "controls": ["reinit:1"]},
    ):
        with pytest.raises(TombolaError, match="cannot be trained further"):
            refuse_imported(opened.folder, opened.spec.with_(**changes))
    refuse_imported(opened.folder, opened.spec.with_(controls=["reinit:1"]))


@pytest.mark.data
def test_controls_without_the_dense_network_are_refused_up_front(imported: Path, data_root: Path) -> None:
    shutil.rmtree(imported / "jobs" / "0" / "0")
    spec = open_run(imported).spec.with_(controls=["reinit:1"], data={"root": str(data_root)})
    with pytest.raises(TombolaError, match="has no dense network of replicate 0"):
        run(spec, imported.parent)
