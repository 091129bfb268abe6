"""N:M pruning: of every M inputs in a row, the same number N remains (2:4 is what sparse tensor cores take)."""

from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer
from tombola.pruning.allocation import allocations, surviving_counts
from tombola.pruning.mask import Mask
from tombola.pruning.ranking import Scores, surviving_scores, tie_generator
from tombola.pruning.request import Request
from tombola.pruning.whole_units import split_of, units_left
from tombola.specs import PruneSpec
from tombola.specs.tokens import exact

NAME = "nm"


def group_of(layer: PrunableLayer, request: Request) -> int:
    """Return M, or 1 for a layer whose inputs do not divide into groups of M: it stays as it is."""
    return request.group if inputs(layer) % request.group == 0 else 1


def inputs(layer: PrunableLayer) -> int:
    """Return how many inputs a layer has."""
    return layer.shape[1] if len(layer.shape) > 1 else 1


def divides(
    module: nn.Module, shape: tuple[int, int, int], layers: Sequence[PrunableLayer], spec: PruneSpec
) -> str | None:
    """Refuse rates that are no N of M, and layers whose inputs do not divide into groups of M."""
    group = spec.group
    odd = [layer for layer in layers if inputs(layer) % group]
    if odd:
        return (
            f"'{odd[0].name}' has {inputs(odd[0])} inputs, which groups of prune.group = {group} do not divide; leave "
            f"it out (network.prunable all '!{odd[0].name}'), or take another group"
        )
    asked = [exact(rate) for rate in spec.rates] or [1 / exact(density) for density in spec.densities]
    can = {Fraction(group, left): left for left in range(group - 1, 0, -1)}
    table = ", ".join(f"{float(rate):.6g} ({left}:{group})" for rate, left in can.items())
    if not asked:
        return f"its density follows from N:{group}, not from shares per round; give prune.rates, of {table}"
    for rate in asked:
        if not any(abs(float(rate) - float(whole)) < 1e-9 for whole in can):
            return f"groups of {group} cannot give a compression rate of {float(rate):g}; they give {table}"
    return None


@allocations.register(NAME, split=split_of(group_of), whole=True, fits=divides)
def n_of_m(scores: Scores, mask: Mask, request: Request) -> Mask:
    """Keep the N highest scores of every M inputs in a row (``prune.group``), at each output and kernel position.

    N follows from the compression rate: M / rate. Groups run along the second dimension of a weight tensor; equal
    scores by the mask rule. Layers whose inputs do not divide stay dense, which experiments refuse beforehand.
    """
    survivors = surviving_counts(mask, request)
    kept = units_left(group_of, survivors, request)
    keep = {name: mask[name] for name in mask}
    for layer in request.layers:
        name = layer.name
        if kept[name] < survivors[name]:
            left = kept[name] * request.group // layer.size
            keep[name] = _grouped(layer, scores[name], mask[name], left, request)
    return Mask(keep)


def _grouped(layer: PrunableLayer, scores: Tensor, keep: Tensor, left: int, request: Request) -> Tensor:
    values = torch.full(keep.shape, -torch.inf, dtype=torch.float64)
    values[keep] = surviving_scores(layer.name, scores, keep).double()
    last = keep.movedim(1, -1)
    groups = values.movedim(1, -1).reshape(-1, request.group)
    if bool((groups.isfinite().sum(1) < left).any()):
        raise TombolaError(f"some groups of '{layer.name}' have fewer than {left} survivors; begin with a dense layer")
    order = torch.arange(request.group).expand_as(groups)
    generator = tie_generator(request)
    if generator is not None:
        order = torch.rand(groups.shape, generator=generator).argsort(1)
    ranked = order.gather(1, groups.gather(1, order).argsort(dim=1, stable=True))
    flags = torch.zeros(groups.shape, dtype=torch.bool)
    flags.scatter_(1, ranked[:, request.group - left :], True)
    return flags.view(last.shape).movedim(-1, 1).contiguous()
