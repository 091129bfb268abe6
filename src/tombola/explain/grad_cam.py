"""Grad-CAM and Grad-CAM++: what a layer's maps say for a class, weighted by gradients.

Own code, as Captum's ``LayerGradCam`` keeps a layer's tensor itself, into which a following activation in place writes.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from tombola.explain.capture import captured
from tombola.explain.methods import Method, methods
from tombola.explain.scene import Scene, picked


def weighted_sum(maps: Float[Tensor, "n k y x"], weights: Float[Tensor, "n k"]) -> Float[Tensor, "n y x"]:
    """Return the sum of maps by weight, before anything is rectified."""
    return torch.einsum("nkyx,nk->nyx", maps, weights)


def maps_and_gradients(scene: Scene) -> tuple[Float[Tensor, "n k y x"], Float[Tensor, "n k y x"]]:
    """Return the maps of the scene's layer, and the gradient of each image's score with respect to them."""
    with captured(scene.module, scene.layer) as layer, torch.enable_grad():
        score = picked(scene.scores(scene.images), scene.targets).sum()
        maps = layer.maps(scene.layer)
        found = torch.autograd.grad(score, maps, allow_unused=True)[0] if score.requires_grad else None
    return maps.detach(), torch.zeros_like(maps) if found is None else found


def grad_cam(scene: Scene) -> Float[Tensor, "n y x"]:
    """Grad-CAM: maps of a layer, weighted by the mean gradient of the score, rectified (Selvaraju et al. 2017).

    ReLU(sum_k a_k A_k), where a_k is the spatial mean of the score's gradient with respect to map A_k
    (explainability reference, section 5.1).
    """
    maps, gradients = maps_and_gradients(scene)
    return weighted_sum(maps, gradients.mean(dim=(2, 3))).relu()


def grad_cam_plus_plus(scene: Scene) -> Float[Tensor, "n y x"]:
    """Grad-CAM++: positive gradients, weighted so that small parts count as well (Chattopadhay et al. 2018).

    The weight of map A is the sum over its cells of ReLU(g) / (2 + g sum(A)), g being the gradient: formula 19 of the
    paper for the exponential of the score, shortened by g squared, and without the factor exp(score), which is the same
    in the whole map. Only positive values of A enter sum(A): the paper's layers are rectified, and in others the
    weights would have poles.
    """
    maps, gradients = maps_and_gradients(scene)
    positive = gradients.relu()
    shares = positive / (2 + positive * maps.relu().sum(dim=(2, 3), keepdim=True))
    return weighted_sum(maps, shares.sum(dim=(2, 3))).relu()


methods.register("grad-cam")(Method(grad_cam, uses_layer=True))
methods.register("grad-cam++")(Method(grad_cam_plus_plus, uses_layer=True))
