"""Linear layers as pictures of what they read: survivors per pixel where inputs are pixels, else the mask."""

import math

import numpy as np
from jaxtyping import Float
from matplotlib.colors import Normalize, to_rgba

from tombola.analysis.inspect_graph import stored_graph
from tombola.analysis.wiring import sees_image
from tombola.plots.weight_colours import COUNT_MAP, PRUNED
from tombola.plots.weights import Weights
from tombola.store import Run

KEPT = "#f2c14e"


def pixels_seen(run: Run, replicate: int, level: int, layer: Weights) -> bool:
    """Return whether the inputs of a linear layer are pixels; of the first prunable layer where wiring is not known."""
    ticket = run.ticket(replicate, level)
    graph = stored_graph(ticket.provenance)
    if isinstance(graph, str):
        shape = ticket.provenance.get("input_shape")
        first = next(iter(ticket.mask)) == layer.name
        return first and (shape is None or math.prod(shape) == layer.values.shape[1])
    return sees_image(graph, layer.name)


def pixel_counts(layer: Weights, shape: tuple[int, ...]) -> Float[np.ndarray, "height width"]:
    """Return how many weights of a linear layer remain at each input pixel, channels added up."""
    counts = (~np.isnan(layer.values)).sum(0).reshape(shape)
    return np.asarray(counts.reshape(-1, *shape[-2:]).sum(0), np.float64)


def input_shape(run: Run, replicate: int, level: int, layer: Weights) -> tuple[int, ...]:
    """Return the shape of what a linear layer sees: the image if it fits, else a square, else a row."""
    inputs = layer.values.shape[1]
    shape = tuple(run.ticket(replicate, level).provenance.get("input_shape", ()))
    if shape and math.prod(shape) == inputs:
        return shape
    side = math.isqrt(inputs)
    return (side, side) if side * side == inputs else (1, inputs)


def pixel_image(layer: Weights, shape: tuple[int, ...]) -> tuple[Float[np.ndarray, "h w 4"], str]:
    """Return the survivors of every pixel as colours, none black, and how many the brightest has."""
    counts = pixel_counts(layer, shape)
    most = int(counts.max())
    image = np.asarray(COUNT_MAP(Normalize(0, max(most, 1))(np.ma.masked_equal(counts, 0))))
    return image, f"at most {most:,} per pixel"


def mask_image(layer: Weights) -> Float[np.ndarray, "output input 4"]:
    """Return the mask of a linear layer: what remains yellow (white would be the paper), what is pruned black."""
    return np.where(np.isnan(layer.values)[..., None], to_rgba(PRUNED), to_rgba(KEPT))
