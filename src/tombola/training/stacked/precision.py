"""The precision a stack computes in."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Self

import torch

from tombola.specs import TrainSpec


@dataclass(frozen=True)
class Precision:
    """Type of the weights, and what products are taken in.

    Attributes
    ----------
    device
        Where.
    dtype
        Of weights and images.
    bf16
        Whether convolutions and products are taken in bf16.
    tf32
        Whether float32 products are taken in TF32, which only CUDA does; else they are exact.
    """

    device: torch.device
    dtype: torch.dtype
    bf16: bool
    tf32: bool = False

    @classmethod
    def of(cls, train: TrainSpec, device: torch.device, dtype: torch.dtype) -> Self:
        """Return the precision of a recipe."""
        precision: str = train.precision
        return cls(device, dtype, precision == "bf16", precision == "tf32")

    def computing(self) -> AbstractContextManager[object]:
        """Return the context of a forward pass."""
        # a cache of cast weights would outlive the step inside a captured graph
        context = torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False)
        return context if self.bf16 else nullcontext()
