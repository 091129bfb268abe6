"""What sanity checks ask about: a method, a trained network, images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from PIL import Image as Pillow
from torch import Tensor, nn

from tombola.explain import similarity
from tombola.explain.attribute import Attribution, attribute
from tombola.explain.normalising import degenerate_maps
from tombola.explain.scene import Score


@dataclass(frozen=True, eq=False)
class Question:
    """A method to be checked, on one network.

    Attributes
    ----------
    module
        The trained network.
    images
        Normalised images.
    method, layer, score, options
        As `tombola.explain.attribute` takes them; methods and baselines alike.
    target
        The class that the maps explain; the same one for every network that is compared.
    permuted
        Trains a network like this one on permuted labels; needed for the check `labels` alone.
    batch_size, seed
        As `tombola.explain.attribute` takes them.
    """

    module: nn.Module
    images: Float[Tensor, "n c h w"]
    method: str = "grad-cam"
    layer: str = "last_conv"
    score: Score = "logit"
    options: Mapping[str, Any] = field(default_factory=dict)
    target: str | int | Int[Tensor, " n"] = "predicted"
    permuted: Callable[[], nn.Module] | None = None
    batch_size: int = 32
    seed: int = 0

    @cached_property
    def original(self) -> Attribution:
        """The method's maps of the network as it is."""
        return self._attribution(self.module, self.method, self.options, self.target)

    def maps(self, module: nn.Module) -> Float[np.ndarray, "n y x"]:
        """Return the method's maps of another network, of the classes that the original ones explain."""
        targets = torch.from_numpy(self.original.targets)
        return self._attribution(module, self.method, self.options, targets).maps

    def baseline(self, name: str) -> Float[np.ndarray, "n y x"]:
        """Return the maps of a baseline, brought to the size of the method's by averaging."""
        height, width = self.original.maps.shape[1:]
        maps = self._attribution(self.module, name, {}, 0).maps.astype(np.float32)
        small = [Pillow.fromarray(each).resize((width, height), Pillow.Resampling.BOX) for each in maps]
        return np.stack([np.asarray(each) for each in small])

    def _attribution(self, module: nn.Module, method: str, options: Mapping[str, Any], target: Any) -> Attribution:
        return attribute(
            module,
            self.images,
            method,
            self.layer,
            target,
            score=self.score,
            batch_size=self.batch_size,
            seed=self.seed,
            options=options,
        )


def alike(a: Float[np.ndarray, "n y x"], b: Float[np.ndarray, "n y x"]) -> Float[np.ndarray, " n"]:
    """Return rank correlations of maps; a constant map has nothing in common with others, and all with another one.

    Without the last rule a method whose maps are always constant would look as if weights mattered to it.
    """
    both = degenerate_maps(a) & degenerate_maps(b)
    return np.where(both, 1.0, np.nan_to_num(similarity.spearman(a, b), nan=0.0))
