"""What procedures have in common whose masks are searched for: the search, its trial, and what does not go with it."""

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.procedures.dense import dense_trial
from tombola.experiments.procedures.found import collapse
from tombola.experiments.procedures.rule import Procedure, procedures
from tombola.experiments.trial import Trial, with_initial
from tombola.networks import build
from tombola.networks.state import restore
from tombola.pruning import Ticket
from tombola.search import SearchTask, search_steps, searches
from tombola.search.rescaling import WEIGHTS
from tombola.search.wording import described
from tombola.specs import ExperimentSpec
from tombola.specs.length import Length
from tombola.specs.prune import PruneSpec
from tombola.store.jobs import SCORES

TABLE = "search.csv"

UNUSED = ("rewind", "reset", "counts", "pruned", "score", "invert")
"""Fields of pruning that say what trained networks are made of, or how they are scored."""


def search_trial(context: LevelContext) -> Trial:
    """Search for the level's mask over the replicate's initial weights; the training that follows is the fine-tuning.

    The record of step 0 is the searched network as it is, without any training of weights: normalisation has the
    statistics of the search. Levels do not depend on each other. The mask is the effective one, and density counts
    nothing else; what publications count as kept (flags) is in the provenance, ``nominal``.
    """
    if context.parent is None:
        return dense_trial(context)
    spec, place = context.spec, context.workplace
    name = spec.prune.procedure
    module = build(spec.network, context.shape.input_shape, context.shape.classes)
    restore(module, context.initial())
    task = SearchTask(
        *(module, context.layers, context.keep, place.data, spec.train, spec.search),
        *(spec.seed, context.replicate, context.level, spec.prune.floor, spec.prune.ties),
        *(place.device, place.threads, place.tell),
    )
    result = searches[name](task)
    provenance = {"procedure": name, "nominal": dict(result.flagged)}
    if result.weights:
        provenance[WEIGHTS] = result.weights
    return Trial(
        with_initial(Ticket(result.state, result.mask, provenance), result.state),
        found=result.found | collapse(result.mask),
        tables={TABLE: result.rows},
        states={SCORES: result.scores},
    )


def refuses(spec: ExperimentSpec) -> str | None:
    """Return what does not go with a search: fields that mean nothing to it, contradictions, no length."""
    prune, search = spec.prune, spec.search
    for name in UNUSED:
        value, default = getattr(prune, name), PruneSpec.model_fields[name].default
        if value != default:
            return f"it searches over initial weights, where prune.{name} = '{value}' means nothing; leave it out"
    if search.length is not None and Length.parse(search.length).value == 0:
        return "search.length must be at least one step or epoch"
    return searches[prune.procedure].why_not(search)


def register(name: str) -> None:
    """Make a registered search a procedure of the same name."""
    procedures.register(name)(
        Procedure(
            parent=lambda level: 0 if level else None,
            trial=search_trial,
            nested=False,
            within=False,
            by_layer=False,
            told=described,
            steps=lambda spec, per_epoch, classes: search_steps(spec.search, spec.train, per_epoch),
            refuses=refuses,
        )
    )
