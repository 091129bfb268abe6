"""A stack whose networks compute one after the other: the same bits as alone, however many there are."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from tombola.networks.graph import LayerGraph, run_graph
from tombola.training.engine import Task
from tombola.training.placement import at_least_float32
from tombola.training.stacked.members import Masked, Tensors, held_part, kept_part
from tombola.training.stacked.precision import Precision


class SeparateNetworks:
    """Networks of one graph, each with tensors of its own. The way of a CPU, where larger operations fall out of cache.

    Every network goes forward and backward before the next one begins, in the layout and by the kernels of the dense
    engine, so results are bit-equal to its (but for adaptive pooling, see `run_graph`) and do not depend on the stack.

    Parameters
    ----------
    tasks
        The networks, all of this graph.
    graph
        What they compute.
    device, precision
        Where and how.
    """

    def __init__(self, tasks: Sequence[Task], graph: LayerGraph, device: torch.device, precision: Precision) -> None:
        self._graph, self._precision = graph, precision
        self.convolutions = self.channels_last = any(node.op == "conv" for node in graph)
        self.members: list[Tensors] = []
        self.parameters: list[nn.Parameter] = []
        self.masked: list[Masked] = []
        for task in tasks:
            named, own = dict(task.module.named_parameters()), task.module.state_dict()
            member: Tensors = {}
            for name in graph.tensors:
                image_like = self.channels_last and own[name].dim() == 4
                layout = torch.channels_last if image_like else torch.contiguous_format
                member[name] = own[name].detach().to(device, copy=True, memory_format=layout)
                if name in named and named[name].requires_grad:
                    member[name] = parameter = nn.Parameter(member[name])
                    self.parameters.append(parameter)
                    keep = kept_part(task.mask, name, parameter)
                    if keep is not None:
                        self.masked.append((parameter, keep, held_part(task.mask, name, parameter)))
            self._freeze(task, member)
            self.members.append(member)

    def _freeze(self, task: Task, member: Tensors) -> None:
        """Hold the pruned entries of weights that are not trained."""
        for name, tensor in member.items():
            keep = None if isinstance(tensor, nn.Parameter) else kept_part(task.mask, name, tensor)
            if keep is not None:
                values = held_part(task.mask, name, tensor)
                held = torch.zeros((), dtype=tensor.dtype) if values is None else values
                tensor.copy_(torch.where(keep.to(tensor.device), tensor, held.to(tensor.device)))

    def backward(
        self, images: Float[Tensor, "batch c h w"], labels: Int[Tensor, "replicate n"]
    ) -> Float[Tensor, " replicate"]:
        """Compute the gradients of every network's loss on its own images, and return the losses."""
        losses = []
        for member, batch, truth in zip(self.members, images.chunk(len(self.members)), labels, strict=True):
            with self._precision.computing():
                outputs = run_graph(self._graph, member, batch, training=True)
            loss = F.cross_entropy(at_least_float32(outputs), truth)
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
        return torch.stack(losses)

    def measure(
        self, images: Float[Tensor, "n c h w"], labels: Int[Tensor, " n"], valid: Tensor | None
    ) -> tuple[Float[Tensor, " replicate"], Int[Tensor, " replicate"]]:
        """Return the sum of losses and the number of hits of every network on the same images, where valid."""
        sums, hits = [], []
        for member in self.members:
            with self._precision.computing():
                outputs = run_graph(self._graph, member, images)
            losses = F.cross_entropy(at_least_float32(outputs), labels, reduction="none")
            right = outputs.argmax(1) == labels
            if valid is not None:
                losses, right = losses.where(valid, 0.0), right & valid
            sums.append(losses.sum(dtype=torch.float64))
            hits.append(right.sum())
        return torch.stack(sums), torch.stack(hits)
