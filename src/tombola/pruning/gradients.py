"""What scores with gradients share: a network as a function of its tensors, so that the network itself never changes.

Parameters, statistics and gradients of the module stay as they are, in training mode too; random numbers that a network
draws come from the score's stream; the process's own random state is put back.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from tombola.errors import TombolaError
from tombola.pruning.context import ScoreContext

Tensors = dict[str, Tensor]


def private_tensors(module: nn.Module, dtype: torch.dtype | None = None) -> Tensors:
    """Return copies of a network's parameters and buffers, floating-point ones of another type if asked for."""
    tensors = dict(module.named_parameters()) | dict(module.named_buffers())
    return {
        name: value.detach().to(dtype if dtype and value.is_floating_point() else value.dtype, copy=True)
        for name, value in tensors.items()
    }


def scored_weights(context: ScoreContext, tensors: Tensors) -> dict[str, Tensor]:
    """Return the prunable weights among a network's tensors, from here on with gradients.

    Raises
    ------
    TombolaError
        If the network lacks one.
    """
    for layer in context.layers:
        if layer.name not in tensors:
            raise TombolaError(f"the network to be scored has no weight '{layer.name}'")
        tensors[layer.name].requires_grad_()
    return {layer.name: tensors[layer.name] for layer in context.layers}


@contextmanager
def scoring(context: ScoreContext) -> Iterator[None]:
    """Compute scores: dropout off, other random numbers from the score's stream, arithmetic that has second gradients.

    What the process drew and set before holds again afterwards.
    """
    module = context.module
    seed = int(torch.randint(2**62, (), generator=context.generator))
    dropping = [part for part in module.modules() if isinstance(part, nn.modules.dropout._DropoutNd)]
    before = [part.training for part in dropping]
    devices = sorted({weight.device.index for weight in module.parameters() if weight.is_cuda})
    try:
        for part in dropping:
            part.training = False
        with torch.random.fork_rng(devices=devices), sdpa_kernel(SDPBackend.MATH), torch.enable_grad():
            for generator in (torch.default_generator, *(torch.cuda.default_generators[device] for device in devices)):
                generator.manual_seed(seed)
            yield
    finally:
        for part, training in zip(dropping, before, strict=True):
            part.training = training


def batch_losses(
    context: ScoreContext, tensors: Mapping[str, Tensor], temperature: float = 1.0
) -> Iterator[tuple[Float[Tensor, ""], int]]:
    """Yield the summed cross-entropy of every batch, and its number of images.

    Parameters
    ----------
    context
        Network and batches.
    tensors
        What to compute with in place of the network's own parameters and buffers; statistics in it may change.
    temperature
        What outputs are divided by.
    """
    example = next((value for value in tensors.values() if value.is_floating_point()), torch.empty(0))
    for images, labels in context.batches:
        outputs = functional_call(context.module, dict(tensors), (images.to(example),))
        labels = labels.to(outputs.device)
        yield F.cross_entropy(outputs / temperature, labels, reduction="sum"), len(labels)


def mean_gradients(
    context: ScoreContext, tensors: Mapping[str, Tensor], weights: Mapping[str, Tensor], temperature: float = 1.0
) -> tuple[Tensors, int]:
    """Return the gradients of the mean loss over all images, and how many images there are.

    Gradients are accumulated batch after batch, every image weighing the same: how images are dealt into batches
    changes nothing but memory (and, in training mode, what normalisation sees).

    Raises
    ------
    TombolaError
        If there are no images.
    """
    total = {name: torch.zeros_like(weight, requires_grad=False) for name, weight in weights.items()}
    count = 0
    for loss, images in batch_losses(context, tensors, temperature):
        accumulate(total, torch.autograd.grad(loss, list(weights.values()), allow_unused=True))
        count += images
    if not count:
        raise TombolaError("there are no images to score weights by; give at least one batch")
    return {name: value / count for name, value in total.items()}, count


def accumulate(total: Tensors, gradients: tuple[Tensor | None, ...]) -> None:
    """Add gradients to sums, in place; weights that nothing depends on have none."""
    for value, gradient in zip(total.values(), gradients, strict=True):
        if gradient is not None:
            value += gradient.detach()
