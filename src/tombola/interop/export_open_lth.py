"""The folders of open_lth (facebookresearch/open_lth): one per level, with mask, models by step, and metric lines."""

import json
import math
from contextlib import suppress
from pathlib import Path

import torch

from tombola.errors import TombolaError
from tombola.interop.export import ExportOptions, exporter
from tombola.interop.export_hparams import hparams_text
from tombola.interop.state_dict import write_state_dict
from tombola.networks.state import State
from tombola.records import MEASURES, Records
from tombola.store import StoredTicket
from tombola.store.folder import TICKET
from tombola.store.jobs import EARLY_STOP, TRAINED, read_records

MAIN = "main"
PARTS = ("weight", "bias")


@exporter("open-lth", "a replicate's levels in the folders of open_lth", entries=("level_*",), stateless=True)
def export_open_lth(ticket: StoredTicket, path: Path, options: ExportOptions) -> str:
    """Write ``level_<k>/main`` with every state that was kept; controls lie beside ``main``.

    ``mask.pth`` holds whole numbers 0 and 1, ``sparsity_report.json`` counts them, ``logger`` has a line ``name,step,
    value`` per measurement, and models are named after the epoch and the iteration in it (all iterations, where the
    number of batches of an epoch is unknown). Weights of plain LeNets are named as there, all others as here.
    """
    if ticket.mask.held:
        raise TombolaError("pruned weights are held at other values than zero, which open_lth's masks cannot say")
    info = ticket.info
    branch = MAIN if info.control == TICKET else f"{info.control}_{info.repetition}"
    folder = path / f"level_{info.level}" / branch
    folder.mkdir(parents=True)
    names = lenet_names(ticket)
    write_state_dict(folder / "mask.pth", {names.get(name, name): keep.int() for name, keep in ticket.mask.items()})
    counts = {"total": float(ticket.mask.size), "unpruned": float(ticket.mask.count)}
    (folder / "sparsity_report.json").write_text(json.dumps(counts, indent=4))
    records = read_records(ticket.path)
    (folder / "logger").write_text(logger_lines(records))
    states = _states(ticket, records)
    for step, state in states.items():
        renamed = {names.get(name, name): value for name, value in state.items()}
        write_state_dict(folder / model_name(step, options.batches_per_epoch), renamed)
    if options.spec is not None:
        (folder / "hparams.log").write_text(hparams_text(options.spec))
    return "" if states else "without weights, which were not kept"


def lenet_names(ticket: StoredTicket) -> dict[str, str]:
    """Return our names -> those of open_lth, for the networks that both have: linear layers with rectifiers."""
    network = ticket.provenance.get("network", {})
    if network.get("architecture") != "plan" or network.get("activation") != "relu" or network.get("conv"):
        return {}
    names = {f"output.{part}": f"fc.{part}" for part in PARTS}
    for index in range(len(network["linear"])):  # activations lie between our layers
        names |= {f"linear.{2 * index}.{part}": f"fc_layers.{index}.{part}" for part in PARTS}
    return names


def model_name(step: int, batches_per_epoch: int | None) -> str:
    """Return the file of the weights at a step.

    Examples
    --------
    >>> model_name(250, 100), model_name(250, None)
    ('model_ep2_it50.pth', 'model_ep0_it250.pth')
    """
    epoch, iteration = divmod(step, batches_per_epoch) if batches_per_epoch else (0, step)
    return f"model_ep{epoch}_it{iteration}.pth"


def logger_lines(records: Records) -> str:
    """Return ``name,step,value`` for everything that was measured; numbers read back to the same bits."""
    return "\n".join(
        f"{name},{step},{float(value)!r}"
        for row, step in enumerate(records.step.tolist())
        for name in MEASURES
        if not math.isnan(value := getattr(records, name)[row])
    )


def _states(ticket: StoredTicket, records: Records) -> dict[int, dict[str, torch.Tensor]]:
    """Return the states that were kept, by step; of equal steps the trained one."""
    states: dict[int, State] = {}
    stop = ticket.info.early_stop_step
    if stop is not None and (ticket.path / EARLY_STOP).is_file():
        states[stop] = ticket.early_stop
    if len(records.step) and (ticket.path / TRAINED).is_file():
        states[int(records.step[-1])] = ticket.trained
    with suppress(TombolaError):  # it was not kept
        states[int(records.step[0]) if len(records.step) else 0] = ticket.initial
    return states
