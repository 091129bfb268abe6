"""States and tickets as safetensors: survivors only, masks as bits, readable without Tombola.

A tensor that a mask covers is stored as the 1-D list of its surviving values in flat order; all others whole.
``mask/<name>`` holds the bits (one per weight, most significant first, zero-padded to bytes), and ``held/<name>`` the
values of pruned weights where they are not zero: once per ticket, as no state moves them. The file's metadata holds one
JSON text with the shapes (docs/run-folder.md).
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from tombola.errors import TombolaError
from tombola.networks.state import State
from tombola.pruning import Mask, Ticket

NOTE = "tombola"
MASK, HELD, INITIAL = "mask/", "held/", "initial/"


def save_ticket(path: Path, ticket: Ticket, *, with_initial: bool = True) -> None:
    """Write a ticket: its mask, the values pruned weights are held at, and the surviving part of its initial state."""
    tensors = {f"{MASK}{name}": bits for name, bits in ticket.mask.pack().items()}
    tensors |= {f"{HELD}{name}": values for name, values in ticket.mask.held.items()}
    if with_initial:
        tensors |= {f"{INITIAL}{name}": value for name, value in _survivors(ticket.initial, ticket.mask).items()}
    shapes = {name: list(keep.shape) for name, keep in ticket.mask.items()}
    _save(path, tensors, {"shapes": shapes, "provenance": dict(ticket.provenance)})


def load_ticket(path: Path, order: Iterable[str] = ()) -> Ticket:
    """Read a ticket; its initial state is empty where only the mask was kept.

    Parameters
    ----------
    path
        The file, which lists its layers by name.
    order
        Layers in network order: those of the mask come in that order, and others behind them.
    """
    tensors, note = _load(path)
    names = [*(name for name in order if name in note["shapes"]), *note["shapes"]]
    shapes = {name: tuple(note["shapes"][name]) for name in dict.fromkeys(names)}
    mask = Mask.unpack({name: tensors[f"{MASK}{name}"] for name in shapes}, shapes, _under(HELD, tensors))
    return Ticket(_fill(_under(INITIAL, tensors), mask), mask, note["provenance"])


def save_state(path: Path, state: State, mask: Mask) -> None:
    """Write a state of a masked network; the mask is that of its ticket, and kept there."""
    _save(path, _survivors(state, mask), {"shapes": {name: list(keep.shape) for name, keep in mask.items()}})


def save_own_state(path: Path, state: State, mask: Mask) -> None:
    """Write a state that has another mask than its ticket (one that moved), with the mask's bits."""
    bits = {f"{MASK}{name}": bits for name, bits in mask.pack().items()}
    _save(path, _survivors(state, mask) | bits, {"shapes": {name: list(keep.shape) for name, keep in mask.items()}})


def load_state(path: Path, mask: Mask) -> State:
    """Read a state back to full tensors, pruned weights exactly +0.0, or what the mask holds them at.

    A state with a mask of its own goes by that.
    """
    tensors, note = _load(path)
    if bits := _under(MASK, tensors):
        mask = Mask.unpack(bits, {name: tuple(shape) for name, shape in note["shapes"].items()})
        tensors = {name: value for name, value in tensors.items() if not name.startswith(MASK)}
    return _fill(tensors, mask)


def _under(prefix: str, tensors: State) -> State:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _survivors(state: Mapping[str, torch.Tensor], mask: Mask) -> State:
    return {name: value[mask[name]] if name in mask else value.contiguous() for name, value in state.items()}


def _fill(packed: State, mask: Mask) -> State:
    full: State = {}
    held = mask.held
    for name, value in packed.items():
        if name in mask:
            keep = mask[name]
            full[name] = torch.zeros(keep.shape, dtype=value.dtype)
            full[name][keep] = value
            if name in held:
                full[name][~keep] = held[name].to(value.dtype)
        else:
            full[name] = value
    return full


def _save(path: Path, tensors: State, note: dict[str, Any]) -> None:
    # one metadata entry only: safetensors writes several in random order, and equal jobs must give equal bytes
    try:
        save_file(tensors, path, metadata={NOTE: json.dumps(note, sort_keys=True)})
    except SafetensorError as error:
        raise OSError(28 if "No space" in str(error) else 5, str(error)) from error


def _load(path: Path) -> tuple[State, dict[str, Any]]:
    try:
        with safe_open(path, framework="pt") as file:
            note = json.loads((file.metadata() or {})[NOTE])
            return {name: file.get_tensor(name) for name in file.keys()}, note  # noqa: SIM118 - not a dict
    except FileNotFoundError:
        raise
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise TombolaError(f"{path} is damaged ({error}); delete its job folder and start the run again") from error
