"""Methods that follow the gradient down to the pixels."""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from tombola.errors import TombolaError
from tombola.explain.captum_library import captum
from tombola.explain.methods import Method, methods
from tombola.explain.scene import Scene, gradient

AT_ONCE = 64
"""Images of one pass of methods that make many out of each."""


def input_gradient(scene: Scene) -> Float[Tensor, "n h w"]:
    """Pixel times gradient of the score, summed over channels (Shrikumar et al. 2016; Captum)."""
    with captum("input-x-gradient") as library, torch.enable_grad():
        images = scene.images.detach().clone().requires_grad_()
        shares: Tensor = library.InputXGradient(scene.scores).attribute(images, target=scene.targets)
    return shares.detach().sum(dim=1)


def integrated_gradients(scene: Scene, steps: int = 64) -> Float[Tensor, "n h w"]:
    """Integrated gradients from the mean image to the image, summed over channels (Sundararajan et al. 2017; Captum).

    A map sums up to what the image scores more than the mean image, which is all zeros after normalisation, but for
    the error of `steps` points of Gauss and Legendre's rule.
    """
    if steps < 1:
        raise TombolaError(f"steps = {steps}: at least one point is needed")
    maps = []
    with captum("integrated-gradients") as library, torch.enable_grad():
        integrated = library.IntegratedGradients(scene.scores)
        for image, target in zip(scene.images, scene.targets, strict=True):
            # one by one: the batch of its points is the same whatever batch the image is in
            path = image.detach()[None].clone().requires_grad_()
            shares = integrated.attribute(
                path,
                baselines=0,
                target=target,
                n_steps=steps,
                method="gausslegendre",
                internal_batch_size=AT_ONCE,
            )
            maps.append(shares.detach()[0].sum(dim=0).to(image.dtype))
    return torch.stack(maps)


def smoothgrad(scene: Scene, samples: int = 25, noise: float = 0.15) -> Float[Tensor, "n h w"]:
    """SmoothGrad: mean gradient over noisy copies, largest absolute value over channels (Smilkov et al. 2017).

    The noise is normal, with `noise` times the image's range as standard deviation. Own code, as Captum's
    ``NoiseTunnel`` draws from the process's global random state, and so differently for every batch size.
    """
    if samples < 1 or not noise >= 0:
        raise TombolaError(f"samples = {samples}, noise = {noise}: at least one sample and no negative noise, please")
    maps = []
    for image, target, own in zip(scene.images, scene.targets, scene.draws(), strict=True):
        mean, spread = torch.zeros_like(image), noise * (image.max() - image.min())
        for first in range(0, samples, AT_ONCE):
            count = min(AT_ONCE, samples - first)
            noisy = image + spread * torch.randn(count, *image.shape, generator=own).to(image)
            score = partial(scene.target_scores, targets=target.expand(count))
            mean += gradient(noisy, score).sum(dim=0) / samples
        maps.append(mean.abs().amax(dim=0))
    return torch.stack(maps)


methods.register("input-x-gradient")(Method(input_gradient, signed=True))
methods.register("integrated-gradients")(Method(integrated_gradients, signed=True))
methods.register("smoothgrad")(Method(smoothgrad, stochastic=True))
