"""The candidates of a Gem-Miner search: how many the schedule leaves, and which."""

import torch

from tombola.pruning import allocations
from tombola.search.arena import Arena, Flat
from tombola.search.flag_counts import exact_counts, prune_steps, published_counts
from tombola.search.method import Method
from tombola.search.task import SearchTask
from tombola.specs import Length

HALF = 0.5
"""Scores above it are on."""


class Candidates(Method):
    """Candidates that are pruned for good, step by step: what is on among them is said by a subclass.

    Attributes
    ----------
    counts
        Candidates before the first pruning and after each.
    goal
        How many are on at the end.
    """

    def __init__(self, task: SearchTask, arena: Arena) -> None:
        super().__init__(task, arena)
        search = task.search
        self.scope = "layerwise" if search.prune_type == "local-bottom-k" else "global"
        self._steps = prune_steps(task.steps, task.per_epoch, Length.parse(search.period).steps(task.per_epoch))
        prunings = len(self._steps)
        exact = search.rounding == "exact" and not search.unflag
        self.counts = exact_counts(task.size, task.keep, prunings)
        if not exact:
            self.counts = published_counts(task.size, task.target, prunings)
        self.goal = self.counts[-1] if prunings else task.keep
        self._done = 0
        self._begun = int(torch.count_nonzero(arena.scores > HALF))
        self._barred = torch.zeros_like(arena.weights)
        self._keys = torch.empty_like(arena.weights)

    @property
    def scheduled(self) -> int:
        """How many weights shall be on: what the next pruning leaves, but no more than at first, unless asked for."""
        following = self._done + 1
        left = self.counts[following] if following < len(self.counts) else self.goal
        return min(left, max(self.goal, self._begun))

    def keys(self, scores: Flat) -> Flat:
        """Return scores, minus infinity where a weight is no candidate any more."""
        return torch.add(scores, self._barred, out=self._keys)

    def prune_steps(self) -> list[int]:
        """Return the steps after which candidates are pruned."""
        return self._steps

    def prune(self, step: int) -> None:
        """Rule out what the schedule says, by ``search.prune_type``."""
        self._done += 1
        self.prune_to(self.counts[self._done], 1 - self.counts[self._done] / self.counts[self._done - 1])

    def prune_to(self, count: int, rate: float) -> None:
        """Rule out all but `count` candidates; `rate` is what share of them that is, for those who go by shares."""
        arena, scores, kind = self.arena, self.arena.scores.detach(), self.task.search.prune_type
        alive = arena.flags > 0
        present = int(torch.count_nonzero(alive))
        if kind == "bottom-k-published":
            removed = round(rate * present)
            kept = alive & (scores > torch.kthvalue(scores[alive], removed).values) if removed else alive
            arena.flags.copy_(kept)
        else:
            if kind == "threshold":
                least = count if self.task.search.balance else 0
                count = max(int(torch.count_nonzero(alive & (scores > HALF))), least)
            mask = allocations[self.scope](
                arena.state(scores), arena.as_mask(arena.flags), self.request(min(count, present))
            )
            arena.flags.copy_(arena.join({name: mask[name] for name in mask}))
        self._barred.zero_().masked_fill_(arena.flags == 0, -torch.inf)
