"""Where a pruned network starts again: what survivors return to, and what pruned weights are held at."""

import torch

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.trial import Trial, with_initial
from tombola.networks.state import State
from tombola.pruning import Mask, Ticket
from tombola.store import StoredTicket
from tombola.training.recipes import level_recipe


def restarted(context: LevelContext, parent: StoredTicket, dense: StoredTicket, mask: Mask) -> Trial:
    """Return the trial of a new mask; the optimiser is new in every case.

    ``prune.rewind``: ``init`` and ``step:k`` rewind totally, that is weights, biases, normalisation parameters and
    statistics, to step 0 or k of the dense network (Frankle & Carbin 2019; Frankle et al. 2020). ``lr`` leaves all of
    them as trained and trains the whole schedule again (learning-rate rewinding, Renda et al. 2020). ``none`` leaves
    them too and trains as many steps at the schedule's last learning rate (fine-tuning, the baseline of Renda et al.).

    Parameters
    ----------
    context
        The level to be made.
    parent, dense
        The level it is made from, and the dense level of its replicate.
    mask
        What remains.
    """
    prune = context.spec.prune
    state = _start(context, parent, dense)
    provenance = {
        "procedure": prune.procedure,
        "score": prune.score,
        "rewind": prune.rewind,
        "reset": prune.reset,
    }
    if prune.holds_values:
        mask = mask.holding(_pruned(prune.pruned, parent, dense))
        provenance["pruned"] = prune.pruned
    ticket = with_initial(Ticket(state, mask, provenance), state)
    return Trial(ticket, prune.rewind_step, level_recipe(context.spec, context.per_epoch))


def _start(context: LevelContext, parent: StoredTicket, dense: StoredTicket) -> State:
    prune = context.spec.prune
    if not prune.rewinds:
        return parent.trained
    state = dense.rewind if prune.rewind_step else dense.initial
    if prune.reset == "weights-only":
        weights = {layer.name for layer in context.layers}
        return {name: state[name] if name in weights else value for name, value in parent.trained.items()}
    return state


def _pruned(rule: str, parent: StoredTicket, dense: StoredTicket) -> State:
    """Return what weights are held at once they are pruned: decided when that happens, and final (Zhou et al. 2019).

    ``initial`` is the value at step 0, whatever survivors return to. ``zero-if-shrinking`` is zero instead where the
    magnitude after training is below the initial one, ``zero-if-growing`` where it is above.
    """
    values: State = {}
    for name in parent.mask:
        begun, ended = dense.initial[name], parent.trained[name]
        zeroed = torch.zeros_like(begun, dtype=torch.bool)
        if rule == "zero-if-shrinking":
            zeroed = ended.abs() < begun.abs()
        elif rule == "zero-if-growing":
            zeroed = ended.abs() > begun.abs()
        values[name] = begun.masked_fill(zeroed, 0.0)
    parent.mask.apply_(values)  # what was pruned earlier stays where it is held
    return values
