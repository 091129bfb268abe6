"""Which engine trains which level: decided once, when a run starts, and kept in ``engine.json``."""

from dataclasses import dataclass, field

from tombola.experiments.events import Listener, silent
from tombola.experiments.forecast import SPARSE, Forecast, Question, choose, predict
from tombola.specs.keys import SCHEMA
from tombola.store import RunFolder
from tombola.store.files import read_json, write_json
from tombola.training import engines
from tombola.training.placement import find_device


@dataclass(frozen=True)
class EngineChoice:
    """The engine of every level, with device and threads.

    Attributes
    ----------
    device
        ``cpu``, ``cuda:0``, …: what is used, not what was asked for.
    threads
        Threads of one job.
    levels
        Engine name by level.
    """

    device: str = "cpu"
    threads: int = 1
    levels: dict[int, str] = field(default_factory=dict)

    def key(self, level: int) -> dict[str, str | int | None]:
        """Return what a job's key says of the engine; the plain case leaves keys as they are."""
        engine = self.levels[level]
        kind = self.device.split(":")[0]
        return {
            "engine": None if engine == "dense" else engine,
            "device": None if kind == "cpu" else kind,
            "threads": None if self.threads == 1 else self.threads,
        }

    def write(self, folder: RunFolder) -> None:
        """Put the choice on record."""
        levels = {str(level): name for level, name in self.levels.items()}
        write_json(
            folder.engine_file, {"schema": SCHEMA, "device": self.device, "threads": self.threads, "levels": levels}
        )


def choose_engines(question: Question, folder: RunFolder, listener: Listener = silent) -> tuple[EngineChoice, Forecast]:
    """Return the recorded choice of a run, extended to levels that are new, and what was predicted.

    What is recorded stays, whatever would be predicted now. Machines are measured only where `auto` has a level to
    decide; an engine that is named bypasses all of it.

    Raises
    ------
    TombolaError
        For an unknown engine, or a device this machine does not have.
    """
    spec = question.spec
    auto = spec.engine.kind == "auto"
    if not auto:
        _ = engines[spec.engine.kind]
    recorded = read_json(folder.engine_file) if folder.engine_file.is_file() else {}
    device = str(find_device(recorded.get("device", spec.engine.device)))
    threads = recorded.get("threads", spec.engine.threads)
    levels = {int(level): str(name) for level, name in recorded.get("levels", {}).items()}
    new = [level for level in range(spec.prune.levels + 1) if level not in levels]
    forecast = Forecast()
    if auto and new:
        chosen, forecast = choose(question, device, threads, listener)
        levels |= {level: chosen[level] for level in new}
    else:
        levels |= dict.fromkeys(new, spec.engine.kind)
        if SPARSE in levels.values():
            forecast = predict(question, threads, measure=False)
    return EngineChoice(device, threads, levels), forecast
