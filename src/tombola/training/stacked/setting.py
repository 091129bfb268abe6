"""What all stacks of one call share: data on the device, recipe, precision."""

from dataclasses import dataclass

import torch

from tombola.data.dataset import Dataset, Part
from tombola.specs import TrainSpec
from tombola.training.stacked.precision import Precision


@dataclass(frozen=True)
class Setting:
    """Data, recipe and device of a call.

    Attributes
    ----------
    data
        The data set, on the CPU.
    train_part, validation, test
        Its parts on the device.
    train
        The recipe.
    precision
        Device and types.
    capture
        Whether steps and evaluations are captured as CUDA graphs (rehearsed, on a CPU).
    threads
        Threads of the CPU.
    """

    data: Dataset
    train_part: Part
    validation: Part
    test: Part
    train: TrainSpec
    precision: Precision
    capture: bool
    threads: int

    @property
    def on_device(self) -> bool:
        """Whether steps take everything from the device, which capture needs and a GPU wants."""
        return self.capture or self.device.type == "cuda"

    @property
    def device(self) -> torch.device:
        """Where everything is."""
        return self.precision.device


def resident(part: Part, device: torch.device) -> Part:
    """Return a part of a data set on a device; where it is there already, the same memory."""
    return Part(part.images.to(device), part.labels.to(device))
