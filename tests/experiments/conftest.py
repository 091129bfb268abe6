import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tombola.data import load
from tombola.experiments import Trial, run
from tombola.experiments.bench import Bench
from tombola.experiments.engines import EngineChoice
from tombola.experiments.graph import job_graph
from tombola.experiments.trials import make_trial
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId, Run, RunFolder, open_run
from tombola.training import StackedEngine, engines


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


class Finished:
    """A run of tickets, and what controls of it would train: made, not trained, so that asking takes no time."""

    def __init__(self, finished: Run) -> None:
        self.run, self.spec = finished, finished.spec
        self.data = load(self.spec.data, self.spec.seed)
        self.engines = EngineChoice(levels=dict.fromkeys(range(9), "dense"))

    def trial(self, control: str, replicate: int = 0, level: int = 2, repetition: int = 0) -> Trial:
        """Return what a control trains."""
        spec = self.spec.with_(controls=[f"{control}:{repetition + 1}"])
        job = job_graph(spec, self.engines, {})[JobId(replicate, level, control, repetition)]
        return make_trial(job, Bench(spec, self.data, RunFolder(self.run.path), self.engines))


@pytest.fixture(scope="session")
def finish(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Finished]:
    """Train the tickets of a small experiment (batch norm, three replicates, two pruned levels) with some changes."""
    changes = {
        "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12]},
        "train": {"steps": 12, "record_every": 3, "lr": 0.01},
        "prune": {"levels": 2},
    }
    base = resolve("lenet-digits", changes=changes).with_(replicates=3, controls=[])
    made: dict[str, Finished] = {}

    def go(**more: dict[str, object]) -> Finished:
        if (key := repr(more)) not in made:
            made[key] = Finished(open_run(run(base.with_(**more), tmp_path_factory.mktemp("runs")).path))
        return made[key]

    return go


@pytest.fixture
def stacked(tiny_spec: ExperimentSpec) -> ExperimentSpec:
    """Jobs of all kinds: tickets, a control of their length, one of another (its own recipe), repetitions."""
    controls = ["reinit:2", "dense-short"]
    return tiny_spec.with_(engine={"kind": "stacked"}, controls=controls, prune={"rewind": "step:5"})


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[StackedEngine], None]:
    """Let another engine stand for the stacked one."""
    return lambda other: monkeypatch.setitem(engines._items, "stacked", other)
