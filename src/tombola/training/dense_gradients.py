"""Gradients of all weights of a masked network, pruned ones included: what growth by gradient looks at."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from tombola.data.batches import Batches, Prepare
from tombola.data.dataset import Dataset
from tombola.training.engine import Task
from tombola.training.placement import compute_dtype, has_convolutions, modes_kept


class DenseGradients:
    """Computes gradients on the batch of a step, in plain PyTorch, without a trace: no state, no mode is changed.

    Parameters
    ----------
    task, data, batch_size
        The network, its streams, and what it is trained on.
    """

    def __init__(self, task: Task, data: Dataset, batch_size: int) -> None:
        self.module = task.module
        device = next(task.module.parameters()).device
        prepare = Prepare(
            data.normalisation, device, compute_dtype(task.module), channels_last=has_convolutions(task.module)
        )
        self._batches = Batches(
            data, batch_size, seed=task.seed, replicate=task.replicate, prepare=prepare, device=device
        )

    def __call__(self, names: Iterable[str], step: int) -> dict[str, Tensor]:
        """Return name -> gradient of the mean cross-entropy on the batch that follows a step, on the CPU."""
        images, labels = next(self._batches.from_step(step))
        parameters = {name: value.detach() for name, value in self.module.named_parameters()}
        buffers = {name: value.clone() for name, value in self.module.named_buffers()}  # batch norm writes to them
        wanted = {name: parameters[name].requires_grad_() for name in names}
        with torch.enable_grad(), modes_kept(self.module):
            self.module.train()
            loss = F.cross_entropy(functional_call(self.module, parameters | wanted | buffers, (images,)), labels)
            gradients = torch.autograd.grad(loss, list(wanted.values()))
        return {name: gradient.to("cpu") for name, gradient in zip(wanted, gradients, strict=True)}
