"""The baseline P: a plain eager loop over float images in memory with a fused optimiser; no masks, no records."""

from time import perf_counter

import torch
import torch.nn.functional as F
from torch import nn

from tombola.data.dataset import Dataset
from tombola.specs import TrainSpec
from tombola.training.optimisers import optimisers
from tombola.training.placement import has_convolutions, threads_set


class PlainLoop:
    """Trains one network on all threads it is given."""

    def __init__(self, module: nn.Module, data: Dataset, train: TrainSpec, threads: int) -> None:
        self.layout = torch.channels_last if has_convolutions(module) else torch.contiguous_format
        self.module = module.to(memory_format=self.layout)  # type: ignore[call-overload]
        self.images = (data.train.images.float() / 255 - 0.5).div_(0.25)
        self.labels, self.batch, self.threads = data.train.labels, train.batch_size, threads
        self.optimiser = optimisers[train.optimiser](list(self.module.parameters()), train)

    def seconds(self, steps: int) -> float:
        """Return the wall time of so many steps."""
        generator = torch.Generator().manual_seed(0)
        with threads_set(self.threads):
            began = perf_counter()
            order = torch.randperm(len(self.labels), generator=generator)
            for step in range(steps):
                position = step * self.batch % (len(order) - self.batch + 1)
                chosen = order[position : position + self.batch]
                self.optimiser.zero_grad()
                images = self.images[chosen].contiguous(memory_format=self.layout)
                F.cross_entropy(self.module(images), self.labels[chosen]).backward()  # type: ignore[no-untyped-call]
                self.optimiser.step()
            return perf_counter() - began
