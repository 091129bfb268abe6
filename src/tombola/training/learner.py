"""A learner: one network in the hands of one engine. What differs between engines; the course of training does not."""

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor

from tombola.pruning import Mask
from tombola.training.evaluate import Evaluation


class Learner(Protocol):
    """Takes steps, evaluates, and keeps its module and its own memory in agreement when asked to."""

    def advance(self, first: int, last: int) -> float:
        """Take the steps from `first` to `last` (completed steps) and return the sum of their batch losses."""

    def hits(self) -> int:
        """Return how many samples were classified correctly in the steps since it was last asked.

        As they were trained on: augmented, each by the network of its step. Counted where there is a convergence rule.
        """

    def settle(self) -> None:
        """Bring the module up to date: every tensor as training left it, pruned weights as they are held."""

    def reload(self) -> None:
        """Take over the state that somebody put into the module."""

    def move(self, mask: Mask, cleared: Mapping[str, Tensor]) -> None:
        """Hold another mask from here on, and forget what the optimiser knows of weights that have no past.

        The module is up to date (`settle`, or somebody put a state into it), and zero where it is to be.
        """

    def validate(self) -> Evaluation:
        """Return loss and accuracy on the validation part."""

    def test(self) -> Evaluation:
        """Return loss and accuracy on the test part."""
