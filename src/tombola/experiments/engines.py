"""Which engine trains which level: decided once, when a run starts, and kept in ``engine.json``."""

from dataclasses import dataclass, field

from tombola.specs import ExperimentSpec
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


def choose_engines(spec: ExperimentSpec, folder: RunFolder) -> EngineChoice:
    """Return the recorded choice of a run, extended to levels that are new.

    Raises
    ------
    TombolaError
        For an unknown engine, or a device this machine does not have.
    """
    wanted = "dense" if spec.engine.kind == "auto" else spec.engine.kind
    _ = engines[wanted]
    recorded = read_json(folder.engine_file) if folder.engine_file.is_file() else {}
    device = str(find_device(recorded.get("device", spec.engine.device)))
    levels = {int(level): str(name) for level, name in recorded.get("levels", {}).items()}
    levels |= {level: wanted for level in range(spec.prune.levels + 1) if level not in levels}
    return EngineChoice(device, recorded.get("threads", spec.engine.threads), levels)
