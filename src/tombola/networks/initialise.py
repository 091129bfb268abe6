"""Initialisation: everything a network holds, drawn from one generator, the same bits on every device."""

import math

import torch
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks.initialisers import DEFAULT, INITIALISERS, fans, uniform
from tombola.networks.kinds import CONVOLUTIONS, NORMALISATIONS
from tombola.specs import NetworkSpec


def initialise(module: nn.Module, spec: NetworkSpec, generator: torch.Generator) -> None:
    """Draw everything a network holds, in place (playground reference, sections 1.7 and 1.8).

    Weights of convolutions and linear layers follow ``spec.weight_init``, their biases ``spec.bias_init`` (``default``
    is what the layer draws for itself); normalisation starts at scale 1, shift 0, mean 0, variance 1, counter 0. Any
    other module with parameters resets itself. What a module draws for itself is seeded from the generator. Numbers are
    drawn on the CPU in module order, so equal seeds give equal bits whatever the device or memory layout.

    Parameters
    ----------
    module
        The network, on any real device.
    spec
        ``weight_init`` and ``bias_init`` are read.
    generator
        A CPU generator; the global random state is neither read nor changed.

    Raises
    ------
    TombolaError
        If a module has parameters of its own and no ``reset_parameters``.
    """
    with torch.no_grad():
        for name, part in module.named_modules():
            if isinstance(part, (*CONVOLUTIONS, nn.Linear)):
                if DEFAULT in (spec.weight_init, spec.bias_init):
                    _reset_itself(name, part, generator)
                _draw_layer(part.weight, part.bias, spec, generator)
            elif isinstance(part, NORMALISATIONS):
                part.reset_parameters()
            elif next(part.parameters(recurse=False), None) is not None:
                _reset_itself(name, part, generator)


def _draw_layer(weight: Tensor, bias: Tensor | None, spec: NetworkSpec, generator: torch.Generator) -> None:
    if spec.weight_init != DEFAULT:
        weight.copy_(INITIALISERS[spec.weight_init](weight.shape, generator))
    if bias is None or spec.bias_init == DEFAULT:
        return
    if spec.bias_init == "zeros":
        bias.zero_()
    else:
        bias.copy_(uniform(bias.shape, 1 / math.sqrt(fans(weight)[0]), generator))


def _reset_itself(name: str, part: nn.Module, generator: torch.Generator) -> None:
    # nn.MultiheadAttention spells it with an underscore
    reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
    if reset is None:
        raise TombolaError(
            f"module '{name or 'the network itself'}' ({type(part).__name__}) has parameters and no "
            "reset_parameters(), so it cannot be initialised; give it one"
        )
    seed = int(torch.randint(2**62, (), generator=generator))
    device = next(part.parameters(recurse=False)).device
    part.to("cpu")  # so that its draws come from the CPU and are the same on every device
    try:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            reset()
    finally:
        part.to(device)
