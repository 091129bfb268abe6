import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tombola.experiments import run
from tombola.specs import ExperimentSpec
from tombola.store import Run, open_run


@pytest.fixture
def execute(tmp_path: Path) -> Callable[..., Run]:
    """Run an experiment in this process and open it."""

    def go(spec: ExperimentSpec, out: str = "runs", **options: object) -> Run:
        return open_run(run(spec, tmp_path / out, **options).path)  # type: ignore[arg-type]

    return go


def results(path: Path) -> dict[str, str]:
    """Digests of every file whose bytes a job's key determines."""
    kinds = ("*.npz", "*.safetensors")
    files = [file for kind in kinds for file in (path / "jobs").rglob(kind)]
    return {str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)}


@pytest.fixture(name="results")
def _results() -> Callable[[Path], dict[str, str]]:
    return results
