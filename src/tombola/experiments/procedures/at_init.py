"""Pruning at initialisation: masks are found before training, by scores of the network as it begins."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tombola.errors import TombolaError
from tombola.experiments.controls.shuffle import shuffled
from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.procedures.dense import dense_trial
from tombola.experiments.procedures.found import collapse
from tombola.experiments.procedures.rule import Procedure, procedures
from tombola.experiments.procedures.score_rows import score_rows
from tombola.experiments.starting import cut_from
from tombola.experiments.trial import Trial, with_initial
from tombola.networks import build
from tombola.networks.state import State, restore
from tombola.pruning import Mask, Request, Rounds, Ticket, prune_in_rounds
from tombola.pruning.ramp import round_totals
from tombola.specs import ConvergeSpec, ExperimentSpec, Length
from tombola.specs.prune import AT_INIT
from tombola.store import StoredTicket
from tombola.training import fit

SCORES = "scores.csv"


def at_init_trial(context: LevelContext) -> Trial:
    """Score and prune the network as it begins, round after round, and train what remains from there.

    Levels do not depend on each other. With ``prune.rewind: step:k`` what is scored, and trained on, is the dense
    network at step k. ``prune.shots`` goes through the rounds several times, each time to a lower density (multishot);
    rounds that would keep no less than what survives are left out (sparse-analysis reference, section 3.1).
    """
    parent, dense = context.parent, context.dense
    if parent is None or dense is None:
        return dense_trial(context)
    prune = context.spec.prune
    state = dense.rewind if prune.rewind_step else dense.initial
    rounds = find_mask(context, state, dense)
    mask = rounds.mask
    provenance: dict[str, Any] = {"procedure": AT_INIT, "score": prune.score, "rewind": prune.rewind}
    if prune.shuffle:
        mask = shuffled(mask, [[name] for name in mask], context.generator("shuffle"))
        provenance["shuffled"] = True
    start = cut_from(context.spec, context.shape, context.replicate, state, mask)
    if prune.reinitialise:
        provenance["reinitialised"] = True
    if prune.rescale:
        provenance["rescaled"] = True
    found = context.tally.report(score=prune.score, rounds=rounds.scored) | collapse(mask)
    return Trial(
        with_initial(Ticket(start, mask, provenance), start),
        prune.rewind_step,
        found=found,
        tables={SCORES: score_rows(context, rounds)} if rounds.scores else {},
    )


def find_mask(context: LevelContext, state: State, dense: StoredTicket) -> Rounds:
    """Return the mask that shots of rounds of scoring end with.

    Parameters
    ----------
    context
        The level to be made.
    state
        What is scored, and what weights return to after ``prune.pretrain``.
    dense
        The replicate's dense level: its mask, full but for pruned files, is where rounds begin.
    """
    prune, plan = context.spec.prune, context.plan
    mask, initial = dense.mask, dense.initial
    request = Request.for_round(context.layers, prune, context.generator("ties"))
    request = replace(request, keep=plan.total, counts=plan.remaining, shares=plan.shares)
    shots = round_totals(mask.size, prune, plan)
    scored, result = 0, Rounds(mask, mask)
    scoring = context.scoring_of(state, mask, initial)
    for number, totals in enumerate(shots):
        if Length.parse(prune.pretrain).value:
            trained = pretrained(context, state, result.mask)
            scoring = replace(context.scoring_of(trained, mask, initial), generator=scoring.generator)

        def tell(done: int, total: int, number: int = number) -> None:
            context.workplace.tell("scoring", number * total + done, len(shots) * total)

        after = prune_in_rounds(
            replace(scoring, mask=result.mask),
            *(prune.score, prune.allocation, request, totals),
            invert=prune.invert,
            tell=tell,
        )
        scored += after.scored
        result = after if after.scored else result
    return replace(result, scored=scored)


def pretrained(context: LevelContext, state: State, mask: Mask) -> State:
    """Return what a state becomes in ``prune.pretrain`` steps, under a mask, on the replicate's own data order.

    Raises
    ------
    TombolaError
        If training diverges.
    """
    spec, place = context.spec, context.workplace
    module = build(spec.network, context.shape.input_shape, context.shape.classes)
    restore(module, state)
    steps = Length.parse(spec.prune.pretrain).steps(context.per_epoch)
    result = fit(
        module,
        place.data,
        spec.train.model_copy(
            update={
                "length": f"{spec.prune.rewind_step + steps}st",
                "record_every": f"{steps}st",
                "converge": ConvergeSpec(),
            }
        ),
        mask=mask,
        seed=spec.seed,
        replicate=context.replicate,
        start_step=spec.prune.rewind_step,
        device=place.device,
        threads=place.threads,
        on_record=lambda progress: place.tell("pretraining", progress.step - spec.prune.rewind_step, steps),
    )
    if result.status != "done":
        raise TombolaError(f"pretraining failed: {result.reason}")
    return result.trained


def refuses(spec: ExperimentSpec) -> str | None:
    """Return what does not go with masks that are found before training."""
    prune = spec.prune
    if not prune.rewinds:
        return f"it trains from initialisation, and prune.rewind is '{prune.rewind}'; take init or step:K"
    for wrong, sentence in _contradictions(spec):
        if wrong:
            return sentence
    return None


def _contradictions(spec: ExperimentSpec) -> Iterable[tuple[bool, str]]:
    prune = spec.prune
    yield (
        prune.reinitialise and bool(prune.rewind_step),
        f"prune.reinitialise draws weights as they are at step 0, and prune.rewind is '{prune.rewind}'; take init",
    )
    yield prune.reset != "full", f"nothing was trained that prune.reset = '{prune.reset}' could leave; take full"
    yield (
        prune.holds_values,
        f"prune.pruned = '{prune.pruned}' goes by trained weights, and there are none; take zero",
    )
    yield prune.counts != "iterated", f"prune.counts = '{prune.counts}' is for one-shot; leave it out"


def told(spec: ExperimentSpec) -> str:
    """Return half a sentence on what is scored, and how often."""
    prune = spec.prune
    where = f"at step {prune.rewind_step:,}" if prune.rewind_step else "at initialisation"
    times = f"{prune.shots} times {prune.rounds}" if prune.shots > 1 else str(prune.rounds)
    rounds = "one round" if times == "1" else f"{times} rounds"
    sanity = [name for name in ("invert", "shuffle", "reinitialise", "rescale") if getattr(prune, name)]
    return f"scored by {prune.score} {where} in {rounds}, {prune.allocation}{''.join(f', {name}' for name in sanity)}"


def scoring_steps(spec: ExperimentSpec, per_epoch: int, classes: int) -> float:
    """Return about what scoring takes, in training steps: every round sees every image once, some scores twice."""
    prune = spec.prune
    images = prune.samples_per_class * classes / spec.train.batch_size
    return prune.shots * (prune.rounds * max(1.0, images) + Length.parse(prune.pretrain).steps(per_epoch))


procedures.register(AT_INIT)(
    Procedure(
        parent=lambda level: 0 if level else None,
        trial=at_init_trial,
        nested=False,
        told=told,
        steps=scoring_steps,
        refuses=refuses,
    )
)
