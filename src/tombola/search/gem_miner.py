"""Gem-Miner (Sreenivasan et al. 2022): scores in [0, 1], weights on above one half, the lowest pruned for good."""

import torch

from tombola.pruning import Mask
from tombola.pruning.removal import layerwise_removal
from tombola.search.arena import Arena, Flat
from tombola.search.course import conduct
from tombola.search.gem_flags import HALF, Candidates
from tombola.search.registry import searches
from tombola.search.regularisers import regularisers
from tombola.search.task import SearchResult, SearchTask
from tombola.search.top import LayerTop, Top
from tombola.specs.search import SearchSpec


class GemMiner(Candidates):
    """Mask: candidates of scores above one half; with ``search.balance`` exactly as many as scheduled, the highest."""

    def __init__(self, task: SearchTask, arena: Arena) -> None:
        super().__init__(task, arena)
        self._regulariser = regularisers[task.search.regulariser]
        self._top, self._tops = Top(), LayerTop(arena.sizes)
        self._pressed = True

    def choose(self, step: int) -> None:
        """Switch on what scores above one half, or, balanced, as many of the highest candidates as scheduled."""
        arena, search = self.arena, self.task.search
        keys = self.keys(arena.scores.detach())
        if search.noise:
            keys.add_(torch.empty_like(keys).normal_(0, search.noise, generator=self.draws))
        torch.gt(keys, HALF, out=arena.mask)
        if search.balance:
            self._pressed = int(arena.mask.sum()) > self.scheduled
            self._highest(keys)

    def _highest(self, keys: Flat) -> None:
        arena = self.arena
        if self.scope == "global":
            self._top(keys, self.scheduled, arena.mask)
            return
        names = [layer.name for layer in arena.layers]
        flags = torch.split(arena.flags, arena.sizes)
        present = {name: int(part.sum()) for name, part in zip(names, flags, strict=True)}
        removed = layerwise_removal(present, self.request(self.scheduled))
        self._tops(keys, [present[name] - removed[name] for name in names], arena.mask)

    def slope(self, gradient: Flat) -> Flat:
        """Pass the gradient on to candidates, on or off, and add that of the regulariser where it is in force."""
        search, arena = self.task.search, self.arena
        gradient.mul_(arena.flags)
        if search.strength and self._pressed:
            gradient.add_(self._regulariser.slope(arena.scores.detach(), arena.weights, search), alpha=search.strength)
        return gradient

    def weight_decay(self) -> float:
        """Return the weight decay of scores: none where nothing presses."""
        return self.task.search.weight_decay if self._pressed else 0.0

    def settle(self) -> None:
        """Keep scores within [0, 1]."""
        with torch.no_grad():
            self.arena.scores.clamp_(0, 1)

    def penalty(self) -> float:
        """Return strength times the regulariser over all scores, as published: those ruled out included."""
        search, arena = self.task.search, self.arena
        value = self._regulariser.value(arena.scores.detach(), arena.weights, search)
        return search.strength * float(value.sum(dtype=torch.float64))

    def over(self) -> bool:
        """Return whether nothing is on any more; candidates are then pruned to the goal at once, as published."""
        if bool(self.arena.mask.any()):
            return False
        present = int(torch.count_nonzero(self.arena.flags))
        self.prune_to(min(self.goal, present), max(0.0, 1 - self.goal / present) if present else 0.0)
        return True

    def rounded(self) -> Mask:
        """Return the mask that is handed over, by ``search.rounding``."""
        search, arena = self.task.search, self.arena
        if search.unflag or search.rounding == "all-ones":
            return arena.as_mask(arena.flags)
        if search.rounding == "threshold":
            return arena.as_mask(arena.mask)
        if search.rounding == "probabilistic":
            uniform = torch.empty_like(arena.weights).uniform_(generator=self.stream("rounding", arena.weights.device))
            return arena.as_mask(self.keys(arena.scores.detach()) > uniform)
        return self.best(arena.scores)


def undecided(search: SearchSpec) -> str | None:
    """Refuse prunings that may leave fewer candidates than the final rounding is to keep."""
    if search.rounding != "exact" or search.unflag:
        return None
    if search.prune_type == "bottom-k-published" or (search.prune_type == "threshold" and not search.balance):
        return (
            f"search.prune_type = '{search.prune_type}' may leave fewer candidates than search.rounding = 'exact' "
            "keeps; take rounding threshold or all-ones"
        )
    return None


OPTIONS = frozenset(
    {
        "period",
        "prune_type",
        "rounding",
        "unflag",
        "balance",
        "regulariser",
        "strength",
        "alpha",
        "alpha_prime",
        "noise",
    }
)


@searches.register("gem-miner", options=OPTIONS, refuses=undecided)
def gem_miner(task: SearchTask) -> SearchResult:
    """Search as Gem-Miner does (Sreenivasan et al. 2022; sparse_analysis, section 4.1).

    Scores lie in [0, 1]. All weights are candidates at first; every ``search.period`` the lowest scores are ruled out
    for good, by a share that leads to the target at the end. Of the candidates those are *on*, that is, take part in
    the forward pass, whose score exceeds one half; gradients reach all candidates, on or off.

    **Why published networks missed their density.** What is pruned to the target are the candidates; how many of them
    are on, nothing says. Decay and regulariser shrink every score, in every step: with the published strengths (5e-4
    and 1e-4 at rate 0.1 and momentum 0.9) by a factor of about e^-3.7 in 25 epochs, if no gradient opposed them. Only
    weights that the loss pulls up all the time stay above one half. For fc on MNIST these are 2.9 %, whatever the
    target: networks labelled 50, 20, 10 and 5 % had the same density, and those of 2 % the right one, because there
    the candidates run out first.

    **What is done about it** (``search.balance``). In every step exactly as many candidates are on as scheduled: the
    highest scores, wherever the border between them lies. Scheduled is what the next pruning will leave, but never
    more than what was on at first (half of all for uniform scores), unless more is asked for. Pruning thus only rules
    out what is off already; the last stretch runs at the target; and the effective density before the final rounding
    is the target, by construction. Decay and regulariser act in steps in which more candidates than scheduled exceed
    one half, so that one half stays the border that scores compete about. Without ``balance`` the search is as
    published, and an alarm says by how much it misses.

    ``search.rounding: exact`` lets the number of candidates end at exactly what is to be kept; with the others it goes
    by the published recurrence, which ends up to one weight per pruning below. If nothing is on any more, candidates
    are pruned to the target and the search ends, as published.
    """
    return conduct(task, GemMiner)
