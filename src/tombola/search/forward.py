"""A network with other weights than its own, for the duration of a call."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.func import functional_call


class Forward(nn.Module):
    """Compute a network with its prunable weights replaced; nothing in it changes but running statistics in training.

    Parameters
    ----------
    module
        The network, on its device.
    leaves
        Parameter name -> what it computes with.
    """

    def __init__(self, module: nn.Module, leaves: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.module = module
        self._tensors = {name: own.detach() for name, own in module.named_parameters()} | dict(leaves)

    def forward(self, images: Tensor) -> Tensor:
        """Return what the network returns."""
        outputs: Tensor = functional_call(self.module, self._tensors, (images,))
        return outputs
