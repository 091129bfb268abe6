"""The images that units of the first layer respond to most, and which part of them they see (reference 7.6)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from tombola.analysis.features.taps import GraphTap, Point
from tombola.analysis.material import NetworkView
from tombola.networks import LayerGraph, Node, State

BATCH = 50

Pipeline = Literal["network", "linear-sna2023"]
"""``network``: activations of the network itself, after batch norm and ReLU; ``linear-sna2023``: as published in 2023,
masked weights only, stride 1, padded by half the kernel."""


@dataclass(frozen=True, eq=False)
class Responses:
    """The strongest response of every unit of the first layer.

    Attributes
    ----------
    layer
        Name of its weights.
    value
        The response; NaN for units that respond to nothing (the same to every image and place).
    image
        Number of the image.
    top, left
        Where the patch begins, in pixels; negative where it lies partly in the padding.
    patches
        What the unit saw there, normalised, NaN outside the image; the whole image for a linear layer.
    """

    layer: str
    value: Float[NDArray[np.float64], " unit"]
    image: Int[NDArray[np.int64], " unit"]
    top: Int[NDArray[np.int64], " unit"]
    left: Int[NDArray[np.int64], " unit"]
    patches: Float[NDArray[np.float32], "unit channel height width"]


def strongest_responses(
    view: NetworkView, images: Float[Tensor, "image c h w"], pipeline: Pipeline = "network"
) -> Responses | None:
    """Return the patch of the images that each unit of the first layer responds to most; the first one of equal ones.

    Parameters
    ----------
    view
        A network whose layer graph is known.
    images
        Normalised.
    pipeline
        Whose responses.

    Returns
    -------
    Responses or None
        None where the first layer does not read images directly, or the layer graph is not known.
    """
    graph, node = view.graph, _first(view)
    if graph is None or node is None:
        return None
    name, shape = view.layers[0].name, view.layers[0].shape
    best = torch.full((shape[0],), -torch.inf, dtype=torch.float64)
    worst = torch.full_like(best, torch.inf)
    at = torch.zeros(shape[0], 2, dtype=torch.int64)
    wide, start = 1, 0
    respond = _linear(view, name) if pipeline == "linear-sna2023" else _network(graph, view.state, name, node)
    with torch.no_grad():
        for batch in torch.split(images, BATCH):
            maps = respond(batch).double()
            wide = maps.shape[3]
            flat = maps.movedim(1, 0).flatten(1)  # unit, (image, place)
            value, place = flat.max(1)
            better = value > best
            best = torch.where(better, value, best)
            worst = torch.minimum(worst, flat.amin(1))
            places = maps.shape[2] * wide
            where = torch.stack([start + place // places, place % places], 1)
            at = torch.where(better[:, None], where, at)
            start += len(batch)
    y, x = (at[:, 1] // wide).numpy(), (at[:, 1] % wide).numpy()
    kernel, stride, padding = _geometry(node, shape, images.shape, pipeline)
    top, left = y * stride[0] - padding[0], x * stride[1] - padding[1]
    patches = np.stack([_patch(images[i], t, le, kernel) for i, t, le in zip(at[:, 0], top, left, strict=True)])
    value_of = torch.where(best > worst, best, torch.nan).numpy()
    return Responses(name, value_of, at[:, 0].numpy(), top, left, patches)


def _first(view: NetworkView) -> Node | None:
    """Return the first layer if it reads the images themselves, flattened or not."""
    graph = view.graph
    if graph is None or len(graph.input_shape) != 3:
        return None
    position = next((i for i, node in enumerate(graph) if node.weight == view.layers[0].name), None)
    if position is None:
        return None
    source = graph[position].inputs[0]
    while source and graph[source].op in ("flatten", "dropout"):
        source = graph[source].inputs[0]
    return None if source else graph[position]


def _network(graph: LayerGraph, state: State, name: str, node: Node) -> Callable[[Tensor], Tensor]:
    points: tuple[Point, ...] = ("activation", "layer")
    taps = [GraphTap(graph, state, [name], point) for point in points]

    def respond(images: Tensor) -> Tensor:
        for tap in taps:
            values = tap(images).layers[name]
            if values.ndim == 2:
                return values[:, :, None, None]
            if tuple(values.shape[2:]) == tuple(node.shape[1:]):
                return values
        return values  # a ReLU behind a pooling: the layer's own output has its places

    return respond


def _linear(view: NetworkView, name: str) -> Callable[[Tensor], Tensor]:
    weight = torch.from_numpy(view.weights(name))
    if weight.ndim == 2:
        return lambda images: (images.flatten(1) @ weight.T)[:, :, None, None]
    padding = (weight.shape[2] // 2, weight.shape[3] // 2)
    return lambda images: F.conv2d(images, weight, padding=padding)


def _geometry(
    node: Node, shape: tuple[int, ...], images: torch.Size, pipeline: Pipeline
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    if len(shape) == 2:
        return (int(images[2]), int(images[3])), (1, 1), (0, 0)
    kernel = (shape[2], shape[3])
    if pipeline == "linear-sna2023":
        return kernel, (1, 1), (kernel[0] // 2, kernel[1] // 2)
    across = tuple(step * (size - 1) + 1 for step, size in zip(node["dilation"], kernel, strict=True))
    return (across[0], across[1]), tuple(node["stride"]), tuple(node["padding"])


def _patch(image: Tensor, top: int, left: int, kernel: tuple[int, int]) -> NDArray[np.float32]:
    found = np.full((len(image), *kernel), np.nan, np.float32)
    rows, columns = (list(_inside(begin, size, most)) for begin, size, most in
                     ((top, kernel[0], image.shape[1]), (left, kernel[1], image.shape[2])))  # fmt: skip
    if rows and columns:
        part = image[:, top + rows[0] : top + rows[-1] + 1, left + columns[0] : left + columns[-1] + 1]
        found[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = part.numpy()
    return found


def _inside(begin: int, size: int, most: int) -> Iterator[int]:
    return (place for place in range(size) if 0 <= begin + place < most)
