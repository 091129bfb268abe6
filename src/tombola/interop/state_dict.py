"""State dicts in and out: weights by name in a ``.pth`` or safetensors file, pruned by torch's own utilities or not."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from tombola.errors import TombolaError, nearest
from tombola.interop.restricted import LIMIT, is_state_dict, read_torch
from tombola.interop.restricted_builders import NUMBERS, PARAMETERS
from tombola.interop.state_dict_pruning import join_pruned, split_pruned
from tombola.interop.state_dict_safetensors import is_safetensors, read_safetensors
from tombola.networks.state import State
from tombola.pruning import Mask

PruningFormat = Literal["plain", "torch"]
PRUNING_FORMATS: tuple[str, ...] = get_args(PruningFormat)

WRAPPINGS = ("state_dict", "model_state_dict", "model")
"""Under these names a checkpoint of a training script holds its network's state dict."""

RUNS = "may run code"
"""What the restricted reader says of a file that names more than tensors."""

PREFIXES = ("module.", "_orig_mod.")
"""What ``DataParallel`` and ``torch.compile`` put before every name."""


def read_state_dict(path: str | Path, *, limit: int = LIMIT) -> tuple[State, Mask | None]:
    """Return the weights in a file, and its mask if it has one. Nothing in the file is executed.

    Read are files of ``torch.save`` and safetensors: a state dict, a checkpoint that holds one, a state dict with the
    ``weight_orig`` and ``weight_mask`` of ``torch.nn.utils.prune``, and Tombola's own exports.

    Parameters
    ----------
    path
        The file.
    limit
        The most bytes that the file, or the tensors in it, may take.

    Returns
    -------
    state
        Name -> tensor on the CPU; survivors bit for bit, pruned weights +0.0.
    mask
        What the file says is pruned; None where it says nothing. Zeros alone are not pruned weights.

    Raises
    ------
    TombolaError
        One sentence, if the file holds anything else or its masks make no sense.

    Examples
    --------
    >>> state, mask = read_state_dict("pruned.pth")  # doctest: +SKIP
    """
    path = Path(path)
    if is_safetensors(path):
        return read_safetensors(path, limit)
    try:
        content = read_torch(path, globals=dict(NUMBERS) | dict(PARAMETERS), limit=limit)
    except TombolaError as error:
        if RUNS not in str(error):
            raise
        raise TombolaError(
            f"{error}; if it is a whole network, save its tensors in the program that wrote it: "
            "torch.save(network.state_dict(), FILE)"
        ) from error
    return split_pruned(_bare(_unwrapped(content, path)), path)


def write_state_dict(
    path: str | Path, state: Mapping[str, Tensor], mask: Mask | None = None, *, pruning_format: str = "plain"
) -> None:
    """Write weights as ``torch.save`` does; equal weights give equal bytes, whatever the file is called.

    Parameters
    ----------
    path
        The file.
    state
        Name -> tensor.
    mask
        Which weights remain; pruned ones are written as +0.0.
    pruning_format
        ``plain``: the names as they are; of the mask only the zeros are left. ``torch``: ``weight_orig`` and
        ``weight_mask``, which a module loads after ``torch.nn.utils.prune`` was applied to the same layers.

    Raises
    ------
    TombolaError
        If the format is unknown, or ``torch`` is asked for without a mask.
    """
    if pruning_format not in PRUNING_FORMATS:
        raise TombolaError(f"unknown pruning format '{pruning_format}'{nearest(pruning_format, PRUNING_FORMATS)}")
    plain = {name: value.detach().cpu().clone(memory_format=torch.contiguous_format) for name, value in state.items()}
    if mask is not None:
        mask.apply_(plain)
    if pruning_format == "torch":
        if mask is None:
            raise TombolaError("pruning format 'torch' writes masks, and there is none; give a mask, or use 'plain'")
        plain = join_pruned(plain, mask)
    # torch names the archive inside after the file it writes to; in memory every archive is called the same
    memory = io.BytesIO()
    torch.save(plain, memory)
    Path(path).write_bytes(memory.getvalue())


def _unwrapped(content: Any, path: Path) -> State:
    if isinstance(content, dict):
        for key in WRAPPINGS:
            if is_state_dict(content.get(key)):
                return dict(content[key])
    if not is_state_dict(content) or not content:
        raise TombolaError(
            f"{path} holds no state dict (a mapping of names to tensors), nor a checkpoint with one under "
            f"{', '.join(WRAPPINGS)}"
        )
    return dict(content)


def _bare(state: State) -> State:
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state
