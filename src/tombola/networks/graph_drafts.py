"""An operation of a layer graph before shapes are known, and how it is settled when they are."""

from dataclasses import dataclass, replace

import torch
from torch import nn

from tombola.networks.graph_layers import LAYERS, LoweringError, average
from tombola.networks.graph_nodes import Node


@dataclass(frozen=True)
class Draft:
    """An operation before shapes are known.

    Attributes
    ----------
    node
        All of it but its shape.
    in_place
        Whether it overwrites its input.
    features
        Numbers per image that a reshaping to a row asks for, where it names them.
    target
        Height and width that an adaptive pooling makes.
    """

    node: Node
    in_place: bool = False
    features: int | None = None
    target: tuple[int | None, int | None] | None = None

    def resolved(self, shapes: list[tuple[int, ...]]) -> Node:
        """Return the operation for inputs of these shapes (without batch).

        Raises
        ------
        LoweringError
            If it is no fixed pooling, no flattening, or no sum of equals for these shapes.
        """
        node, shape = self.node, shapes[0]
        if node.op == "add" and shapes[0] != shapes[1]:
            raise LoweringError(f"it adds maps of unequal shapes, {[*shapes[0]]} and {[*shapes[1]]}")
        if node.op == "pad" and len(shape) != 3:
            raise LoweringError(f"{node.label} adds channels, but its input has shape {[*shape]}")
        size = torch.Size(shape).numel()
        if self.features is not None and self.features != size:
            raise LoweringError(f"it reshapes maps of shape {[*shape]} to rows of {self.features}, mixing images")
        if self.target is None:
            return node
        if len(shape) != 3:
            raise LoweringError(f"{node.label} pools over height and width, but its input has shape {[*shape]}")
        out = [have if wanted is None else wanted for wanted, have in zip(self.target, shape[1:], strict=True)]
        if any(have % wanted for have, wanted in zip(shape[1:], out, strict=True)):
            raise LoweringError(f"{node.label} pools {shape[1]}x{shape[2]} maps to {out[0]}x{out[1]}, which is uneven")
        window = tuple(have // wanted for have, wanted in zip(shape[1:], out, strict=True))
        return replace(node, attributes=average(window, window))


def draft_layer(name: str, part: nn.Module, source: int) -> list[Draft] | int:
    """Return the operation of a layer, or the position of its input where it does nothing.

    Raises
    ------
    LoweringError
        If the layer, or an option of it, has no operation.
    """
    if type(part) not in LAYERS:
        raise LoweringError(f"layer '{name}' ({type(part).__name__}) has no operation here")
    made = LAYERS[type(part)](name, part)
    if made is None:
        return source
    op, attributes = made
    tensors = [
        (role, f"{name}.{role}" if name else role) for role, value in part.state_dict().items() if value is not None
    ]
    in_place = bool(getattr(part, "inplace", False))
    if op == "adaptive":
        return [Draft(Node("avg_pool", (source,), module=name), target=dict(attributes)["target"])]
    return [Draft(Node(op, (source,), (), name, tuple(tensors), attributes), in_place)]
