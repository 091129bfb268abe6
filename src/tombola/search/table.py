"""What is measured at the end of every epoch of a search: the rows of ``search.csv``."""

import math

import torch

from tombola.search.stepper import Stepper
from tombola.search.task import Row


class Table:
    """Rows, one per epoch; the first before the first step.

    ``val_accuracy`` is that of the mask in force, ``val_accuracy_rounded`` that of the mask which would be handed over
    if the search ended now; ``test_accuracy``, of the latter, is there where ``train.test_curve`` asks for it, and
    nothing goes by it. Densities are those in force in the epoch: candidates that are pruned at its end still count.

    Parameters
    ----------
    stepper
        The search in progress.
    """

    def __init__(self, stepper: Stepper) -> None:
        self.rows: list[Row] = []
        self._stepper = stepper

    def measure(self) -> None:
        """Add a row."""
        stepper = self._stepper
        task, arena, method, step = stepper.task, stepper.arena, stepper.method, stepper.done
        training = stepper.training()
        method.choose(step)
        in_force = arena.mask.clone()
        accuracy = stepper.validate()
        rounded = method.rounded()
        arena.mask.copy_(arena.join({name: rounded[name].to(in_force.dtype) for name in rounded}))
        changed = not torch.equal(arena.mask, in_force)
        self.rows.append(
            {
                "epoch": round(step / task.per_epoch, 3),
                "step": step,
                "loss": training.loss,
                "regularisation": method.penalty(),
                "train_accuracy": training.accuracy,
                "val_accuracy": accuracy,
                "val_accuracy_rounded": stepper.validate() if changed else accuracy,
                "test_accuracy": stepper.test() if task.train.test_curve else math.nan,
                "flagged_density": int(torch.count_nonzero(arena.flags)) / task.size,
                "effective_density": int(torch.count_nonzero(in_force)) / task.size,
                "learning_rate": stepper.rate(max(step - 1, 0)),
            }
        )
        arena.mask.copy_(in_force)
        stepper.forget()
