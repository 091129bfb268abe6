"""The layer graph: a network as a list of about ten operations. One lowering serves everything that walks networks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

from tombola.errors import TombolaError

Op = Literal[
    "input", "conv", "linear", "batch_norm", "relu", "tanh", "max_pool", "avg_pool", "flatten", "add", "dropout",
    "scale", "pad",
]  # fmt: skip
OPS: tuple[Op, ...] = get_args(Op)


@dataclass(frozen=True)
class Node:
    """One operation.

    Attributes
    ----------
    op
        What is done; `graph_run.apply` is its definition.
    inputs
        Positions of the nodes it takes, all before it.
    shape
        Of its output, without the batch dimension.
    module
        Path of the layer it comes from; empty for what is called as a function.
    tensors
        (role, name in ``state_dict()``) of what it reads: ``weight``, ``bias``, ``running_mean``, ``running_var``,
        ``num_batches_tracked``; absent ones are left out.
    attributes
        (name, value), ascending: ``kernel``, ``stride``, ``padding``, ``dilation``, ``groups`` of a convolution;
        ``kernel``, ``stride``, ``padding``, ``ceil`` of a pooling, with ``dilation`` (max) or ``count_padding``
        (average); ``eps``, ``momentum`` of a batch norm; ``p`` of a dropout; ``before``, ``after`` of a padding, in
        channels of zeros. Spatial ones are pairs (vertical, horizontal). Read as ``node["stride"]``.
    """

    op: Op
    inputs: tuple[int, ...] = ()
    shape: tuple[int, ...] = ()
    module: str = ""
    tensors: tuple[tuple[str, str], ...] = ()
    attributes: tuple[tuple[str, Any], ...] = ()

    def __getitem__(self, attribute: str) -> Any:
        return dict(self.attributes)[attribute]

    def tensor(self, role: str) -> str | None:
        """Return the name of the tensor of a role, or None if the layer has none (no bias, say)."""
        return dict(self.tensors).get(role)

    @property
    def weight(self) -> str | None:
        """Name of the prunable weight; None for everything but convolutions and linear layers."""
        return self.tensor("weight") if self.op in ("conv", "linear") else None

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"layer '{self.module}'" if self.module else f"the {self.op.replace('_', ' ')}"


@dataclass(frozen=True)
class LayerGraph:
    """A network as operations in an order in which they can be computed. Equal graphs: equal arithmetic.

    Identities are gone: every node does something (a dropout in training only). Its fields are plain tuples, so it can
    be compared, hashed and pickled; it holds no weights.

    Attributes
    ----------
    nodes
        The operations; the first is the input.
    output
        Position of the node whose output is the network's.
    """

    nodes: tuple[Node, ...]
    output: int

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, position: int) -> Node:
        return self.nodes[position]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one image."""
        return self.nodes[0].shape

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of what the network returns for one image."""
        return self.nodes[self.output].shape

    @cached_property
    def consumers(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the nodes that take each node's output, ascending."""
        return tuple(
            tuple(position for position, node in enumerate(self.nodes) if source in node.inputs)
            for source in range(len(self.nodes))
        )

    @cached_property
    def released(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the outputs that nobody needs once each node is computed."""
        last = [max((source, *users)) for source, users in enumerate(self.consumers)]
        last[self.output] = len(self.nodes)
        return tuple(
            tuple(source for source, when in enumerate(last) if when == position) for position in range(len(self.nodes))
        )

    @cached_property
    def tensors(self) -> tuple[str, ...]:
        """Names of all tensors that are read, in order."""
        return tuple(name for node in self.nodes for _, name in node.tensors)

    def weighted(self) -> tuple[Node, ...]:
        """Return the convolutions and linear layers, in order."""
        return tuple(node for node in self.nodes if node.weight is not None)

    def check_classes(self, classes: int) -> None:
        """Raise unless the network returns one score per class, at least.

        Raises
        ------
        TombolaError
            Naming shape and classes.
        """
        if len(self.output_shape) != 1 or self.output_shape[0] < classes:
            raise TombolaError(
                f"the network returns shape {[*self.output_shape]} for an image, but the data has {classes} classes; "
                "its output must be (images, classes)"
            )
