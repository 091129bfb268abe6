"""When training has converged (`train.converge`), and what is known of the weights it then ends in.

With a rule, every engine that supports it gives back a `FitResult` in which

- ``trained`` and ``early_stop`` are both the *restored* state: the weights after the last epoch that improved, or those
  training started from if none did. The module holds them too, so whatever goes on from ``parent.trained`` (gradual
  pruning, fine-tuning) goes on from them.
- ``stop_reason`` is ``converged``, ``length`` or ``failed`` (without a rule too), ``steps`` the steps that were taken,
  ``epochs`` the epochs, ``best_epoch`` the 0-based number of the restored one (None: no epoch improved, the weights
  training started from are kept), ``restored`` the same state as ``trained``.
- ``convergence`` (None without a rule) is a `Convergence`: the verdict, seconds of every epoch, and measurements
  (`tombola.training.measure.Measured`: loss, top-1, top-5, counts, per class, calibration) ``before`` training (test
  part only: after pruning, before fine-tuning) and of the ``restored`` weights on ``train``, ``validation``, ``test``.
  ``convergence.row()`` is plain data, and what ``job.json`` holds as ``convergence`` (`JobInfo.convergence`, empty
  without a rule).
- ``records`` has a record at the end of every epoch, whatever ``train.record_every`` says, the columns
  ``train_accuracy`` (of the samples trained on since the previous record) and ``lr`` (of the last step), and the flag
  ``RESTORED`` at the record of the restored weights, which is then `Records.early_stop`: tables, lists and reports
  speak of the restored weights without being told. ``max_train_accuracy`` of `Convergence` is the maximum over epochs.

A training that shall take exactly n steps beside a converging one (matched budget) is
``train.model_copy(update={"length": f"{n}st", "converge": ConvergeSpec()})``; n is ``convergence["steps"]`` of the job.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from tombola.specs import ConvergeSpec
from tombola.training.measure import Measured


class Judge:
    """Applies a convergence rule, epoch by epoch.

    Parameters
    ----------
    spec
        The rule. ``absolute``: an epoch improves if it is better than the best so far by more than delta, and the best
        starts with the weights training starts from. ``relative``: if accuracy > best x (1 + delta), and the best
        starts at 0 (reference explainability.md, section 3.2); of a loss: if loss x (1 + delta) < best, starting at
        infinity.
    initial
        The metric of the weights training starts from.

    Examples
    --------
    >>> judge = Judge(ConvergeSpec(rule="relative", patience=2))
    >>> [judge.improves(accuracy) for accuracy in (0.5, 0.504, 0.505)]
    [True, False, False]
    >>> judge.best_epoch, judge.epochs, judge.converged
    (0, 3, True)
    """

    def __init__(self, spec: ConvergeSpec, initial: float = math.nan) -> None:
        self.spec, self.falls = spec, spec.metric == "val_loss"
        self.best = math.inf if self.falls else 0.0 if spec.rule == "relative" else -math.inf
        if spec.rule == "absolute" and math.isfinite(initial):
            self.best = initial
        self.best_epoch: int | None = None
        """The last epoch that improved, from 0 on."""
        self.epochs = 0
        """Epochs judged."""

    def improves(self, value: float) -> bool:
        """Judge the next epoch by its metric; NaN never improves."""
        better = self._better(value)
        if better:
            self.best, self.best_epoch = value, self.epochs
        self.epochs += 1
        return better

    def _better(self, value: float) -> bool:
        delta = self.spec.delta or 0.0
        if self.spec.rule == "relative":
            return value * (1 + delta) < self.best if self.falls else value > self.best * (1 + delta)
        return value < self.best - delta if self.falls else value > self.best + delta

    @property
    def converged(self) -> bool:
        """Whether training may end: patience is used up and the minimum is trained."""
        waited = self.epochs - (0 if self.best_epoch is None else self.best_epoch + 1)
        return waited >= self.spec.patience and self.epochs >= self.spec.minimum

    @property
    def saturated(self) -> bool:
        """Whether the best accuracy leaves no room: no epoch, however good, could have improved on it."""
        return not self.falls and not self._better(1.0)


def improvements(values: Iterable[float], spec: ConvergeSpec, initial: float = math.nan) -> list[int]:
    """Return the epochs that improve, were all of them trained.

    Examples
    --------
    >>> improvements([0.900, 0.905, 0.908, 0.920, 0.925, 0.929, 0.9295], ConvergeSpec(rule="relative"))
    [0, 3, 6]
    """
    judge = Judge(spec, initial)
    return [epoch for epoch, value in enumerate(values) if judge.improves(value)]


@dataclass(frozen=True)
class Convergence:
    """What a convergence rule came to.

    Attributes
    ----------
    rule, metric
        The rule, and what it judged by.
    stop_reason
        ``converged``, or ``length`` where patience lasted longer than ``train.length``.
    best_epoch
        The last epoch that improved, 0-based; None: none did, and the weights training started from are kept.
    best
        The metric there; of the initial weights where no epoch improved, None where that is no number.
    epochs, steps
        How many were trained; a last epoch that is cut off by the length counts.
    saturated
        Whether the best accuracy left no room for an improvement, as from .9901 on with ``relative`` and 0.01: the end
        then says nothing about having learnt all there is.
    max_train_accuracy
        Highest train accuracy of any epoch (running, augmented): what the published table calls training accuracy.
    epoch_seconds
        Wall time of every epoch, evaluation included.
    before
        Measured of the weights training started from, by part: ``test`` where there is one.
    restored
        Measured of the restored weights, by part: ``train`` (without augmentation), ``validation``, ``test``.
    """

    rule: str
    metric: str
    stop_reason: str
    best_epoch: int | None
    best: float | None
    epochs: int
    steps: int
    saturated: bool
    max_train_accuracy: float | None
    epoch_seconds: tuple[float, ...] = ()
    before: Mapping[str, Measured] = field(default_factory=dict)
    restored: Mapping[str, Measured] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Return it as plain data, as ``job.json`` holds it."""
        plain = {part.name: getattr(self, part.name) for part in fields(self)}
        measured = {name: {part: found.row() for part, found in plain[name].items()} for name in ("before", "restored")}
        return plain | measured | {"epoch_seconds": [round(seconds, 3) for seconds in self.epoch_seconds]}
