"""Everything that the files hold of one replicate's networks: masks and states by level, checked against each other."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tombola.interop.imported import Findings
from tombola.interop.levels import check_nested
from tombola.interop.playground.experiment import CLASSES
from tombola.interop.playground.files import ExperimentFiles
from tombola.interop.playground.histories import Histories
from tombola.interop.playground.states import MisfitError, StoredNetwork, load_net, translated
from tombola.interop.playground.stops import last_below_infinity, load_stops
from tombola.networks import State, prunable_layers
from tombola.networks.builders import build
from tombola.pruning import Mask
from tombola.records import GRID, early_stop
from tombola.specs import NetworkSpec

TOLERANCE = 1e-4
"""Densities were recorded with four decimals."""


@dataclass
class Replicate:
    """One replicate's networks.

    Attributes
    ----------
    masks
        By level; level 0 is dense, the others are there where a file holds them.
    initial
        Initial weights of prunable layers; empty where no file holds them.
    trained
        The last level's state after training.
    early_stop
        By level, the state at early stop.
    """

    masks: dict[int, Mask] = field(default_factory=dict)
    initial: dict[str, Float[Tensor, "..."]] = field(default_factory=dict)
    trained: State | None = None
    early_stop: dict[int, State] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """What is the same for all replicates of an import."""

    files: ExperimentFiles
    network: NetworkSpec
    input_shape: tuple[int, int, int]
    histories: Histories
    interval: int
    findings: Findings
    limit: int

    @property
    def levels(self) -> int:
        """Levels above the dense one."""
        return self.histories.shape[1] - 1

    def translate(self, stored: dict[str, Tensor]) -> StoredNetwork:
        """Return a stored network in our names."""
        return translated(stored, self.network, self.input_shape, CLASSES)


def read_replicate(setting: Setting, number: int) -> Replicate:
    """Return what the files hold of a replicate; whatever does not fit is left out with a warning.

    Raises
    ------
    TombolaError
        If a file cannot be read safely.
    """
    module = build(setting.network, setting.input_shape, CLASSES, device="meta")
    found = Replicate(masks={0: Mask.dense(prunable_layers(module))})
    _read_stops(setting, number, found)
    _read_net(setting, number, found)
    _check_masks(setting, number, found)
    return found


def _read_net(setting: Setting, number: int, found: Replicate) -> None:
    path = setting.files.net(number)
    if not path.is_file():
        setting.findings.warn(f"{path.name} is missing, so the last network of replicate {number} is.")
        return
    network = _fitting(setting, path, load_net(path, limit=setting.limit), setting.levels, found)
    if network is not None:
        found.trained = network.state


def _read_stops(setting: Setting, number: int, found: Replicate) -> None:
    path = setting.files.early_stop(number)
    if not path.is_file():
        return
    stops = load_stops(path, limit=setting.limit)
    if len(stops.states) != setting.levels + 1:
        setting.findings.warn(
            f"{path.name} holds {len(stops.states)} levels where there are {setting.levels + 1}; it is left out."
        )
        return
    for level, (stored, record) in enumerate(zip(stops.states, stops.records(setting.interval), strict=True)):
        index = int(stops.indices[level])
        if stored is not None:
            network = _fitting(setting, path, stored, level, found)
            if network is not None and _is_early_stop(setting, path, (number, level), record, index):
                found.early_stop[level] = network.state


def _fitting(
    setting: Setting, path: Path, stored: dict[str, Tensor], level: int, found: Replicate
) -> StoredNetwork | None:
    """Return a network that fits the description and what is known of the replicate, noting its mask and weights."""
    try:
        network = setting.translate(stored)
    except MisfitError as error:
        setting.findings.warn(f"{path.name} {error} (level {level}); that network is left out.")
        return None
    if not network.untouched:
        setting.findings.warn(f"{path.name}: masked weights of level {level} differ from their initial values.")
    if found.initial and not all(torch.equal(found.initial[name], value) for name, value in network.initial.items()):
        setting.findings.warn(f"{path.name}: initial weights at level {level} differ from those of other levels.")
    found.initial = found.initial or network.initial
    known = found.masks.get(level)
    if known is not None and known != network.mask:
        other = "pruned, though level 0 is dense" if level == 0 else "another one in the other file"
        setting.findings.warn(f"{path.name}: the mask of level {level} is {other}; that network is left out.")
        return None
    found.masks[level] = network.mask
    return network


def _is_early_stop(setting: Setting, path: Path, place: tuple[int, int], record: int | None, index: int) -> bool:
    """Return whether a state is that of the smallest validation loss, as its index says."""
    losses = setting.histories.measures["val_loss"][place]
    smallest = early_stop(losses, np.full(len(losses), GRID, np.uint8))
    if record is not None and record == smallest:
        return True
    where = f"{path.name}: the state of level {place[1]}"
    if record is not None and record == last_below_infinity(losses):
        setting.findings.warn(
            f"{where} is that of the last record (index {index}), as files before 2020-08-26 have it, not of the "
            "smallest validation loss; it is left out."
        )
    else:
        wanted = (
            "no smallest one" if smallest is None else f"its smallest at index {(smallest + 1) * setting.interval - 1}"
        )
        setting.findings.warn(f"{where} is of index {index}, but the validation loss has {wanted}; it is left out.")
    return False


def _check_masks(setting: Setting, number: int, found: Replicate) -> None:
    reported = setting.histories.density
    for level in sorted(found.masks):
        density = found.masks[level].density
        if reported is not None and abs(density - reported[level]) > TOLERANCE:
            setting.findings.warn(
                f"The mask of replicate {number}, level {level} has density {density:.4f} where {reported[level]:.4f} "
                "is reported."
            )
    check_nested(number, found.masks, setting.findings)
