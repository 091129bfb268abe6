"""A trained factor for every channel, as the identity shortcuts of some residual networks have one."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Scale(nn.Module):
    """Multiply every channel by a factor of its own. It begins at 1 and is never prunable.

    Parameters
    ----------
    channels
        Number of channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def reset_parameters(self) -> None:
        """Set all factors to 1."""
        nn.init.ones_(self.weight)

    def forward(self, maps: Float[Tensor, "n c ..."]) -> Float[Tensor, "n c ..."]:
        """Return the scaled maps."""
        return scaled(maps, self.weight)


def scaled(maps: Float[Tensor, "n c ..."], weight: Float[Tensor, " c"]) -> Float[Tensor, "n c ..."]:
    """Return maps whose channels are multiplied by factors."""
    return maps * weight.view(-1, *(1,) * (maps.dim() - 2))
