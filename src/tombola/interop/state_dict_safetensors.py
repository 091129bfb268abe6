"""Weights, mask and where they come from in one safetensors file, readable without Tombola (docs/export.md)."""

import errno
import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tombola.errors import TombolaError
from tombola.interop.restricted import LIMIT
from tombola.interop.state_dict_pruning import split_pruned
from tombola.networks.state import State
from tombola.pruning import Mask

NOTE, MASK = "tombola", "mask/"

FORMAT = "tombola-ticket"
"""What the note calls itself; files of run folders, which hold survivors only, have no such entry."""

LENGTH_BYTES = 8


def is_safetensors(path: Path) -> bool:
    """Return whether a file begins as such files do: eight bytes of length, then a JSON object."""
    try:
        with path.open("rb") as file:
            return file.read(LENGTH_BYTES + 1)[LENGTH_BYTES:] == b"{"
    except OSError as error:
        raise TombolaError(f"cannot read {path}: {error.strerror or error}") from error


def write_safetensors(path: Path, state: State, mask: Mask, note: dict[str, Any]) -> None:
    """Write whole tensors under their own names, the mask's bits under ``mask/<name>``, and a note.

    Parameters
    ----------
    path
        The file.
    state
        Name -> tensor, pruned weights +0.0 or what the mask holds them at.
    mask
        Packed as in run folders: most significant bit first, zero-padded to bytes.
    note
        Plain data for the metadata entry ``tombola``; the shapes of the mask are added.
    """
    tensors = {name: value.contiguous() for name, value in state.items()}
    tensors |= {f"{MASK}{name}": bits for name, bits in mask.pack().items()}
    shapes = {name: list(shape) for name, shape in mask.shapes().items()}
    # one entry only: safetensors writes several in random order, and equal tickets must give equal bytes
    text = json.dumps(note | {"format": FORMAT, "shapes": shapes}, sort_keys=True)
    try:
        save_file(tensors, path, metadata={NOTE: text})
    except SafetensorError as error:
        raise OSError(errno.ENOSPC if "No space" in str(error) else errno.EIO, str(error)) from error


def read_safetensors(path: Path, limit: int = LIMIT) -> tuple[State, Mask | None]:
    """Return weights and mask of a safetensors file, ours or anybody's, of at most `limit` bytes.

    Raises
    ------
    TombolaError
        If it is damaged, or is a file of a run folder, which `open_run` reads.
    """
    if path.stat().st_size > limit:
        raise TombolaError(f"{path} is {path.stat().st_size:,} bytes large, more than the limit of {limit:,}")
    try:
        with safe_open(path, framework="pt") as file:
            note = json.loads((file.metadata() or {}).get(NOTE, "{}"))
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, OSError) as error:
        raise TombolaError(f"{path} is damaged, or no safetensors file ({error})") from error
    if not tensors:
        raise TombolaError(f"{path} holds no tensors")
    bits = {name.removeprefix(MASK): value for name, value in tensors.items() if name.startswith(MASK)}
    if not bits:
        return split_pruned(tensors, path)
    if not isinstance(note, dict) or note.get("format") != FORMAT:
        raise TombolaError(f"{path} is part of a run folder or of another program; open the run, or export the ticket")
    state = {name: value for name, value in tensors.items() if not name.startswith(MASK)}
    for name in bits:
        if name not in state:
            raise TombolaError(f"{path} has a mask for '{name}' and no such weight; it is damaged")
    mask = Mask.unpack(bits, {name: tuple(value.shape) for name, value in state.items() if name in bits})
    return state, mask.holding(state)  # whatever is under the mask, +0.0 or other values, was written on purpose
