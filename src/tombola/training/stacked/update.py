"""The update of a stack's weights: one fused optimiser, its learning rate where the step is computed."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from tombola.specs import TrainSpec
from tombola.training.optimisers import optimisers


class Update:
    """One optimiser over the parameters of a stack.

    The rate is a number set before every step, as in the dense engine, or a tensor, filled from a table of rates by the
    position of the step, so that a captured step needs nothing from the host.

    Parameters
    ----------
    parameters
        What is updated.
    train
        The recipe.
    rate
        Steps done → learning rate.
    position
        Place of the next step in the window, on the device.
    window
        Steps in it; None has the host set the rate.
    """

    def __init__(
        self,
        parameters: Sequence[nn.Parameter],
        train: TrainSpec,
        rate: Callable[[int], float],
        position: Tensor,
        window: int | None,
    ) -> None:
        self._parameters, self._rate, self._position = list(parameters), rate, position
        self._optimiser = optimisers[train.optimiser](self._parameters, train)
        self._table: Tensor | None = None
        if window is not None:
            self._table = torch.zeros(window, dtype=torch.float32, device=position.device)
            self._lr = torch.zeros((), dtype=torch.float32, device=position.device)
            for group in self._optimiser.param_groups:
                group["lr"] = self._lr
                if "capturable" in group:
                    group["capturable"] = True
            # it is captured, but not in the steps before the capture, of which torch would warn
            self._optimiser._warned_capturable_if_run_uncaptured = True

    def load(self, first: int) -> None:
        """Fill the table with the rates of a window that begins at step `first`; without waiting for the device."""
        if self._table is not None:
            rates = torch.tensor(
                [self._rate(first + offset) for offset in range(len(self._table))], dtype=torch.float32
            )
            self._table.copy_(rates.pin_memory() if self._table.is_cuda else rates, non_blocking=True)

    def before(self, step: int) -> None:
        """Set the rate of a step from the host, where it is the host that says."""
        if self._table is None:
            for group in self._optimiser.param_groups:
                group["lr"] = self._rate(step)

    def look_up(self) -> None:
        """Take the rate of the step at `position` from the table. Runs on the device alone."""
        if self._table is not None:
            self._lr.copy_(self._table.index_select(0, self._position.view(1)).view(()))

    def step(self) -> None:
        """Update the parameters and drop their gradients."""
        self._optimiser.step()
        for parameter in self._parameters:
            parameter.grad = None

    def reset(self) -> None:
        """Forget every step so far. Momentum of zeros starts as no momentum does: 0.9 x 0 + gradient."""
        for state in self._optimiser.state.values():
            for value in state.values():
                if isinstance(value, Tensor):
                    value.zero_()
