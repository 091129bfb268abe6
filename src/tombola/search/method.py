"""What one way to search says to the course of a search; everything else is common to all."""

import torch

from tombola.errors import TombolaError
from tombola.pruning import Mask, Request, allocations
from tombola.search.arena import Arena, Flat
from tombola.search.initial_scores import starts
from tombola.search.task import SearchTask
from tombola.streams import stream_seed


class Method:
    """A way to turn scores into a mask, and a gradient on the mask into one on scores.

    Parameters
    ----------
    task
        What is asked for.
    arena
        Scores, weights and masks. Its scores are drawn here.
    """

    start = "uniform"
    """Where scores start, unless ``search.score_init`` says so."""

    scope = "global"
    """Whether the final mask takes the best of all layers (``global``) or as large a share of each (``layerwise``)."""

    def __init__(self, task: SearchTask, arena: Arena) -> None:
        self.task, self.arena = task, arena
        self.draws = self.stream("draws", arena.weights.device)
        name, stream = task.search.score_init, self.stream("scores")
        start = starts[self.start if name == "default" else name]
        with torch.no_grad():
            arena.scores.copy_(arena.join({layer.name: start(layer, stream) for layer in arena.layers}))

    def stream(self, purpose: str, device: torch.device | str = "cpu") -> torch.Generator:
        """Return the search's own random stream for a purpose, at its start."""
        task = self.task
        seed = stream_seed(task.seed, "search", task.replicate, task.level, purpose)
        return torch.Generator(device).manual_seed(seed)

    def choose(self, step: int) -> None:
        """Write the mask of the next forward pass to the arena; `step` are done."""
        raise NotImplementedError

    def scale(self) -> Flat | None:
        """Return factors on the weights that go with the arena's mask; None for none."""
        return None

    def slope(self, gradient: Flat) -> Flat:
        """Return the gradient of the scores from that of the mask, which may be overwritten."""
        return gradient

    def weight_decay(self) -> float:
        """Return the weight decay of scores in this step."""
        return self.task.search.weight_decay

    def settle(self) -> None:
        """Bring scores back to where they may be, after the optimiser's step."""

    def prune_steps(self) -> list[int]:
        """Return the steps after which `prune` is to be called, ascending."""
        return []

    def prune(self, step: int) -> None:
        """Rule out candidates."""

    def over(self) -> bool:
        """Return, at the end of an epoch, whether nothing more can come of the search."""
        return False

    def penalty(self) -> float:
        """Return what the regulariser adds to the loss."""
        return 0.0

    def rounded(self) -> Mask:
        """Return the mask that would be handed over if the search ended now."""
        return self.best(self.arena.scores)

    def best(self, scores: Flat) -> Mask:
        """Return exactly the best `task.keep` candidates.

        Raises
        ------
        TombolaError
            If there are fewer, or the floor cannot be kept.
        """
        flags = self.arena.as_mask(self.arena.flags)
        if flags.count < self.task.keep:
            raise TombolaError(
                f"the search left {flags.count} candidates where {self.task.keep} weights should remain; "
                "take search.rounding = threshold or all-ones, or search.prune_type = bottom-k"
            )
        return allocations[self.scope](self.arena.state(scores), flags, self.request(self.task.keep))

    def request(self, keep: int) -> Request:
        """Return the request for a total, by the task's rules for ties and floors."""
        task = self.task
        stream = None if task.ties == "index" else self.stream("ties")
        return Request.for_total(task.layers, keep, ties=task.ties, floor=task.floor, generator=stream)
