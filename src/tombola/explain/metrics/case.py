"""What metrics are given: maps, and everything they may be held against."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from tombola.explain.capture import undisturbed
from tombola.explain.normalising import degenerate_maps, normalise_maps
from tombola.explain.render.upsample import upsample
from tombola.streams import stream_seed
from tombola.training.placement import at_least_float32, compute_dtype

DECIMALS = 6
"""Of maps at image size, whose largest value is 1: differences below are rounding, and decide no order."""


@dataclass(frozen=True, eq=False)
class Case:
    """Maps of one network for some images.

    Attributes
    ----------
    maps
        As the method made them, at any size.
    images, targets
        Normalised images, and the class that every map explains.
    module
        The network.
    labels
        True classes.
    boxes, objects
        Where the object is (as in `tombola.data.Part`).
    dense
        Maps of the dense network of the same replicate, of the same size.
    judge
        A network of another replicate, which had no part in the maps.
    explain
        (images, targets) -> maps, by the method that made these.
    batch_size
        Images at a time; results do not depend on it.
    seed
        For metrics that draw.
    """

    maps: Float[np.ndarray, "n y x"]
    images: Float[Tensor, "n c h w"]
    targets: Int[np.ndarray, " n"]
    module: nn.Module
    labels: Int[np.ndarray, " n"] | None = None
    boxes: Int[np.ndarray, "n 4"] | None = None
    objects: Bool[np.ndarray, "n h w"] | None = None
    dense: Float[np.ndarray, "n y x"] | None = None
    judge: nn.Module | None = None
    explain: Callable[[Tensor, Int[np.ndarray, " n"]], Float[np.ndarray, "n y x"]] | None = None
    batch_size: int = 256
    seed: int = 0

    def __len__(self) -> int:
        return len(self.maps)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.images.shape[2], self.images.shape[3]

    @cached_property
    def degenerate(self) -> Bool[np.ndarray, " n"]:
        """Which maps are constant."""
        return degenerate_maps(self.maps)

    @cached_property
    def full(self) -> Float[np.ndarray, "n h w"]:
        """The maps at the images' size, each divided by its largest absolute value; constant ones are 0."""
        scaled = normalise_maps(self.maps.astype(np.float64), "max")
        flat = zip(scaled, self.degenerate, strict=True)
        large = [np.zeros(self.size) if constant else upsample(each, self.size) for each, constant in flat]
        return np.round(np.stack(large).astype(np.float64), DECIMALS)

    @cached_property
    def kept(self) -> dict[str, Float[np.ndarray, " n"]]:
        """What metrics found that others need as well, by a name of their own."""
        return {}

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """One per image, of its pixels."""
        content = self.images.detach().to("cpu", torch.float32).contiguous().numpy()
        return tuple(hashlib.sha256(image.tobytes()).hexdigest() for image in content)

    @cached_property
    def ranks(self) -> Int[np.ndarray, "n h w"]:
        """The place of every pixel in the order of importance, from 0.

        Equal values stand in random order, the same for an image whatever the map: a constant map is a random one.
        """
        found = np.empty(self.full.shape, dtype=np.int64)
        for number, values in enumerate(self.full):
            order = np.lexsort((self.draws(number, "ties").random(values.size), -values.ravel()))
            found[number].ravel()[order] = np.arange(values.size)
        return found

    def draws(self, number: int, purpose: str) -> np.random.Generator:
        """Return the random numbers of one image, which depend on the seed and its pixels alone."""
        return np.random.default_rng(stream_seed(self.seed, "explain", purpose, self.digests[number]))

    def logits(self, images: Float[Tensor, "m c h w"], judged: nn.Module | None = None) -> Float[Tensor, "m classes"]:
        """Return the scores of all classes for any images, by the network or another one."""
        module = self.module if judged is None else judged
        device = next((tensor.device for tensor in module.parameters()), images.device)
        with undisturbed(module, device):
            batches = torch.split(images.to(device, compute_dtype(module)), self.batch_size)
            return torch.cat([at_least_float32(module(batch.clone())).double().cpu() for batch in batches])

    def probabilities(self, images: Float[Tensor, "m c h w"], number: int) -> Float[np.ndarray, " m"]:
        """Return the probability of image `number`'s target for variants of that image."""
        found: Float[np.ndarray, " m"] = self.logits(images).softmax(dim=1)[:, int(self.targets[number])].numpy()
        return found
