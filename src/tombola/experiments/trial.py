"""A trial: what one job trains."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from tombola.networks import build, initialise
from tombola.networks.state import State, capture
from tombola.pruning import Mask, Ticket
from tombola.specs import ExperimentSpec, TrainSpec
from tombola.store.tables_csv import Table
from tombola.training.moves import Moves


@dataclass(frozen=True)
class Trial:
    """A ticket to train, and from where.

    Attributes
    ----------
    ticket
        Initial state and mask.
    start_step
        The step that training starts at; earlier steps count as done (rewinding to step k).
    train
        Another training recipe than the experiment's, where a control needs one.
    seed
        Another seed of data order, augmentation and dropout than the experiment's.
    found
        What finding the mask took and came to, as plain data: goes into ``job.json``. ``seconds`` by convention.
    moves
        When and how the mask moves in training; the ticket's mask is then the first one.
    whole
        For masks that move: the complete initial state, of which the ticket keeps what the last mask lets remain.
    tables
        Tables of how it was found, by file name: each becomes a CSV file in the job's folder.
    states
        Further tensors, by file name (scores): kept where the policy keeps everything.
    """

    ticket: Ticket
    start_step: int = 0
    train: TrainSpec | None = None
    seed: int | None = None
    found: Mapping[str, Any] = field(default_factory=dict)
    moves: Moves | None = None
    whole: State | None = None
    tables: Mapping[str, Table] = field(default_factory=dict)
    states: Mapping[str, State] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """What the data says about the network: input (channels, height, width) and the number of classes."""

    input_shape: tuple[int, int, int]
    classes: int


def fresh_state(spec: ExperimentSpec, shape: Shape, seed: int) -> State:
    """Return a newly drawn complete state: weights, biases and normalisation alike."""
    module = build(spec.network, shape.input_shape, shape.classes)
    initialise(module, spec.network, torch.Generator().manual_seed(seed))
    return capture(module)


def with_initial(ticket: Ticket, state: State, mask: Mask | None = None) -> Ticket:
    """Return a ticket with another initial state (and mask), pruned weights exactly as held, no memory shared."""
    mask = ticket.mask if mask is None else mask
    initial = {name: value.clone() for name, value in state.items()}
    mask.apply_(initial)
    return replace(ticket, initial=initial, mask=mask)
