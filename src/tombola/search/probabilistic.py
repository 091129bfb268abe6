"""Probabilistic masks: every forward pass draws its mask, weight by weight, with probabilities that are trained."""

import torch
from torch import Tensor

from tombola.pruning import Mask
from tombola.search.arena import Arena, Flat
from tombola.search.course import conduct
from tombola.search.method import Method
from tombola.search.registry import searches
from tombola.search.rescaling import layer_scale
from tombola.search.task import SearchResult, SearchTask
from tombola.specs.search import SearchSpec

OPTIONS = frozenset({"rounding", "signed_constant", "dynamic_scale"})


class Drawn(Method):
    """Mask: drawn anew in every step. Subclasses say with which probabilities."""

    def __init__(self, task: SearchTask, arena: Arena) -> None:
        super().__init__(task, arena)
        self._uniform = torch.empty_like(arena.weights)

    def probabilities(self) -> Flat:
        """Return the probability of every weight to take part."""
        raise NotImplementedError

    def choose(self, step: int) -> None:
        """Draw a mask."""
        self._uniform.uniform_(generator=self.draws)
        torch.gt(self.probabilities(), self._uniform, out=self.arena.mask)

    def scale(self) -> Flat | None:
        """Return size over survivors, layer by layer, where ``search.dynamic_scale`` asks for it."""
        return layer_scale(self.arena) if self.task.search.dynamic_scale else None

    def rounded(self) -> Mask:
        """Return the most probable weights, those above even odds, or a draw: as ``search.rounding`` says."""
        rounding, probabilities = self.task.search.rounding, self.probabilities()
        if rounding == "threshold":
            return self.arena.as_mask(probabilities > 0.5)
        if rounding == "probabilistic":
            stream = self.stream("rounding", probabilities.device)
            return self.arena.as_mask(probabilities > torch.empty_like(probabilities).uniform_(generator=stream))
        return self.best(self.arena.scores)


class Supermask(Drawn):
    """Probabilities: the logistic function of the scores; gradients pass the draw unchanged."""

    start = "normal"

    def probabilities(self) -> Flat:
        """Return sigmoid(score)."""
        return torch.sigmoid(self.arena.scores.detach())

    def slope(self, gradient: Flat) -> Flat:
        """Multiply by the derivative of the logistic function."""
        chance = self.probabilities()
        return gradient.mul_(chance).mul_(1 - chance)


class Normalised(Drawn):
    """Probabilities: ten times the scores, each layer's brought to [0, 1] first; gradients pass all of it unchanged."""

    start = "kaiming-uniform"
    scope = "layerwise"

    def probabilities(self) -> Flat:
        """Return clamp(10 * (score - lowest) / (highest - lowest)) of every layer."""
        return torch.cat([_spread(part) for part in torch.split(self.arena.scores.detach(), self.arena.sizes)])


def _spread(scores: Tensor) -> Tensor:
    low, high = scores.aminmax()
    return ((scores - low) * (10 / (high - low).clamp_min(1e-12))).clamp_(0, 1)


def undrawn(search: SearchSpec) -> str | None:
    """Refuse a rounding that keeps everything."""
    if search.rounding == "all-ones":
        return "search.rounding = 'all-ones' would keep every weight; take exact, threshold or probabilistic"
    return None


@searches.register("probabilistic", options=OPTIONS, refuses=undrawn)
def supermask(task: SearchTask) -> SearchResult:
    """Search for a supermask: Bernoulli(sigmoid(score)) over frozen weights (Zhou et al. 2019; field, section 2.2).

    ``search.signed_constant`` first replaces weights by their sign times the layer's standard deviation;
    ``search.dynamic_scale`` multiplies each layer by size over survivors in every step, and the network that is handed
    over by that of the final mask. Gradients pass the draw unchanged and take the scale as given.

    ``search.rounding: exact`` hands over the level's number of most probable weights of all layers; ``threshold`` those
    above even odds and ``probabilistic`` a draw, as many as there are: the level's density then is what comes out.
    """
    return conduct(task, Supermask)


@searches.register("edge-popup-probabilistic", options=OPTIONS, refuses=undrawn)
def normalised(task: SearchTask) -> SearchResult:
    """Search by the probabilistic variant of edge-popup (sparse_analysis, section 4.3).

    The scores s of each layer are brought to [0, 1], and a mask is drawn with probabilities min(10 s, 1). At the end
    the same share of every layer is kept, those of the highest scores.
    """
    return conduct(task, Normalised)
