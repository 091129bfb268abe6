"""Moving a mask: drop the weakest survivors of every layer, and let as many pruned weights grow."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from tombola.pruning.mask import Mask
from tombola.pruning.ranking import lowest, surviving_scores


@dataclass(frozen=True)
class Movement:
    """What became of a mask.

    Attributes
    ----------
    mask
        The mask after it moved; every layer has as many survivors as before.
    grown
        Layer name -> which weights grew and start from zero, shaped like the weights; a weight that was dropped may be
        among them.
    """

    mask: Mask
    grown: Mapping[str, Bool[Tensor, "..."]]


def drop_and_grow(
    mask: Mask,
    weights: Mapping[str, Float[Tensor, "..."]],
    growth: Mapping[str, Float[Tensor, "..."]],
    fraction: Fraction,
) -> Movement:
    """Replace a share of each layer's survivors (Mocanu et al. 2018; Evci et al. 2020, algorithm 1).

    Of n survivors, floor(n x fraction) of the smallest magnitude are dropped, never more than there are pruned weights
    to take their places. The same number grows where `growth` is highest, among the weights that were pruned before and
    those just dropped. Of equal values the lower flat index goes first.

    Parameters
    ----------
    mask
        What survives.
    weights
        Layer name -> weights, by whose magnitude survivors are dropped.
    growth
        Layer name -> a number per weight; higher = grows first.
    fraction
        Share of survivors to replace, in [0, 1].

    Raises
    ------
    TombolaError
        If a number among those that are compared is infinite or NaN.
    """
    kept, grown = {}, {}
    for name, keep in mask.items():
        survivors = int(keep.sum())
        count = min(int(survivors * fraction), keep.numel() - survivors)
        stays = keep.clone()
        stays[keep] = ~lowest(surviving_scores(name, weights[name].abs(), keep), count)
        candidates = ~stays
        new = torch.zeros_like(keep)
        new[candidates] = lowest(-surviving_scores(name, growth[name], candidates), count)
        kept[name], grown[name] = stays | new, new
    return Movement(Mask(kept), grown)
