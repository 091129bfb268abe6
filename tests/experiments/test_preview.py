from pathlib import Path
from typing import Any

import pytest

from tombola.errors import TombolaError
from tombola.experiments import estimate, preview, run
from tombola.experiments.plan import make_plan
from tombola.specs import ExperimentSpec, resolve
from tombola.store import open_run


def size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def test_a_preview_is_what_then_happens(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    seen = preview(tiny_spec, tmp_path)
    assert not list(tmp_path.iterdir())
    opened = open_run(run(tiny_spec, tmp_path).path)
    assert opened.path == seen.plan.folder.path
    assert set(seen.pending) == set(opened.jobs)
    for level, planned in enumerate(seen.levels):
        assert planned.remaining == opened.ticket(0, level).mask.remaining()
    again = preview(tiny_spec, tmp_path)
    assert (again.pending, again.seconds, again.bytes) == ((), 0, 0)


def test_growth_is_previewed_as_what_is_new(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    run(tiny_spec, tmp_path)
    seen = preview(tiny_spec.with_(prune={"levels": 3}), tmp_path)
    assert sorted(str(job) for job in seen.pending) == sorted(
        f"replicate {r}, level 3{control}" for r in range(2) for control in ("", ", reinit 0")
    )


@pytest.mark.parametrize("keep", ["all", "early-stop", "masks"])
def test_disk_is_estimated_well(keep: str, tmp_path: Path) -> None:
    changes = {"store": {"keep": keep}, "network": {"linear": [300, 100]}, "train": {"steps": 20}}
    spec = resolve("lenet-digits", changes=changes)
    estimated = preview(spec, tmp_path).bytes
    actual = size(run(spec, tmp_path).path)
    assert 0.7 < estimated / actual < 1.5


def test_time_is_estimated_from_measurement(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    short, long = preview(tiny_spec, tmp_path), preview(tiny_spec.with_(train={"length": "3000st"}), tmp_path)
    assert short.seconds > 0
    assert long.seconds > 5 * short.seconds


def test_tf32_is_refused_where_there_is_no_cuda_device(tmp_path: Path) -> None:
    spec = resolve("lenet-digits", None, {"train": {"precision": "tf32"}, "engine": {"kind": "dense", "device": "cpu"}})
    with pytest.raises(TombolaError, match=r"train.precision = 'tf32' is arithmetic of CUDA devices"):
        make_plan(spec, tmp_path)


def test_a_network_that_is_slow_to_train_is_tried_once(
    tiny_spec: ExperimentSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real = estimate.fit

    def fit(*given: Any, length: str, **named: Any) -> Any:
        steps.append(length)
        return real(*given, length=length, **named)

    monkeypatch.setattr(estimate, "fit", fit)
    assert preview(tiny_spec, tmp_path).seconds > 0
    assert steps == ["1st", "8st"]
    monkeypatch.setattr(estimate, "PATIENCE", 0.0)
    assert preview(tiny_spec, tmp_path).seconds > 0
    assert steps == ["1st", "8st", "1st"]
