"""The verb of this room: maps of what decisions go by, for any number of images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from tombola.errors import TombolaError, nearest
from tombola.explain.answers import Answers, answers
from tombola.explain.capture import undisturbed
from tombola.explain.layers import resolve_layer
from tombola.explain.methods import Method, find_method
from tombola.explain.normalising import MODES, degenerate_maps, normalise_maps
from tombola.explain.scene import SCORES, Scene, Score
from tombola.streams import stream_seed
from tombola.training.placement import compute_dtype


@dataclass(frozen=True, eq=False)
class Attribution:
    """Explanations of a network's answers to images.

    Attributes
    ----------
    maps
        One map per image, large where it matters; of the layer's size or the images', as the method has it.
    targets
        The class explained, per image.
    predicted, confidence
        The network's own answer, and the probability it gives it.
    method, layer, score
        How the maps were made. The layer is a module's name; empty for methods that look at none.
    """

    maps: Float[np.ndarray, "n h w"]
    targets: Int[np.ndarray, " n"]
    predicted: Int[np.ndarray, " n"]
    confidence: Float[np.ndarray, " n"]
    method: str
    layer: str
    score: str

    def __len__(self) -> int:
        return len(self.maps)

    @property
    def degenerate(self) -> Bool[np.ndarray, " n"]:
        """Which maps are constant: they explain nothing."""
        return degenerate_maps(self.maps)


def attribute(
    module: nn.Module,
    images: Float[Tensor, "n c h w"],
    method: str = "grad-cam",
    layer: str = "last_conv",
    target: str | int | Int[Tensor, " n"] = "predicted",
    labels: Int[Tensor, " n"] | None = None,
    score: Score = "logit",
    normalise: str = "none",
    batch_size: int = 32,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Attribution:
    """Return explanations of a network's answers. The network stays as it is: mode, weights, gradients, flags, hooks.

    A map depends on the network, the image, its target and the seed: not on other images, nor on the batch size, but
    for rounding.

    Parameters
    ----------
    module
        Any network that gives (images, classes); it computes where its weights are.
    images
        Normalised images.
    method
        A name of `tombola.explain.methods` or `tombola.explain.baselines`.
    layer
        For methods that look inside: ``last_conv``, ``last_relu``, ``last_pool``, a module's name, or ``name@k``.
    target
        The class to explain: ``predicted``, ``true`` (of `labels`), a class number, or one number per image.
    labels
        True classes; needed for ``true``.
    score
        ``logit`` or ``log_prob``.
    normalise
        ``none``, ``max``, ``minmax`` or ``sum``, each map by itself; see `tombola.explain.normalising`.
    batch_size
        Images at a time.
    seed
        For methods that draw.
    options
        Of the method; ``methods[name].options`` lists them.

    Raises
    ------
    TombolaError
        If something named does not exist or does not fit, or a network's answers or maps are not finite.

    Examples
    --------
    >>> maps = attribute(network, images, layer="last_pool").maps  # doctest: +SKIP
    """
    found = find_method(method, options)
    for field, value, known in (("normalise", normalise, MODES), ("score", score, SCORES)):
        if value not in known:
            raise TombolaError(f"{field} = '{value}'{nearest(value, known)}")
    if batch_size < 1:
        raise TombolaError(f"batch_size = {batch_size}: at least one image at a time is needed")
    _check_images(images)
    device = next((tensor.device for tensor in module.parameters()), images.device)
    dtype = compute_dtype(module)
    with undisturbed(module, device):
        batches = [batch.to(device, dtype) for batch in torch.split(images.detach(), batch_size)]
        place = resolve_layer(module, batches[0][:1], layer) if found.uses_layer else ""
        said = answers(module, batches)
        targets = _targets(target, labels, said)
        maps = np.concatenate(
            [
                _maps(found, Scene(module, batch, chosen.to(device), place, score, _generator(seed)), options or {})
                for batch, chosen in zip(batches, torch.split(targets, batch_size), strict=True)
            ]
        )
    broken = np.flatnonzero(~np.isfinite(maps).all(axis=(1, 2)))
    if len(broken):
        where = f"method '{method}'" + (f", layer '{place}'" if place else "")
        raise TombolaError(
            f"the map of image {broken[0]} has values that are not finite ({where}); leave out this image or this "
            "network, or choose another layer or method"
        )
    return Attribution(
        normalise_maps(maps, normalise), targets.numpy(), said.predicted, said.confidence, method, place, score
    )


def _generator(seed: int) -> torch.Generator:
    """Return the same generator for every batch, so that batches do not matter; images get streams of their own."""
    return torch.Generator().manual_seed(stream_seed(seed, "explain"))


def _maps(method: Method, scene: Scene, options: Mapping[str, Any]) -> Float[np.ndarray, "n h w"]:
    maps = method(scene, **options).detach().to("cpu")
    return (maps if maps.dtype == torch.float64 else maps.float()).numpy()


def _check_images(images: Tensor) -> None:
    if not isinstance(images, Tensor) or images.dim() != 4 or not len(images):
        shape = list(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise TombolaError(f"images = {shape}: a tensor (images, channels, height, width) with an image is needed")
    if not images.is_floating_point():
        raise TombolaError(
            f"images are {images.dtype}; normalise them first, as the network was trained (explain.pictures does)"
        )


def _targets(target: str | int | Tensor, labels: Tensor | None, said: Answers) -> Int[Tensor, " n"]:
    count = len(said.predicted)
    if isinstance(target, str):
        if target == "predicted":
            return torch.from_numpy(said.predicted)
        if target != "true":
            raise TombolaError(f"target = '{target}'{nearest(target, ('predicted', 'true'))}, or a class number")
        if labels is None:
            raise TombolaError("target = 'true' needs labels; give them, or take target = 'predicted'")
        target = labels
    classes = torch.as_tensor(target).detach().to("cpu")
    if classes.is_floating_point() or classes.dtype == torch.bool or classes.shape not in ((), (count,)):
        raise TombolaError(
            f"targets are {list(classes.shape)} {classes.dtype}; one whole number, or one for each of {count} images, "
            "is needed"
        )
    classes = classes.long().expand(count).clone()
    if not 0 <= int(classes.min()) <= int(classes.max()) < said.classes:
        raise TombolaError(
            f"targets go from {int(classes.min())} to {int(classes.max())}, but the network knows classes 0 to "
            f"{said.classes - 1}"
        )
    return classes
