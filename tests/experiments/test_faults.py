"""What the outside world and users can do wrong, and what is left intact."""

import errno
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.pruning import ScoreContext, scores
from tombola.specs import ExperimentSpec, resolve
from tombola.store import Run, open_run
from tombola.store.jobs import read_records


def test_a_diverged_job_fails_with_a_reason_and_others_go_on(
    tiny_spec: ExperimentSpec, execute: Callable[..., Run]
) -> None:
    # a rate so high that float32 overflows within the run
    run = execute(tiny_spec.with_(train={"optimiser": "sgd", "lr": 1e30}, network={"activation": "relu"}))
    assert {info.status for info in run.jobs.values()} == {"failed"}
    assert len(run.jobs) == 2, "levels below a failed one do not run, the other replicate does"
    assert all("loss" in info.reason and "step" in info.reason for info in run.jobs.values())
    assert (run.records.status.sel(control="none", repetition=0, level=0) == "failed").all()
    assert (run.records.status.sel(control="none", repetition=0, level=1) == "absent").all()
    with pytest.raises(TombolaError, match="was not kept"):
        _ = run.ticket(0, 0).trained


def test_scores_that_are_not_finite_fail_the_job(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    @scores.register("test-broken")
    def broken(context: ScoreContext) -> dict[str, torch.Tensor]:
        return {layer.name: torch.full(layer.shape, float("nan")) for layer in context.layers}

    try:
        outcome = run(tiny_spec.with_(prune={"score": "test-broken"}), tmp_path)
    finally:
        scores._items.pop("test-broken")
    assert [info.level for info in outcome.failed] == [1, 1]
    assert all("level 1" in info.reason for info in outcome.failed)
    assert outcome.blocked > 0
    assert not outcome.complete


def test_an_unexpected_exception_loses_one_job_and_can_be_resumed(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    faulty = [True]

    @scores.register("test-faulty")
    def fault(context: ScoreContext) -> dict[str, torch.Tensor]:
        if faulty[0]:
            raise MemoryError("no more")
        return {layer.name: torch.rand(layer.shape, generator=context.generator) for layer in context.layers}

    try:
        spec = tiny_spec.with_(prune={"score": "test-faulty"})
        outcome = run(spec, tmp_path)
        assert [event.job.level for event in outcome.lost] == [1, 1]
        assert outcome.trained == 2
        assert "MemoryError: no more" in (outcome.path / "log.txt").read_text()
        faulty[0] = False
        assert run(spec, tmp_path).complete
    finally:
        scores._items.pop("test-faulty")


def test_a_full_disk_stops_the_run_and_keeps_what_is_there(
    tiny_spec: ExperimentSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tombola.store.publishing as publishing

    real, calls = publishing.save_state, []

    def full(*args: object) -> None:
        calls.append(args)
        if len(calls) > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "save_state", full)
    with pytest.raises(TombolaError, match=r"the disk is full; everything finished before is intact"):
        run(tiny_spec, tmp_path)
    monkeypatch.undo()
    folder = next(tmp_path.iterdir())
    assert len(list(folder.rglob("job.json"))) == 3
    assert list(folder.glob(".building/*")) == []
    assert run(tiny_spec, tmp_path).complete


@pytest.mark.skipif(shutil.which("mount") is None, reason="needs mount")
def test_a_really_full_disk(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        command = [
            sys.executable,
            "-m",
            "tombola.cli.main",
            "run",
            "lenet-digits",
            "--quiet",
            "--workers",
            "1",
            "--out",
            str(small),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "the disk is full" in done.stderr
        assert "Traceback" not in done.stderr
        for file in small.rglob("job.json"):
            assert json.loads(file.read_text())["status"] == "done"
            assert len(read_records(file.parent).step) > 2
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_folder_that_cannot_be_written(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(TombolaError, match=r"cannot write .*file"):
        run(tiny_spec, blocked)


def test_a_run_folder_of_another_version(tiny_spec: ExperimentSpec, execute: Callable[..., Run]) -> None:
    path = execute(tiny_spec).path
    content = yaml.safe_load((path / "spec.yaml").read_text())
    (path / "spec.yaml").write_text(yaml.safe_dump(content | {"schema": 99}))
    with pytest.raises(TombolaError, match="run-folder version 99 and this Tombola reads version 1"):
        open_run(path)


def test_an_edited_run_folder_is_refused(
    tiny_spec: ExperimentSpec, execute: Callable[..., Run], tmp_path: Path
) -> None:
    path = execute(tiny_spec).path
    shutil.rmtree(path / "jobs/1")
    shutil.copytree(path / "jobs/0", path / "jobs/1")
    with pytest.raises(TombolaError, match="the run folder was edited"):
        run(tiny_spec, tmp_path / "runs")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"prune": {"procedure": "guess"}}, "unknown procedure 'guess'"),
        ({"prune": {"score": "magnitud"}}, "unknown score 'magnitud'.*magnitude"),
        ({"prune": {"allocation": "local"}}, "unknown allocation 'local'"),
        ({"controls": ["reinit", "shuffel"]}, "unknown control 'shuffel'"),
        ({"engine": "warp"}, "unknown engine 'warp'"),
        ({"engine": {"device": "cuda:7"}}, "device 'cuda:7' is not there"),
        ({"engine": {"device": "abacus"}}, "device 'abacus' is unknown"),
        ({"data": {"name": "digitz"}}, "digitz"),
        ({"data": {"validation": 5000}}, "validation"),
        ({"data": {"normalisation": "sepia"}}, "sepia"),
        ({"train": {"batch_size": 100000}}, "train.batch_size = 100000"),
        ({"train": {"record_every": 10000}}, "train.record_every = '10000st' is longer than training"),
        ({"prune": {"rewind": "step:200"}}, "prune.rewind = 'step:200' is not before the end"),
        ({"network": {"conv": ["M", "M", "M", "M"]}}, "position 4"),
        ({"network": {"prunable": ["nothing.*"]}}, "nothing"),
        ({"plugins": ["no_such_module_anywhere"]}, "module 'no_such_module_anywhere' cannot be imported"),
    ],
)
def test_mistakes_are_found_before_anything_is_written(
    changes: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    spec = resolve("lenet-digits", changes=changes)
    with pytest.raises(TombolaError, match=sentence) as caught:
        run(spec, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_plugins_work_in_workers_and_are_trusted_only_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_scores_plugin.py").write_text(
        "from tombola import scores\n"
        "@scores.register('biggest-first')\n"
        "def biggest_first(context):\n"
        "    return {layer.name: -context.final[layer.name].abs() for layer in context.layers}\n"
    )
    monkeypatch.chdir(tmp_path)
    command = [
        sys.executable,
        "-m",
        "tombola.cli.main",
        "run",
        "lenet-digits",
        "--plugins",
        "my_scores_plugin",
        "--workers",
        "2",
    ]
    command += ["--prune.score", "biggest-first", "--train.steps", "20", "--quiet", "--out", "runs"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    path = Path(done.stdout.splitlines()[-1])
    opened = open_run(path)
    assert "my_scores_plugin" not in sys.modules
    assert opened.environment["plugins"].keys() == {"my_scores_plugin"}
    with pytest.raises(TombolaError, match="trust"):
        opened.ticket(0, 0).module()
    refused = subprocess.run([*command[:3], "resume", str(path)], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "--trust" in refused.stderr


def test_changed_images_are_noticed(tmp_path: Path) -> None:
    from PIL import Image

    def images(shade: int) -> None:
        for part, count in (("train", 30), ("test", 5)):
            for label in ("a", "b"):
                folder = tmp_path / "images" / part / label
                folder.mkdir(parents=True, exist_ok=True)
                for i in range(count):
                    Image.new("L", (8, 8), (shade + 40 * i) % 256).save(folder / f"{i}.png")

    images(0)
    changes = {"data": {"name": "folder", "root": str(tmp_path / "images"), "normalisation": "unit", "validation": 10}}
    short = {"train": {"steps": 4, "record_every": 2, "batch_size": 10}, "prune": {"levels": 1}, "replicates": 1}
    spec = resolve("lenet-digits", changes=changes | short)
    first = run(spec, tmp_path / "runs")
    assert first.complete
    images(7)
    assert run(spec, tmp_path / "runs").path != first.path
