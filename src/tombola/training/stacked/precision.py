"""The precision a stack computes in."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Precision:
    """Type of the weights, and whether products are taken in bf16.

    Attributes
    ----------
    device
        Where.
    dtype
        Of weights and images.
    bf16
        Whether convolutions and products are taken in bf16.
    """

    device: torch.device
    dtype: torch.dtype
    bf16: bool

    def computing(self) -> AbstractContextManager[object]:
        """Return the context of a forward pass."""
        # a cache of cast weights would outlive the step inside a captured graph
        context = torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False)
        return context if self.bf16 else nullcontext()
