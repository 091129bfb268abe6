"""A learner: one network in the hands of one engine. What differs between engines; the course of training does not."""

from typing import Protocol

from tombola.training.evaluate import Evaluation


class Learner(Protocol):
    """Takes steps, evaluates, and keeps its module and its own memory in agreement when asked to."""

    def advance(self, first: int, last: int) -> float:
        """Take the steps from `first` to `last` (completed steps) and return the sum of their batch losses."""

    def settle(self) -> None:
        """Bring the module up to date: every tensor as training left it, pruned weights as they are held."""

    def reload(self) -> None:
        """Take over the state that somebody put into the module."""

    def validate(self) -> Evaluation:
        """Return loss and accuracy on the validation part."""

    def test(self) -> Evaluation:
        """Return loss and accuracy on the test part."""
