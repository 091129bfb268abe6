"""Watching one training by a convergence rule: what it adds to records, when it ends, what it came to."""

import math
from time import perf_counter

from tombola.specs import TrainSpec
from tombola.training.converge import Convergence, Judge
from tombola.training.course import Course
from tombola.training.measure import Measured
from tombola.training.schedule import learning_rate


class Watch:
    """One training as a convergence rule sees it.

    Parameters
    ----------
    train, course
        The recipe, with a rule, and how far it goes.
    """

    def __init__(self, train: TrainSpec, course: Course) -> None:
        self.train, self.course = train, course
        self.judge = Judge(train.converge)
        self.restored = 0
        """Position of the record whose weights are the result so far."""
        self.before: dict[str, Measured] = {}
        self._rate = learning_rate(train, course.per_epoch)
        self._initial, self._best_train = math.nan, -math.inf
        self._epoch = (0, 0)
        self._seconds: list[float] = []
        self._since = perf_counter()

    def measures(self, before: int, step: int, hits: int) -> dict[str, float]:
        """Return what a record holds in addition; `hits` of the samples since step `before` were correct."""
        if step == before:
            return {}
        seen = (step - before) * self.train.batch_size
        self._epoch = (self._epoch[0] + hits, self._epoch[1] + seen)
        if step in self.course.epochs:
            self._best_train = max(self._best_train, self._epoch[0] / self._epoch[1])
            self._epoch = (0, 0)
        return {"train_accuracy": hits / seen, "lr": self._rate(step - 1)}

    def keeps(self, position: int, step: int, measures: dict[str, float]) -> bool:
        """Judge a record by its place among all; return whether its weights are the result so far."""
        value = measures[self.train.converge.metric]
        if position == 0:
            self._initial, self.judge = value, Judge(self.train.converge, value)
            return True
        if step not in self.course.epochs:
            return False
        now = perf_counter()
        self._seconds.append(now - self._since)
        self._since = now
        improved = self.judge.improves(value)
        if improved:
            self.restored = position
        return improved

    def ends(self, step: int) -> bool:
        """Return whether training ends after a step: it has converged, and everything asked for has been kept."""
        return step in self.course.epochs and self.judge.converged and step >= max(self.course.snapshots, default=0)

    def verdict(self, step: int, restored: dict[str, Measured]) -> Convergence:
        """Return what the rule came to after the last step."""
        judge, rule = self.judge, self.train.converge
        best = self._initial if judge.best_epoch is None else judge.best
        return Convergence(
            rule=rule.rule,
            metric=rule.metric,
            stop_reason="converged" if self.ends(step) else "length",
            best_epoch=judge.best_epoch,
            best=best if math.isfinite(best) else None,
            epochs=judge.epochs,
            steps=step - self.course.start,
            saturated=judge.saturated,
            max_train_accuracy=self._best_train if math.isfinite(self._best_train) else None,
            epoch_seconds=tuple(self._seconds),
            before=self.before,
            restored=restored,
        )
