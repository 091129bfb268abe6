"""Where and how a network computes: device, threads, layout, precision. All of it is undone when training ends."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain

import torch
from torch import Tensor, nn

from tombola.errors import TombolaError

# the public attributes of torch.backends resolve what is inherited, and one of them sets another than it gets
_GET, _SET = torch._C._get_fp32_precision_getter, torch._C._set_fp32_precision_setter


def find_device(wanted: str) -> torch.device:
    """Return the device a text names, with its index.

    Parameters
    ----------
    wanted
        ``auto`` (the first CUDA device if there is one, else the CPU), ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    TombolaError
        For anything else, or a device that this machine lacks.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    match = re.fullmatch(r"(auto|cpu|cuda)(?:(?<=cuda):(\d+))?", wanted.strip().lower())
    if match is None:
        raise TombolaError(f"device '{wanted}' is unknown; use auto, cpu, cuda or cuda:N")
    kind, index = match[1], int(match[2] or 0)
    if kind == "cpu" or (kind == "auto" and not count):
        return torch.device("cpu")
    if index >= count:
        raise TombolaError(f"device '{wanted}' is not there: this machine has {count} CUDA devices; use auto or cpu")
    return torch.device("cuda", index)


@contextmanager
def threads_set(count: int) -> Iterator[None]:
    """Let torch use `count` threads for the duration."""
    if count < 1:
        raise TombolaError(f"threads = {count}: at least one thread is needed")
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def computing(device: torch.device, bf16: bool) -> AbstractContextManager[object]:
    """Return the context of a forward pass: bf16 where asked, float32 weights either way."""
    return torch.autocast(device.type, torch.bfloat16) if bf16 else nullcontext()


PRODUCTS = tuple((backend, operation) for backend in ("cuda", "mkldnn") for operation in ("matmul", "conv", "rnn"))
"""What torch knows a precision of float32 products for."""

ABOVE = (("generic", "all"), ("cuda", "all"))
"""Settings that hold for several of them, where these say nothing of their own."""


@contextmanager
def products(device: torch.device, precision: str) -> Iterator[None]:
    """Take float32 products exactly for the duration, or in TF32 on CUDA where the recipe's precision is ``tf32``.

    Left to itself, torch takes convolutions on CUDA in TF32, which keeps 10 of 23 bits, and matrix products as the
    process was told last. A CPU always computes exactly.
    """
    on_cuda = "tf32" if device.type == "cuda" and precision == "tf32" else "ieee"
    before = _own_settings()
    try:
        for backend, operation in PRODUCTS:
            _SET(backend, operation, on_cuda if backend == "cuda" else "ieee")
        yield
    finally:
        for (backend, operation), own in before.items():
            _SET(backend, operation, own)


def _own_settings() -> dict[tuple[str, str], str]:
    """Return what each product is set to itself, ``none`` where it goes by a setting above: torch tells what holds."""
    above = {}
    for place in ABOVE:
        above[place] = _GET(*place)
        _SET(*place, "none")
    own = {place: _GET(*place) for place in PRODUCTS}
    for place, setting in above.items():
        _SET(*place, setting)
    return own


def at_least_float32(outputs: Tensor) -> Tensor:
    """Return a network's outputs in the precision that losses are computed in."""
    return outputs.float() if outputs.element_size() < 4 else outputs


def has_convolutions(module: nn.Module) -> bool:
    """Return whether a network has 2-D convolutions, which compute fastest in channels-last layout."""
    return any(isinstance(part, nn.Conv2d | nn.ConvTranspose2d) for part in module.modules())


def compute_dtype(module: nn.Module) -> torch.dtype:
    """Return the floating-point type of a network's weights."""
    return next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)


@contextmanager
def placed(module: nn.Module, device: torch.device, channels_last: bool) -> Iterator[None]:
    """Put a network's tensors on a device and in a layout, and back where and how they were at the end.

    The parameters stay the same objects throughout, and end without gradients.
    """
    homes = {name: (tensor.device, tensor.stride()) for name, tensor in _tensors(module)}
    for _, tensor in _tensors(module):
        image_like = channels_last and tensor.dim() == 4
        layout = torch.channels_last if image_like else torch.preserve_format
        tensor.data = tensor.data.to(device, memory_format=layout)
        tensor.grad = None
    try:
        yield
    finally:
        for name, tensor in _tensors(module):
            home, strides = homes.get(name, (tensor.device, tensor.stride()))
            if (tensor.device, tensor.stride()) != (home, strides):
                values = torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype, device=home)
                tensor.data = values.copy_(tensor.data)
            tensor.grad = None


def _tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    return chain(module.named_parameters(), module.named_buffers())


@contextmanager
def eval_mode(module: nn.Module) -> Iterator[None]:
    """Put a network in evaluation mode for the duration; every part gets its own mode back."""
    with modes_kept(module):
        module.eval()
        yield


@contextmanager
def modes_kept(module: nn.Module) -> Iterator[None]:
    """Give every part of a network its mode (training or evaluation) back at the end."""
    modes = [(part, part.training) for part in module.modules()]
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
