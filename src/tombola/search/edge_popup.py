"""Edge-popup (Ramanujan et al. 2020): the weights of the largest scores pop up, in every step exactly as many."""

import torch

from tombola.pruning import Mask
from tombola.pruning.removal import layerwise_removal
from tombola.search.arena import Arena, Flat
from tombola.search.course import conduct
from tombola.search.method import Method
from tombola.search.registry import searches
from tombola.search.task import SearchResult, SearchTask
from tombola.search.top import LayerTop, Top
from tombola.specs import Length


class EdgePopup(Method):
    """Mask: the largest magnitudes of scores. Gradient: straight through, also to scores that are masked."""

    start = "kaiming-uniform"

    def __init__(self, task: SearchTask, arena: Arena) -> None:
        super().__init__(task, arena)
        self.scope = "layerwise" if task.search.scope == "layerwise" else "global"
        sizes = {layer.name: layer.size for layer in task.layers}
        removed = layerwise_removal(sizes, self.request(task.keep))
        self._counts = [size - removed[name] for name, size in sizes.items()]
        self._top, self._tops = Top(), LayerTop(arena.sizes)
        self._magnitudes = torch.empty_like(arena.weights)

    def choose(self, step: int) -> None:
        """Take as many of the largest magnitudes as asked for."""
        magnitudes = torch.abs(self.arena.scores.detach(), out=self._magnitudes)
        if self.scope == "layerwise":
            self._tops(magnitudes, self._counts, self.arena.mask)
        else:
            self._top(magnitudes, self.kept_at(step), self.arena.mask)

    def kept_at(self, step: int) -> int:
        """Return how many weights the forward pass after `step` steps uses.

        ``global-iterative``: the density falls by equal shares, d^(n / N) after n = floor((t + 1) / T) of N periods of
        T epochs, in epoch t counted from 0.
        """
        task = self.task
        if task.search.scope != "global-iterative":
            return task.keep
        period = max(1, Length.parse(task.search.period).steps(task.per_epoch))
        whole = max(1, task.steps // period)
        done = min((step + task.per_epoch) // period, whole)
        return task.keep if done == whole else max(task.keep, round(task.size * task.target ** (done / whole)))

    def slope(self, gradient: Flat) -> Flat:
        """Pass the gradient of the mask on to the magnitude of the score."""
        return gradient.mul_(self.arena.scores.detach().sign())

    def rounded(self) -> Mask:
        """Return the weights of the largest magnitudes."""
        return self.best(self.arena.scores.abs())


@searches.register("edge-popup", options={"scope", "period"})
def edge_popup(task: SearchTask) -> SearchResult:
    """Search by edge-popup (Ramanujan et al. 2020; sparse_analysis, section 4.3).

    ``search.scope: layerwise`` keeps the same share of every layer, as published; ``global`` keeps the largest of all
    layers; ``global-iterative`` lets their number fall every ``search.period``. The mask of the last forward pass is
    the one that is handed over: there is nothing to round.
    """
    return conduct(task, EdgePopup)
