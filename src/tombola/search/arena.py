"""Scores, weights and masks of all layers in one row each, so that a step does everything at once."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from tombola.networks import PrunableLayer, State
from tombola.pruning import Mask

Flat = Float[Tensor, " weight"]
"""A number per prunable weight: layers in order, each in flat (row-major) order."""


class Arena:
    """What a search works on, flat; per layer where the network needs it.

    Attributes
    ----------
    scores
        What is trained. Starts at zero.
    weights
        The frozen weights.
    mask
        1 where a weight takes part in the forward pass, else 0; written by the method, step by step.
    flags
        1 where a weight is a candidate, else 0. All are, unless a method rules some out.
    gradient
        Of the loss with respect to the mask, after a backward pass.
    leaves
        Parameter name -> weight times mask, shaped like the weight: what the network computes with.

    Parameters
    ----------
    module
        The network, on its device.
    layers
        Its prunable layers.
    """

    def __init__(self, module: nn.Module, layers: Sequence[PrunableLayer]) -> None:
        self.layers = tuple(layers)
        self.sizes = [layer.size for layer in layers]
        own = dict(module.named_parameters())
        self.weights: Flat = torch.cat([own[layer.name].detach().contiguous().flatten() for layer in layers])
        self.scores = nn.Parameter(torch.zeros_like(self.weights))
        self.mask, self.flags = torch.ones_like(self.weights), torch.ones_like(self.weights)
        self.gradient = torch.zeros_like(self.weights)
        self._effective = self.weights.clone()
        self._parts = list(self.split(self.gradient).values())
        self.leaves = {name: part.requires_grad_() for name, part in self.split(self._effective).items()}

    def split(self, flat: Tensor) -> dict[str, Tensor]:
        """Return the layers' parts of a row, shaped like their weights; they share its memory."""
        parts = torch.split(flat, self.sizes)
        return {layer.name: part.view(layer.shape) for layer, part in zip(self.layers, parts, strict=True)}

    def join(self, parts: State) -> Tensor:
        """Return tensors shaped like the weights as one row, on the arena's device."""
        return torch.cat([parts[layer.name].flatten() for layer in self.layers]).to(self.weights.device)

    def as_mask(self, flat: Flat | Bool[Tensor, " weight"]) -> Mask:
        """Return a row of zeros and ones as a mask."""
        return Mask({name: part.cpu() != 0 for name, part in self.split(flat).items()})

    def state(self, flat: Flat) -> State:
        """Return a copy of a row, shaped like the weights, on the CPU."""
        return {name: part.detach().to("cpu", copy=True) for name, part in self.split(flat).items()}

    def lay(self, scale: Flat | None = None) -> dict[str, Tensor]:
        """Write weight times mask (times a scale) to where the network finds it, and return the leaves."""
        torch.mul(self.weights, self.mask, out=self._effective)
        if scale is not None:
            self._effective.mul_(scale)
        return self.leaves

    def slope(self, loss: Tensor, scale: Flat | None = None) -> Flat:
        """Return the gradient of a loss with respect to the mask: that of the weight as laid, times weight and scale.

        It is there for weights that are masked, too: that is what lets them return (straight-through, Bengio et al.
        2013).
        """
        found = torch.autograd.grad(loss, list(self.leaves.values()), allow_unused=True)
        for own, part in zip(self._parts, found, strict=True):
            if part is None:  # the network does not use this layer
                own.zero_()
            else:
                own.copy_(part)
        self.gradient.mul_(self.weights)
        return self.gradient if scale is None else self.gradient.mul_(scale)
