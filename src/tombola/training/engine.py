"""What an engine is: it trains networks on one data set, and says what it measured and where they ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from torch import nn

from tombola.data.dataset import Dataset
from tombola.networks.state import State
from tombola.pruning import Mask
from tombola.records import Records
from tombola.registry import Registry
from tombola.specs import TrainSpec
from tombola.training.converge import Convergence
from tombola.training.moves import Journey, Moves


@dataclass(frozen=True, eq=False)
class Task:
    """One network to train.

    Attributes
    ----------
    module
        The network, holding its initial state. It is trained in place and ends in its trained state.
    mask
        What remains; None trains it dense. Pruned weights are exactly +0.0, or what the mask holds them at, from the
        first step to the last.
    seed, replicate
        Select the streams of data order and augmentation.
    start_step
        Steps that count as done: training takes the rest, with the batches and the learning rates of those steps.
    snapshots
        Steps after which the state is kept.
    moves
        When and how the mask moves; None keeps it where it is. `mask` is then the first one.
    """

    module: nn.Module
    mask: Mask | None = None
    seed: int = 0
    replicate: int = 0
    start_step: int = 0
    snapshots: tuple[int, ...] = ()
    moves: Moves | None = None


@dataclass(frozen=True)
class Progress:
    """What was just measured: handed to ``on_record`` at every record.

    Attributes
    ----------
    step, total_steps
        Completed optimiser steps, and how many there will be; both absolute, also after rewinding.
    val_accuracy, val_loss, train_loss
        As in the record; NaN where not measured.
    task
        Position of the network among the tasks of the engine.
    """

    step: int
    total_steps: int
    val_accuracy: float
    val_loss: float
    train_loss: float
    task: int = 0


OnRecord = Callable[[Progress], None]


@dataclass(frozen=True, eq=False)
class FitResult:
    """What came of one training.

    Attributes
    ----------
    status, reason
        ``done``, or ``failed`` and why: the loss was not finite, or no validation loss ever was.
    records
        The measurements; of a failed training those up to the failure.
    trained
        The state after the last step; with a convergence rule the state it restored.
    early_stop
        The state at the record of smallest validation loss, or at the restored one; None where there is none.
    snapshots
        States by step, as asked for and reached.
    seconds, evaluation_seconds
        Wall time of the training, and the share of it that evaluation took.
    engine, device, threads
        What trained it.
    journey, early_stop_mask
        Where a moving mask went, whose ``mask`` is that of the trained state; and the mask of the early-stop state.
    convergence
        What a convergence rule came to; None without one, and of a failed training.
    """

    status: Literal["done", "failed"]
    reason: str
    records: Records
    trained: State = field(repr=False)
    early_stop: State | None = field(repr=False)
    snapshots: dict[int, State] = field(repr=False)
    seconds: float
    evaluation_seconds: float
    engine: str
    device: str
    threads: int
    journey: Journey | None = field(default=None, repr=False)
    early_stop_mask: Mask | None = field(default=None, repr=False)
    convergence: Convergence | None = field(default=None, repr=False)

    @property
    def stop_reason(self) -> str:
        """Why training ended: ``converged``, ``length`` or ``failed``."""
        if self.status == "failed":
            return "failed"
        return "length" if self.convergence is None else self.convergence.stop_reason

    @property
    def steps(self) -> int:
        """Steps that were taken."""
        return int(self.records.step[-1] - self.records.step[0])

    @property
    def epochs(self) -> int | None:
        """Epochs that a convergence rule saw; None without one."""
        return None if self.convergence is None else self.convergence.epochs

    @property
    def best_epoch(self) -> int | None:
        """The restored epoch, 0-based; None where none improved, and without a convergence rule."""
        return None if self.convergence is None else self.convergence.best_epoch

    @property
    def restored(self) -> State | None:
        """The state a convergence rule restored, which is `trained` then; None without a rule."""
        return None if self.convergence is None else self.trained


class Engine(Protocol):
    """A way to train networks. Engines differ in speed; what they compute differs in numerical noise only."""

    def supports(
        self,
        module: nn.Module,
        train: TrainSpec,
        input_shape: tuple[int, int, int],
        *,
        holds_values: bool = False,
        moves: bool = False,
    ) -> str | None:
        """Return why this engine cannot train a network on images of a shape, or None if it can.

        The network may be on the meta device: its parameters need no values. `holds_values` asks for masks that hold
        pruned weights at other values than zero too, `moves` for masks that move.
        """

    def capacity(self, module: nn.Module, data: Dataset, train: TrainSpec, device: str = "auto") -> int:
        """Return how many networks like this one are worth handing to one `fit`, and fit into memory.

        One, unless an engine says more: most train one network after the other. The network may be on the meta device.
        """
        return 1

    def fit(
        self,
        tasks: Sequence[Task],
        data: Dataset,
        train: TrainSpec,
        device: str = "auto",
        threads: int = 1,
        on_record: OnRecord | None = None,
    ) -> list[FitResult]:
        """Train the tasks' networks and return one result each, in order.

        Parameters
        ----------
        tasks
            The networks; all of them learn the same data by the same recipe.
        data, train
            Data and recipe.
        device
            ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads
            Threads of the CPU per network.
        on_record
            Called at every record of every task; an exception it raises stops training.

        Raises
        ------
        TombolaError
            Before anything is computed: for a recipe that does not fit the data, a mask that does not fit the network,
            a device that is not there.
        """


engines: Registry[Engine] = Registry("engine")
