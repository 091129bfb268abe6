"""What other libraries call the tensors of the networks here, and back to our names."""

from collections.abc import Mapping

from torch import Tensor

from tombola.networks.state import State

CUSTOMARY: dict[str, dict[str, str]] = {
    "vgg16-imagenet": {"classifier.6.": "output.", "classifier.": "linear.", "features.": "conv."},
    "vit-tiny": {"cls_token": "tokens.cls_token", "pos_embed": "tokens.pos_embed"},
}
"""Architecture -> beginnings of customary names, the first that fits counts, and what stands for them here.

The residual networks for ImageNet bear the customary names themselves."""


def renamed(architecture: str, state: Mapping[str, Tensor]) -> State:
    """Return a state with the names of the networks here, where its names are the customary ones; else as it is.

    Examples
    --------
    >>> import torch
    >>> list(renamed("vgg16-imagenet", {"features.0.weight": torch.ones(1), "classifier.6.bias": torch.ones(1)}))
    ['conv.0.weight', 'output.bias']
    """
    table = CUSTOMARY.get(architecture, {})
    return {_renamed(name, table): tensor for name, tensor in state.items()}


def _renamed(name: str, table: Mapping[str, str]) -> str:
    begin = next((begin for begin in table if name.startswith(begin)), None)
    return name if begin is None else table[begin] + name.removeprefix(begin)
