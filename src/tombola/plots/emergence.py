"""A ticket emerging: what its first layer looks like, level by level."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.colors import Normalize

from tombola.errors import TombolaError
from tombola.plots.kernels import as_pictures
from tombola.plots.seen_pixels import input_shape, mask_image, pixel_image, pixels_seen
from tombola.plots.weight_colours import weight_colours, weight_norm
from tombola.plots.weights import Weights, chosen_layer, stored_masks, stored_weights
from tombola.store import Run
from tombola.store.folder import TICKET
from tombola.store.tickets import StateName

BETWEEN = (0.86, 0.875, 0.89, 1.0)
"""Light grey between kernels: white would hide weights near zero."""
KERNELS = 64
CHANNELS = 16


@dataclass(frozen=True)
class Stage:
    """The first layer at one level.

    Attributes
    ----------
    level, density
        Of the whole network.
    image
        RGBA in [0, 1].
    note
        What the reader should know about the numbers.
    accuracy
        Test accuracy at early stop; NaN where the job failed.
    """

    level: int
    density: float
    image: Float[np.ndarray, "row column 4"]
    note: str
    accuracy: float


@dataclass(frozen=True)
class Emergence:
    """All stages, and a sentence on what they show."""

    stages: list[Stage]
    caption: str


def emergence(
    run: Run,
    levels: list[int],
    *,
    replicate: int = 0,
    state: StateName = "trained",
    control: str = TICKET,
    repetition: int = 0,
    layer: str | None = None,
) -> Emergence:
    """Return pictures of the first layer (or a named one) of one replicate, level by level.

    A convolution shows its kernels, pruned weights black, in one common scale of colours. A linear layer that sees the
    image shows how many of its weights remain at every input pixel; any other one, whose inputs are no pixels, shows
    its mask.

    Levels that do not exist are left out. Where the state of one was not kept, all show their masks alone.
    """
    found, missing = _layers(run, levels, replicate, state, control, repetition, layer)
    masks, absent = found, ""
    if missing:
        masks, absent = _layers(run, levels, replicate, None, control, repetition, layer)
    blank = len(masks) > len(found)
    found = masks if blank else found
    if not found:
        return Emergence([], absent or missing or "There is no level to show.")
    example = next(iter(found.values()))
    name = example.name.removesuffix(".weight")
    if example.values.ndim > 2:
        what = "weights that remain, white" if blank else f"{state.replace('_', ' ')} weights"
        told = f"{name}: {what}, a column per kernel, a row per channel; pruned ones black."
        norm = weight_norm(np.concatenate([weights.values for weights in found.values()]))
        kernels, channels = example.values.shape[:2]
        if kernels > KERNELS or channels > CHANNELS:
            told += f" Shown are the first {min(kernels, KERNELS)} of {kernels} kernels"
            told += f" and {min(channels, CHANNELS)} of {channels} channels."
        images = {level: (kernel_sheet(weights, norm), "") for level, weights in found.items()}
    elif not pixels_seen(run, replicate, next(iter(found)), example):
        told = f"{name}: weights that remain yellow, pruned ones black; an output per row, an input per column."
        images = {level: (mask_image(weights), "") for level, weights in found.items()}
    else:
        shape = input_shape(run, replicate, next(iter(found)), example)
        channels = "" if len(shape) < 3 or shape[0] == 1 else f" (all {shape[0]} channels together)"
        told = f"{name}: weights that remain at each input pixel{channels}; brighter is more, black is none."
        images = {level: pixel_image(weights, shape) for level, weights in found.items()}
    return Emergence([_stage(run, replicate, control, repetition, at, *images[at]) for at in found], told)


def _layers(
    run: Run,
    levels: list[int],
    replicate: int,
    state: StateName | None,
    control: str,
    repetition: int,
    layer: str | None,
) -> tuple[dict[int, Weights], str]:
    """Return the layer at every level that has it (None: its mask alone), and why the first one is missing."""
    found: dict[int, Weights] = {}
    missing = ""
    for level in levels:
        own, again = (control, repetition) if level else (TICKET, 0)
        try:
            if state is None:
                layers = stored_masks(run, replicate, level, control=own, repetition=again)
            else:
                layers = stored_weights(run, replicate, level, state, control=own, repetition=again)
        except TombolaError as error:
            missing = missing or str(error)
            continue
        chosen = chosen_layer(layers, layer, ("conv", "linear", "output"))
        if chosen is not None:
            found[level] = chosen
    return found, missing


def kernel_sheet(layer: Weights, norm: Normalize) -> Float[np.ndarray, "row column 4"]:
    """Return kernels side by side on white: a column per kernel, a row per channel, wrapped to a handy format."""
    small = as_pictures(layer.values)[:KERNELS, :CHANNELS]
    kernels, channels, high, wide = small.shape
    across = _kernels_across(kernels, channels * (high + 1) + 1, wide + 1)
    tall = channels * (high + 1) + 1
    sheet = np.tile(np.array(BETWEEN), (math.ceil(kernels / across) * tall, across * (wide + 1) + 1, 1))
    for kernel in range(kernels):
        band, column = divmod(kernel, across)
        for channel in range(channels):
            top, left = band * tall + channel * (high + 1) + 1, column * (wide + 1) + 1
            sheet[top : top + high, left : left + wide] = weight_colours(small[kernel, channel], norm)
    return sheet


def _kernels_across(kernels: int, tall: int, wide: int) -> int:
    """Return how many kernels of that many cells stand side by side for a sheet that is full and nearly square."""

    def ugly(across: int) -> float:
        bands = math.ceil(kernels / across)
        return abs(math.log(across * wide / (bands * tall))) + 3 * (bands * across - kernels) / kernels

    return min(range(1, kernels + 1), key=ugly)


def _stage(
    run: Run, replicate: int, control: str, repetition: int, level: int, image: Float[np.ndarray, "h w 4"], note: str
) -> Stage:
    table = run.early_stop_table()
    own = (table.replicate == replicate) & (table.level == level)
    own &= (table.control == (control if level else TICKET)) & (table.repetition == (repetition if level else 0))
    mine = table[own]
    density, accuracy = (
        float(mine[column].iloc[0]) if len(mine) else math.nan for column in ("density", "test_accuracy")
    )
    return Stage(level, density, image, note, accuracy)
