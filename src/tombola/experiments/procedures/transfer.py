"""Transfer: the tickets of another run, trained on this run's data (signs reference, section 9)."""

from pathlib import Path
from typing import Any

import torch

from tombola.data import describe
from tombola.errors import TombolaError
from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.procedures.found import collapse
from tombola.experiments.procedures.rule import Procedure, procedures
from tombola.experiments.starting import OWN_START
from tombola.experiments.trial import Trial, with_initial
from tombola.networks import build, prunable_layers
from tombola.networks.state import State
from tombola.pruning import Ticket
from tombola.search.rescaling import WEIGHTS, as_searched
from tombola.specs import ExperimentSpec
from tombola.specs.prune import TRANSFER
from tombola.store import JobId, Run, StoredTicket, open_run

NEEDED = "it needs the folder of the run that tickets are taken from; give prune.source"


def transfer_trial(context: LevelContext) -> Trial:
    """Train another run's ticket of the same replicate as it began there, mask and weights, on this run's data.

    The dense level starts from the dense network's initial weights of that run. Whatever tickets were rewound to there,
    training takes its full length from step 0 here, in this run's own data order.
    """
    source = _open(context.spec)
    dense = source.ticket(context.replicate, 0)
    here = _place(context.spec, source, context.replicate, context.level)
    if not context.level:
        return Trial(Ticket(dense.initial, dense.mask, here))
    ticket = source.ticket(context.replicate, context.spec.prune.source_levels[context.level - 1])
    mask = ticket.mask
    if mask.held:
        raise TombolaError("pruned weights of the source are held at other values than zero, which is not transferred")
    if said := ticket.provenance.get(WEIGHTS):
        here[WEIGHTS] = said
    begun = with_initial(Ticket({}, mask, here), as_searched(dense.initial, here)).initial
    initial = _initial(source, ticket, begun)
    if any(not torch.equal(value, begun[name]) for name, value in initial.items()):
        here[OWN_START] = True
    return Trial(with_initial(Ticket({}, mask, here), initial), found=collapse(mask))


def settled(spec: ExperimentSpec) -> ExperimentSpec:
    """Return the experiment with what follows from its source: the full path, levels, densities.

    Raises
    ------
    TombolaError
        If the source is no run, has no such levels, or densities are given that are not its own.
    """
    source, prune = _open(spec), spec.prune
    levels = prune.source_levels or tuple(range(1, source.spec.prune.levels + 1))
    if not levels:
        raise TombolaError(f"prune.source = '{prune.source}' has no pruned level, so there is no ticket to transfer")
    densities = tuple(_job(source, 0, level).info.density for level in levels)
    if prune.densities and prune.densities != densities:
        raise TombolaError("prune.densities: those of a transfer are its source's; leave them out")
    changes = {"source": str(source.path), "source_levels": levels, "densities": densities}
    return spec.with_(prune=changes)


def given(spec: ExperimentSpec, replicate: int, level: int) -> str:
    """Return the key of the source's ticket that a level trains.

    Raises
    ------
    TombolaError
        If it is not there.
    """
    return _job(_open(spec), replicate, spec.prune.source_levels[level - 1] if level else 0).info.key


def refuses(spec: ExperimentSpec) -> str | None:
    """Return why the source's tickets cannot be trained in this experiment."""
    prune = spec.prune
    if prune.source is None:
        return NEEDED
    if prune.rewind != "init":
        return f"tickets start as they did in their source, and prune.rewind is '{prune.rewind}'; leave it out"
    if prune.holds_values:
        return f"pruned weights are at zero, and prune.pruned is '{prune.pruned}'; leave it out"
    if spec.network.weights is not None:
        return "tickets start from the weights of their source, and network.weights is given; leave it out"
    source, info = _open(spec), describe(spec.data)
    module = build(spec.network, info.shape, len(info.classes), device="meta")
    layers = prunable_layers(module, spec.network.prunable)
    here = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    dense = _job(source, 0, 0)
    there = {name: tuple(value.shape) for name, value in dense.initial.items()}
    way_out = "take data of the same image size, channels and classes, and the source's network"
    for name in (*here, *there):
        if here.get(name) != there.get(name):
            shapes = [_shape(each.get(name)) for each in (there, here)]
            return f"the source's networks do not fit: '{name}' {shapes[0]} there and {shapes[1]} here; {way_out}"
    if list(dense.mask) != [layer.name for layer in layers]:
        return "network.prunable chooses other weights than in the source; take the same"
    return None


def told(spec: ExperimentSpec) -> str:
    """Return how masks are found."""
    levels = ", ".join(map(str, spec.prune.source_levels))
    name = Path(spec.prune.source or "").name
    return f"{TRANSFER}: tickets of {name} (its levels {levels}) as they began there, trained from step 0"


def _shape(shape: tuple[int, ...] | None) -> str:
    return "is absent" if shape is None else f"is shaped {list(shape)}"


def _open(spec: ExperimentSpec) -> Run:
    if spec.prune.source is None:
        raise TombolaError(f"prune.procedure = '{TRANSFER}': {NEEDED}")
    path = Path(spec.prune.source).expanduser().resolve()
    try:
        return open_run(path)
    except TombolaError as error:
        raise TombolaError(f"prune.source = '{spec.prune.source}': {error}") from None


def _job(source: Run, replicate: int, level: int) -> StoredTicket:
    job = JobId(replicate, level)
    if job not in source.jobs or source.jobs[job].status != "done":
        what = f"ticket of level {level}" if level else "dense network"
        raise TombolaError(
            f"prune.source: {source.path.name} has no finished {what} of replicate {replicate}; "
            "finish it, or ask for fewer replicates or for other prune.source_levels"
        )
    return source.ticket(replicate, level)


def _place(spec: ExperimentSpec, source: Run, replicate: int, level: int) -> dict[str, Any]:
    there = spec.prune.source_levels[level - 1] if level else 0
    key = source.jobs[JobId(replicate, there)].key
    return {"procedure": TRANSFER, "source": {"name": source.spec.name, "key": key, "level": there}}


def _initial(source: Run, ticket: StoredTicket, begun: State) -> State:
    """Return what a ticket started from in its source, made again from the dense network where it was not kept."""
    try:
        return ticket.initial
    except TombolaError:
        prune = source.spec.prune
        if prune.procedure in ("iterative", "one-shot") and prune.rewind == "init" and prune.reset == "full":
            return begun
        raise


procedures.register(TRANSFER)(
    Procedure(
        parent=lambda level: 0 if level else None,
        trial=transfer_trial,
        nested=False,
        by_layer=False,
        told=told,
        refuses=refuses,
        settled=settled,
        given=given,
    )
)
