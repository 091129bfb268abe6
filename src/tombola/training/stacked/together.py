"""A stack whose networks compute together: every tensor has a leading replicate axis."""

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from tombola.networks.graph import LayerGraph, Node
from tombola.networks.graph_run import elementary
from tombola.training.engine import Task
from tombola.training.placement import at_least_float32
from tombola.training.stacked.choice import Shape, fastest
from tombola.training.stacked.convolution import FORMS, Geometry
from tombola.training.stacked.members import Masked, Tensors, held_part, kept_part
from tombola.training.stacked.precision import Precision

Values = Float[Tensor, "replicate n ..."]


class StackedNetworks:
    """Networks of one graph in stacked tensors: one operation computes a layer of all of them. The way of a GPU.

    Parameters
    ----------
    tasks
        The networks, all of this graph.
    graph
        What they compute.
    device, precision
        Where and how.
    convolution
        A form of `convolution.FORMS` for all convolutions; None measures which is fastest, shape by shape.
    """

    channels_last = False

    def __init__(
        self,
        tasks: Sequence[Task],
        graph: LayerGraph,
        device: torch.device,
        precision: Precision,
        convolution: str | None = None,
    ) -> None:
        self._graph, self._precision, self._convolution = graph, precision, convolution
        self._count, self.convolutions = len(tasks), any(node.op == "conv" for node in graph)
        self.parameters: list[nn.Parameter] = []
        self.masked: list[Masked] = []
        self._tensors: Tensors = {}
        named = dict(tasks[0].module.named_parameters())
        states = [task.module.state_dict() for task in tasks]
        for name in graph.tensors:
            parts = [state[name].detach().to(device).contiguous() for state in states]
            stacked = torch.stack(parts)
            kept = [kept_part(task.mask, name, part) for task, part in zip(tasks, parts, strict=True)]
            keep = held = None
            if any(part is not None for part in kept):
                whole = torch.ones(parts[0].shape, dtype=torch.bool)
                keep = torch.stack([whole if part is None else part for part in kept]).to(device)
                held = self._held(tasks, name, parts[0])
                stacked = torch.where(keep, stacked, stacked.new_zeros(()) if held is None else held.to(device))
            if name in named and named[name].requires_grad:
                stacked = parameter = nn.Parameter(stacked)
                self.parameters.append(parameter)
                if keep is not None:
                    self.masked.append((parameter, keep, held))
            self._tensors[name] = stacked
        self.members: list[Tensors] = [
            {name: tensor.detach()[number] for name, tensor in self._tensors.items()} for number in range(self._count)
        ]

    def _held(self, tasks: Sequence[Task], name: str, weight: Tensor) -> Tensor | None:
        """Return what the pruned entries of a stacked weight are held at, or None if all of them are zero."""
        values = [held_part(task.mask, name, weight) for task in tasks]
        if all(value is None for value in values):
            return None
        return torch.stack([torch.zeros(weight.shape, dtype=weight.dtype) if v is None else v for v in values])

    def backward(
        self, images: Float[Tensor, "batch c h w"], labels: Int[Tensor, "replicate n"]
    ) -> Float[Tensor, " replicate"]:
        """Compute the gradients of every network's loss on its own images, and return the losses."""
        with self._precision.computing():
            outputs = self._run(images.view(*labels.shape, *images.shape[1:]), training=True)
        losses = _cross_entropy(outputs, labels).mean(1)
        # the gradient of a sum is that of each network by itself: one that is NaN does not reach the others
        losses.sum().backward()  # type: ignore[no-untyped-call]
        return losses.detach()

    def measure(
        self, images: Float[Tensor, "n c h w"], labels: Int[Tensor, " n"], valid: Tensor | None
    ) -> tuple[Float[Tensor, " replicate"], Int[Tensor, " replicate"]]:
        """Return the sum of losses and the number of hits of every network on the same images, where valid."""
        with self._precision.computing():
            outputs = self._run(images.expand(self._count, *images.shape), training=False)
        losses = _cross_entropy(outputs, labels.expand(self._count, -1))
        right = outputs.argmax(2) == labels
        if valid is not None:
            losses, right = losses.where(valid, 0.0), right & valid
        return losses.sum(1, dtype=torch.float64), right.sum(1)

    def _run(self, images: Values, training: bool) -> Values:
        values: list[Tensor | None] = [images]
        for position, node in enumerate(self._graph.nodes[1:], start=1):
            inputs = [value for source in node.inputs if (value := values[source]) is not None]
            values.append(self._apply(node, inputs, training))
            for source in self._graph.released[position]:
                values[source] = None
        result = values[self._graph.output]
        return images if result is None else result

    def _apply(self, node: Node, inputs: Sequence[Values], training: bool) -> Values:
        x = inputs[0]
        match node.op:
            case "linear":
                weight, bias = self._get(node, "weight").transpose(1, 2), self._maybe(node, "bias")
                return torch.bmm(x, weight) if bias is None else torch.baddbmm(bias.unsqueeze(1), x, weight)
            case "conv":
                geometry = Geometry(node["stride"], node["padding"], node["dilation"], node["groups"])
                weight, bias = self._get(node, "weight"), self._maybe(node, "bias")
                return FORMS[self._form(x, weight, bias, geometry, training)](x, weight, bias, geometry)
            case "batch_norm":
                return self._batch_norm(node, x, training)
            case "add":
                return x + inputs[1]
            case "relu" | "tanh" | "pad":
                return elementary(node, x)
            case "scale":
                factors = self._get(node, "weight")
                return x * factors.view(len(factors), 1, -1, *(1,) * (x.dim() - 3))
            case "flatten":
                return x.flatten(2)
            case _:
                return _poolwise(node, x)

    def _batch_norm(self, node: Node, x: Values, training: bool) -> Values:
        """Normalise with replicates side by side as channels: statistics are per channel, so per replicate."""
        counter = self._maybe(node, "num_batches_tracked")
        if training and counter is not None:
            counter.add_(1)
        roles = ("running_mean", "running_var", "weight", "bias")
        mean, variance, scale, shift = (
            None if t is None else t.view(-1) for t in map(partial(self._maybe, node), roles)
        )
        wide = x.transpose(0, 1).reshape(x.shape[1], -1, *x.shape[3:])
        y = F.batch_norm(wide, mean, variance, scale, shift, training, node["momentum"], node["eps"])
        return y.view(x.shape[1], x.shape[0], *x.shape[2:]).transpose(0, 1)

    def _form(self, x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry, training: bool) -> str:
        if self._convolution is not None:
            return self._convolution
        sizes = tuple(x.shape), tuple(weight.shape)
        return fastest(Shape(*sizes, bias is not None, geometry, self._precision, training))

    def _get(self, node: Node, role: str) -> Tensor:
        return self._tensors[str(node.tensor(role))]

    def _maybe(self, node: Node, role: str) -> Tensor | None:
        name = node.tensor(role)
        return None if name is None else self._tensors[name]


def _poolwise(node: Node, x: Values) -> Values:
    """Apply what treats channels one by one, replicates taken as channels or as images: whichever copies nothing."""
    if x.stride(0) < x.stride(1):
        y = elementary(node, x.transpose(0, 1).flatten(1, 2))
        return y.view(x.shape[1], x.shape[0], -1, *y.shape[2:]).transpose(0, 1)
    y = elementary(node, x.flatten(0, 1))
    return y.view(*x.shape[:2], *y.shape[1:])


def _cross_entropy(outputs: Values, labels: Int[Tensor, "replicate n"]) -> Float[Tensor, "replicate n"]:
    flat = F.cross_entropy(at_least_float32(outputs).flatten(0, 1), labels.flatten(), reduction="none")
    return flat.view(labels.shape)
