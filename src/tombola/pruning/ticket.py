"""The ticket: initial weights, mask, and where they come from."""

from dataclasses import dataclass
from typing import Any

from tombola.networks import State
from tombola.pruning.mask import Mask


@dataclass(frozen=True)
class Ticket:
    """What a network is trained from.

    Attributes
    ----------
    initial
        The complete initial (or rewound) state, pruned weights exactly +0.0 or what the mask holds them at; empty where
        it was not kept.
    mask
        Which weights remain.
    provenance
        Plain data that says how the ticket was made.
    """

    initial: State
    mask: Mask
    provenance: dict[str, Any]
