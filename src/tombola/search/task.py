"""What a search is given, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from tombola.data.dataset import Dataset
from tombola.networks import PrunableLayer, State
from tombola.pruning import Mask
from tombola.specs import Length, TrainSpec
from tombola.specs.search import SearchSpec
from tombola.telling import Tell, silent

Row = dict[str, Any]
"""What was measured at the end of one epoch of a search."""


@dataclass(frozen=True, eq=False)
class SearchTask:
    """One search for a mask.

    Attributes
    ----------
    module
        The network, holding its initial state. Its weights stay what they are, unless ``scale_fan`` or
        ``signed_constant`` change them; running statistics of normalisation follow the search.
    layers
        The prunable layers; their order settles ties.
    keep
        How many weights are to remain over all layers.
    data
        The images; the search sees the batches that a training of the same seed and replicate sees.
    train, search
        Batch size, precision and ``test_curve`` of the training that follows; how to search.
    seed, replicate, level
        Select the random streams.
    floor, ties
        As in pruning: survivors that every layer keeps at least, and which of equal scores goes first.
    device, threads
        Where and with how many threads to compute.
    tell
        Hears how many of how many steps are done: ``tell("search", 10, 500)``. An exception it raises ends the search.
    """

    module: nn.Module
    layers: tuple[PrunableLayer, ...]
    keep: int
    data: Dataset
    train: TrainSpec
    search: SearchSpec
    seed: int = 0
    replicate: int = 0
    level: int = 1
    floor: int = 0
    ties: str = "index"
    device: str = "auto"
    threads: int = 1
    tell: Tell = silent

    @property
    def size(self) -> int:
        """How many weights there are over all layers."""
        return sum(layer.size for layer in self.layers)

    @property
    def target(self) -> float:
        """The density that is asked for."""
        return self.keep / self.size

    @property
    def per_epoch(self) -> int:
        """Batches of one epoch."""
        return len(self.data.train) // self.train.batch_size

    @property
    def steps(self) -> int:
        """How many steps the search takes."""
        return search_steps(self.search, self.train, self.per_epoch)


def search_steps(search: SearchSpec, train: TrainSpec, per_epoch: int) -> int:
    """Return how many steps a search takes: ``search.length``, or as many as the training that follows.

    Examples
    --------
    >>> search_steps(SearchSpec(length="2ep"), TrainSpec(), 10), search_steps(SearchSpec(), TrainSpec(), 10)
    (20, 100)
    """
    return Length.parse(search.length or train.length).steps(per_epoch)


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What came of a search.

    Attributes
    ----------
    mask
        The effective mask: the only one. What counts as kept here takes part in the network.
    state
        The network that was searched in, complete: weights as they were (or as the search's options scale them),
        running statistics as they are at its end.
    weights
        How these weights differ from those that were initialised, as plain data for the ticket's provenance
        (`rescaling.as_searched`); empty where they do not.
    scores
        Layer name -> scores at the end, shaped like the weights.
    flagged
        Layer name -> how many weights were still candidates: the *nominal* counts of publications on Gem-Miner, which
        say nothing about the network. Those of the mask where a search has no candidates.
    rows
        What was measured, epoch by epoch.
    found
        Cost and outcome, plain data: ``seconds``, ``steps``, ``target_density``, ``effective_density`` (of the mask in
        force before the final rounding), ``nominal_density``, and ``alarm``, a sentence, where these do not fit.
    """

    mask: Mask
    state: State = field(repr=False)
    weights: dict[str, Any]
    scores: State = field(repr=False)
    flagged: Mapping[str, int]
    rows: list[Row] = field(repr=False)
    found: dict[str, Any]
