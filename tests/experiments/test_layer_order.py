"""Layers come in network order wherever a run is read; files list them by name (``conv.10`` before ``conv.2``)."""

import shutil
from pathlib import Path

import pytest

import tombola
from tombola.analysis.collecting import collect
from tombola.store import Run
from tombola.store.jobs import TICKET_FILE

CHANGES = {
    "network": {"family": "conv", "conv": ["2"] * 11 + ["G"], "linear": [4]},
    "train": {"steps": 1, "record_every": 1},
    "prune": {"levels": 2},
    "replicates": 1,
    "controls": ["reinit:1", "shuffle-global:1"],
}
ORDER = [*(f"conv.{place}.weight" for place in range(0, 22, 2)), "linear.0.weight", "output.weight"]


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network of so many layers that their names in order are not they in alphabetical order."""
    assert sorted(ORDER) != ORDER
    spec = tombola.resolve("lenet-digits", changes=CHANGES)
    return tombola.open_run(tombola.run(spec, out=tmp_path_factory.mktemp("runs")).path)


def test_masks_and_what_jobs_say_of_them(deep: Run) -> None:
    assert len(deep.jobs) == 7
    for job, info in deep.jobs.items():
        assert list(deep.ticket(*job).mask) == ORDER, job
        assert [list(each) for each in (info.kinds, info.sizes, info.remaining)] == [ORDER] * 3, job
    assert [layer.name for layer in deep.layers] == deep.remaining.layer.values.tolist() == ORDER


def test_networks_that_are_analysed_and_inspected(deep: Run, tmp_path: Path) -> None:
    assert all([layer.name for layer in view.layers] == ORDER for view in collect([deep], controls=["reinit"]))
    found = [*tombola.inspect_run(deep), tombola.inspect_ticket(deep.folder.job(next(iter(deep.jobs))))]
    assert all([layer.name for layer in each.layers] == ORDER for each in found)
    alone = shutil.copy(deep.ticket(0, 1).path / TICKET_FILE, tmp_path)
    assert sorted(layer.name for layer in tombola.inspect_ticket(alone).layers) == sorted(ORDER)
