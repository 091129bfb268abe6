"""Occlusion: what the score loses when a patch of the image is covered."""

import torch
from jaxtyping import Float
from torch import Tensor

from tombola.errors import TombolaError
from tombola.explain.captum_library import captum
from tombola.explain.gradients import AT_ONCE
from tombola.explain.methods import Method, methods
from tombola.explain.scene import Scene


def occlusion(scene: Scene, patch: int | None = None, stride: int | None = None) -> Float[Tensor, "n h w"]:
    """Occlusion: what the score loses when a square patch becomes the mean image (Zeiler & Fergus 2014; Captum).

    Every pixel gets the mean over the patches that cover it.

    Parameters
    ----------
    scene
        The question.
    patch
        Side of the patch in pixels; by default an eighth of the image's shorter side, at least 2.
    stride
        Pixels between patches; by default half a patch.
    """
    channels, height, width = scene.images.shape[1:]
    side = min(height, width)
    patch = max(2, round(side / 8)) if patch is None else patch
    stride = max(1, patch // 2) if stride is None else stride
    if not 1 <= stride <= patch <= side:
        raise TombolaError(f"patch = {patch}, stride = {stride}: 1 <= stride <= patch <= {side} is needed")
    maps = []
    with captum("occlusion") as library, torch.no_grad():
        occluded = library.Occlusion(scene.scores)
        for image, target in zip(scene.images, scene.targets, strict=True):
            losses = occluded.attribute(
                image[None],
                sliding_window_shapes=(channels, patch, patch),
                strides=(channels, stride, stride),
                baselines=0,
                target=target,
                perturbations_per_eval=AT_ONCE,
            )
            # a patch covers all channels, so they all say the same
            maps.append(losses[0].mean(dim=0).to(image.dtype))
    return torch.stack(maps)


methods.register("occlusion")(Method(occlusion, signed=True))
