"""The description of an experiment of the playground framework, read from its one line of JSON."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tombola.errors import TombolaError
from tombola.interop.playground.files import find_files, plain

NETS = ("Lenet", "Conv")
DATASETS = ("MNIST", "CIFAR-10", "Toy-MNIST", "Toy-CIFAR")
PROCEDURES = ("imp", "osp")
SIZE_LIMIT = 1 << 20


@dataclass(frozen=True)
class Description:
    """What an experiment was, in the framework's own terms.

    Attributes
    ----------
    net, dataset
        ``Lenet`` or ``Conv``, and the image set.
    plan_conv, plan_fc
        Plan tokens as text.
    net_count, prune_count
        Replicates, and levels above the dense one.
    epoch_count, learning_rate, plot_step
        Epochs of each training, learning rate of Adam, steps between records.
    prune_rate_conv, prune_rate_fc
        Shares removed per round; the output layer uses half of the second.
    experiment_name
        ``imp`` or ``osp``; ``imp`` where old files do not say.
    save_early_stop
        Whether networks at early stop were kept; None where old files do not say.
    device, duration
        As text, for information only.
    raw
        Everything, as it is in the file.
    unknown
        Keys that mean nothing here; kept as notes.
    """

    net: str
    dataset: str
    plan_conv: tuple[str, ...]
    plan_fc: tuple[str, ...]
    net_count: int
    prune_count: int
    epoch_count: int
    learning_rate: float
    plot_step: int
    prune_rate_conv: float
    prune_rate_fc: float
    experiment_name: str = "imp"
    save_early_stop: bool | None = None
    device: str = ""
    duration: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    unknown: tuple[str, ...] = ()


INFORMATION = {"verbosity", "prune_method", "device_name"}


def load_specs(path: str | Path) -> Description:
    """Return the description of an experiment; its `raw` is the plain mapping.

    Parameters
    ----------
    path
        A ``-specs.json`` file, or the prefix of an experiment.

    Raises
    ------
    TombolaError
        One sentence that names the file and the first entry that is missing or cannot be.
    """
    path = Path(path) if Path(path).suffix == ".json" else find_files(path).specs
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise TombolaError(f"{path} is larger than any description of an experiment")
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TombolaError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise TombolaError(f"{path} is damaged: it is no JSON") from error
    if not isinstance(raw, dict):
        raise TombolaError(f"{path} is damaged: it holds no JSON object")
    values = {}
    for name, (read, optional) in ENTRIES.items():
        if name in raw:
            try:
                values[name] = read(raw[name])
            except (ValueError, TypeError) as error:
                raise TombolaError(f"{path}: {name} = {str(raw[name])[:60]!r} {error}") from error
        elif not optional:
            raise TombolaError(
                f"{path} lacks '{name}'; it is no description of an experiment of the playground framework"
            )
    unknown = tuple(sorted(raw.keys() - ENTRIES.keys() - INFORMATION))
    return Description(**values, raw=raw, unknown=unknown)


def _whole(least: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if type(value) is not int or not least <= value < 1 << 40:
            raise ValueError(f"is no whole number of at least {least}")
        return value

    return read


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("is no number between 0 and 1")
    return float(value)


def _choice(names: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        name = plain(str(value))
        if name not in names:
            raise ValueError(f"is not one of {', '.join(names)}")
        return name

    return read


def _plan(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(type(token) in (int, str) for token in value):
        raise ValueError("is no list of plan tokens")
    return tuple(map(str, value))


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false")
    return value


ENTRIES: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "net": (_choice(NETS), False),
    "dataset": (_choice(DATASETS), False),
    "plan_conv": (_plan, False),
    "plan_fc": (_plan, False),
    "net_count": (_whole(1), False),
    "prune_count": (_whole(0), False),
    "epoch_count": (_whole(1), False),
    "learning_rate": (_share, False),
    "plot_step": (_whole(1), False),
    "prune_rate_conv": (_share, False),
    "prune_rate_fc": (_share, False),
    "experiment_name": (_choice(PROCEDURES), True),
    "save_early_stop": (_truth, True),
    "device": (str, True),
    "duration": (str, True),
}
"""Every entry that is read: how, and whether old files may lack it."""
