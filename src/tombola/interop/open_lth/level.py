"""One level of open_lth: its folder ``level_<k>/main`` with mask, models by step, and measurements."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from tombola.errors import TombolaError
from tombola.interop.imported import Findings
from tombola.interop.open_lth.logger import Log, read_logger
from tombola.interop.restricted import LIMIT, read_tensors
from tombola.networks import State
from tombola.pruning import Mask

MAIN, MASK, LOGGER, REPORT = "main", "mask.pth", "logger", "sparsity_report.json"
MODEL = re.compile(r"model_ep(\d{1,9})_it(\d{1,9})\.pth")
SIZE_LIMIT = 1 << 20

Moment = tuple[int, int]
"""Epoch, and iteration in it."""


@dataclass
class Level:
    """What the files hold of one level of one replicate, names as they are in them.

    Attributes
    ----------
    log
        What was measured.
    mask
        Which weights remain; None where no file says so.
    models
        Files of states by moment; read when they are needed, since those of all levels may not fit the memory.
    files
        Every file there is.
    """

    log: Log
    mask: Mask | None = None
    models: dict[Moment, Path] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)

    @property
    def first(self) -> Moment | None:
        """When the earliest state was kept."""
        return min(self.models, default=None)

    @property
    def last(self) -> Moment | None:
        """When the latest state was kept; None where it is also the earliest and nothing was trained yet."""
        latest = max(self.models, default=None)
        return None if latest == (0, 0) else latest

    def batches_per_epoch(self) -> int | None:
        """Return iterations of an epoch: where the latest state is as old as the latest measurement, it tells them."""
        steps, last = self.log.steps, self.last
        if not steps or last is None or last[0] == 0:
            return None
        whole, rest = divmod(steps[-1] - last[1], last[0])
        return whole if rest == 0 and whole > 0 else None

    def at(self, step: int | None) -> Moment | None:
        """Return the moment of the state that was kept at a step; None where none is known to be of it."""
        per_epoch = self.batches_per_epoch()
        for epoch, iteration in sorted(self.models):
            known = epoch == 0 or per_epoch is not None
            if known and epoch * (per_epoch or 0) + iteration == step:
                return epoch, iteration
        return None


def read_level(folder: Path, where: str, findings: Findings, *, limit: int = LIMIT) -> Level:
    """Return what a level's folder holds; what does not fit is left out with a warning.

    Raises
    ------
    TombolaError
        If a file is damaged or hostile.
    """
    level = Level(read_logger(folder / LOGGER), files=[folder / LOGGER])
    if (folder / MASK).is_file():
        level.mask = _mask(read_tensors(folder / MASK, limit=limit), folder / MASK)
        level.files.append(folder / MASK)
        _check_report(folder / REPORT, level.mask, where, findings)
    for path in sorted(folder.iterdir()):
        match = MODEL.fullmatch(path.name)
        if match:
            level.models[int(match[1]), int(match[2])] = path
            level.files.append(path)
    return level


def read_state(
    level: Level, moment: Moment | None, where: str, findings: Findings, *, limit: int = LIMIT
) -> State | None:
    """Return a level's state at a moment, pruned weights exactly +0.0; None, with a warning, if it does not fit.

    Raises
    ------
    TombolaError
        If its file is damaged or hostile.
    """
    if moment is None:
        return None
    path = level.models[moment]
    state = read_tensors(path, limit=limit)
    return state if _fits(state, level.mask, f"{path.name} of {where}", findings) else None


def _mask(stored: dict[str, Tensor], path: Path) -> Mask:
    for name, values in stored.items():
        if not bool(((values == 0) | (values == 1)).all()):
            raise TombolaError(f"{path} holds a mask ('{name}') of other values than 0 and 1")
    return Mask({name: values == 1 for name, values in stored.items()})


def _fits(state: State, mask: Mask | None, what: str, findings: Findings) -> bool:
    """Make a state effective, or warn that it is not of the network that the mask is of."""
    if mask is None:
        return True
    for name, shape in mask.shapes().items():
        if name not in state or tuple(state[name].shape) != shape:
            findings.warn(
                f"{what} has no weight '{name}' of shape {list(shape)}, which the mask covers; it is left out."
            )
            return False
    if any(bool(torch.count_nonzero(state[name][~keep])) for name, keep in mask.items()):
        # the framework masks in the forward pass only, so a step of the optimiser moves pruned weights
        note = "Some stored models hold pruned weights that are not zero; their effective weights were imported."
        if note not in findings.notes:
            findings.notes.append(note)
    mask.apply_(state)
    return True


def _check_report(path: Path, mask: Mask, where: str, findings: Findings) -> None:
    if not path.is_file():
        return
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise ValueError
        report = json.loads(path.read_text(encoding="utf-8"))
        total, unpruned = int(report["total"]), int(report["unpruned"])
    except (OSError, ValueError, KeyError, TypeError):
        findings.warn(f"{path.name} of {where} cannot be read; the mask counts.")
        return
    if (total, unpruned) != (mask.size, mask.count):
        findings.warn(
            f"{path.name} of {where} counts {unpruned} of {total} weights, the mask {mask.count} of {mask.size}; "
            "the mask counts."
        )
