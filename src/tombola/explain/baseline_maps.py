"""Maps that look like explanations but are none: what methods are held against in sanity checks."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tombola.explain.methods import Method, baselines
from tombola.explain.scene import Scene


def edge_detector(scene: Scene) -> Float[Tensor, "n h w"]:
    """Strength of edges in the image (Sobel): looks like an explanation to people, and ignores the network.

    Of the mean over channels, after normalisation; the border is continued by its own pixels.
    """
    grey = F.pad(scene.images.mean(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]).to(grey)
    kernels = torch.stack([across, across.T])[:, None]
    return F.conv2d(grey, kernels).square().sum(dim=1).sqrt()


def centre_gaussian(scene: Scene, spread: float = 0.25) -> Float[Tensor, "n h w"]:
    """A bell in the middle, as wide as `spread` of each side: where photographers put things."""
    count, _, height, width = scene.images.shape
    down, along = (
        ((torch.arange(size, dtype=torch.float64) + 0.5) / size - 0.5).div(spread) for size in (height, width)
    )
    bell = torch.exp(-0.5 * (down[:, None].square() + along.square()))
    return bell.to(scene.images).expand(count, -1, -1).clone()


def random_map(scene: Scene) -> Float[Tensor, "n h w"]:
    """Every pixel a uniform random number."""
    size = scene.images.shape[2:]
    return torch.stack([torch.rand(size, generator=own) for own in scene.draws()]).to(scene.images)


def constant_map(scene: Scene) -> Float[Tensor, "n h w"]:
    """Every pixel equally important."""
    return torch.ones_like(scene.images[:, 0])


baselines.register("edge-detector")(Method(edge_detector, uses_module=False))
baselines.register("centre-gaussian")(Method(centre_gaussian, uses_module=False))
baselines.register("random")(Method(random_map, stochastic=True, uses_module=False))
baselines.register("constant")(Method(constant_map, uses_module=False))
