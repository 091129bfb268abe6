"""The answers of a network, computed by the sparse engine's kernels."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray
from torch import Tensor, nn

from tombola.training.sparse import fields as at
from tombola.training.sparse.compile import Compiler, Recipe
from tombola.training.sparse.layers import read_layers
from tombola.training.sparse.optimise import SGD
from tombola.training.sparse.run import run
from tombola.training.sparse.sources import Pixels

NO_STEPS = Recipe(SGD, (0.0, 0.0, 0.0, 0.0))


class SparsePredictor:
    """A network compiled for inference in batches, on one thread.

    Parameters
    ----------
    module
        The network; its present state is copied.
    mask
        Survivors by name of the weight; weights that are not named are dense.
    shape
        Channels, height and width of an image.
    batch
        Images at a time; kernels compute multiples of 16.
    scale, shift
        A pixel is fed as ``pixel * scale + shift``: one number, or one per channel.

    Raises
    ------
    Unsupported
        If a part of the network has no kernel.
    """

    def __init__(
        self,
        module: nn.Module,
        mask: Mapping[str, Tensor],
        shape: tuple[int, int, int],
        batch: int,
        scale: NDArray[np.float32],
        shift: NDArray[np.float32],
    ) -> None:
        compiled = Compiler(read_layers(module, shape), mask, Pixels(shape, scale, shift), batch, NO_STEPS)
        program, real = compiled.evaluation.tables()
        answers = program[:, at.CODE] != at.LOSS
        self.shape, self.batch = shape, batch
        self._program, self._real = program[answers], real[answers]
        self._arena, self._index = compiled.arena.floats(), compiled.arena.integers()
        for held in (*compiled.parameters.by_name.values(), *compiled.parameters.statistics.values()):
            held.read(self._arena)
        last, begin = compiled.output, compiled.output.values.base
        self._logits = self._arena[begin : begin + last.features * last.lanes].reshape(last.features, last.lanes)
        self._labels, self._totals, self._rates = np.zeros(0, np.int64), np.zeros(2), np.zeros(0)

    def __call__(self, images: UInt8[np.ndarray, "n c h w"]) -> Float32[np.ndarray, "n classes"]:
        """Return the logits of images, in evaluation mode.

        Raises
        ------
        ValueError
            If the images are of another shape or type.
        """
        # kernels check nothing
        if images.dtype != np.uint8 or images.shape[1:] != self.shape:
            raise ValueError(f"images must be bytes of shape {self.shape}, not {images.dtype} of {images.shape[1:]}")
        flat = np.ascontiguousarray(images).reshape(-1)
        made = np.empty((len(images), len(self._logits)), np.float32)
        tables = (self._program, self._real, self._arena, self._index, flat, self._labels)
        for first in range(0, len(images), self.batch):
            samples = np.arange(first, min(first + self.batch, len(images)))
            run(*tables, samples, self.batch, self._rates, 0, self._totals)
            made[first : first + len(samples)] = self._logits[:, : len(samples)].T
        return made
