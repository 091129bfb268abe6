import shutil
from pathlib import Path

import pytest

from tombola.experiments import procedures, run
from tombola.experiments.needed import still_needed
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId, Run, collect, open_run
from tombola.store.collect import pieces

SPEC = resolve(
    "lenet-digits",
    changes={
        "train": {"steps": 12, "record_every": 6},
        "prune": {"levels": 2},
        "replicates": 2,
        "controls": ["reinit"],
    },
)


def free(path: Path, keep: collect.Keep) -> int:
    opened = open_run(path)
    return collect.collect(opened.folder, pieces(opened, keep, still_needed(opened)))


def test_a_finished_run_keeps_what_it_grows_from(tmp_path: Path) -> None:
    found = still_needed(open_run(run(SPEC, tmp_path).path))
    assert found.whole == set()
    assert found.trained == {JobId(0, 2), JobId(1, 2)}


def test_what_is_not_done_protects_its_ancestors(tmp_path: Path) -> None:
    path = run(SPEC, tmp_path).path
    shutil.rmtree(path / "jobs/0/2/none")
    shutil.rmtree(path / "jobs/1/1/reinit")
    found = still_needed(open_run(path))
    assert found.whole == {JobId(0, 0), JobId(0, 1), JobId(1, 0), JobId(1, 1)}


def test_one_shot_grows_from_dense(tmp_path: Path) -> None:
    if "one-shot" not in procedures:
        pytest.fail("the one-shot procedure is gone")
    spec = SPEC.with_(prune={"procedure": "one-shot"})
    path = run(spec, tmp_path).path
    assert still_needed(open_run(path)).trained == {JobId(0, 0), JobId(1, 0)}
    free(path, "masks")
    assert run(spec.with_(prune={"levels": 3}), tmp_path).complete


def test_plugins_that_are_not_imported_keep_every_ticket(tmp_path: Path) -> None:
    path = run(SPEC, tmp_path).path
    text = (path / "spec.yaml").read_text()
    (path / "spec.yaml").write_text(text.replace("procedure: iterative", "procedure: somebody-elses"))
    opened = open_run(path)
    freed = pieces(opened, "masks", still_needed(opened))
    assert freed
    assert all(piece.job.control == "reinit" for piece in freed)


@pytest.mark.parametrize("keep", ["early-stop", "masks"])
@pytest.mark.parametrize("change", ["levels", "replicates", "controls", "resume"])
def test_after_freeing_a_run_grows_to_the_same_bits(
    keep: collect.Keep, change: str, tmp_path: Path, results: object
) -> None:
    """Growth after gc gives what an untouched run gives; an unfinished one is freed as far as possible, and resumes."""
    more: dict[str, ExperimentSpec] = {
        "levels": SPEC.with_(prune={"levels": 3}),
        "replicates": SPEC.with_(replicates=3),
        "controls": SPEC.with_(controls=["reinit", "shuffle-layerwise", "other-ticket", "reinit-keep-signs"]),
        "resume": SPEC,
    }
    path = run(SPEC, tmp_path / "freed").path
    if change == "resume":
        shutil.rmtree(path / "jobs/0/2")
        shutil.rmtree(path / "jobs/1/1/reinit")
    assert free(path, keep) > 0
    grown = run(more[change], tmp_path / "freed")
    assert grown.complete
    assert open_run(path).records.status.sizes
    untouched = open_run(run(more[change], tmp_path / "untouched").path)
    again = open_run(path)
    compare_records(again, untouched)
    assert free(path, keep) > 0 or change == "replicates"


def compare_records(found: Run, wanted: Run) -> None:
    assert found.records.equals(wanted.records)
    for job in wanted.jobs:
        assert found.ticket(*job).mask == wanted.ticket(*job).mask


def test_what_cannot_be_made_again_says_what_to_train(tmp_path: Path) -> None:
    """Fine-tuned tickets start from trained weights, which no other file holds: a control of them fails."""
    spec = SPEC.with_(prune={"rewind": "none"}, replicates=1)
    path = run(spec, tmp_path).path
    free(path, "masks")
    found = run(spec.with_(controls=["reinit", "reinit-keep-signs"]), tmp_path)
    assert len(found.failed) == 2
    assert all("was not kept" in info.reason and "delete jobs/0" in info.reason for info in found.failed)


def test_a_control_protects_the_other_tickets_it_asks_for(tmp_path: Path) -> None:
    path = run(SPEC.with_(controls=["other-ticket"]), tmp_path).path
    shutil.rmtree(path / "jobs/0/1/other-ticket")
    assert still_needed(open_run(path)).whole == {JobId(0, 0), JobId(0, 1), JobId(1, 1)}


def test_failed_jobs_may_be_tried_again(tmp_path: Path) -> None:
    path = run(SPEC, tmp_path).path
    info = path / "jobs/0/2/none/0/job.json"
    info.write_text(info.read_text().replace('"status": "done"', '"status": "failed"'))
    assert still_needed(open_run(path)).whole == {JobId(0, 0), JobId(0, 1)}
