"""Is there a winning ticket? One sentence, with the facts it rests on and how sure it is."""

from dataclasses import dataclass, field
from typing import Literal

from tombola.analysis.limits import limits
from tombola.analysis.standing import MARGIN, MIN_REPLICATES, Standing, reference_control, standings
from tombola.analysis.wording import count, difference, place, points
from tombola.store import Run

Kind = Literal["yes", "likely", "open", "no"]


@dataclass(frozen=True)
class Verdict:
    """The answer and its reasons.

    Attributes
    ----------
    kind
        ``yes`` and ``no`` are claims the intervals carry, ``likely`` is true on average, ``open`` is no claim.
    headline, sentence
        A few words, and the whole claim with its numbers.
    notes
        What limits it: failed or missing jobs, few replicates.
    standing
        The level the claim is about; None where there is none.
    control
        The control compared with; None where the run has none.
    levels
        How every pruned level stands.
    """

    kind: Kind
    headline: str
    sentence: str
    notes: tuple[str, ...] = ()
    standing: Standing | None = None
    control: str | None = None
    levels: tuple[Standing, ...] = field(default=(), repr=False)


def verdict(run: Run, margin: float = MARGIN) -> Verdict:
    """Judge whether a run holds a winning ticket (Frankle & Carbin 2019, section 1).

    A winning ticket keeps the dense network's accuracy where the same mask with other initial weights does not. Both
    halves are paired differences of test accuracy at early stop over replicates, with 95 % intervals:

    1. *keeps up*: ticket minus dense is not below ``-margin``; surely so, if the whole interval is not.
    2. *above the control*: the whole interval of ticket minus control lies above zero.

    The level that is judged is chosen by the first half alone: the sparsest level that keeps up. So the comparison with
    the control is one test, not the best of as many as there are levels.

    - **yes**: the sparsest level that *surely* keeps up is above its control.
    - **likely**: the sparsest level that keeps up *on average* is above its control.
    - **no**: every level is surely worse than dense; or at the sparsest level that keeps up, the control is on average
      at least as good.
    - **open**: fewer than three replicates, no control, nothing to compare yet, or intervals that settle neither way.

    Failed and absent jobs leave their pairs out; the notes say how many are missing.
    """
    levels = standings(run, margin=margin)
    control = reference_control(run)
    kind, headline, sentence, standing = _judge(run, levels, control, margin)
    notes = tuple(limits(run, levels, standing))
    return Verdict(kind, headline, sentence, notes, standing, control, tuple(levels))


Judgement = tuple[Kind, str, str, Standing | None]


def _judge(run: Run, levels: list[Standing], control: str | None, margin: float) -> Judgement:
    if not levels:
        text = "This run trains the dense network only, so there is no ticket to judge."
        return "open", "Nothing was pruned", text, None
    paired = [s for s in levels if s.minus_dense.n > 0]
    if not paired:
        text = "No replicate has both its dense network and a pruned one yet, so there is nothing to compare."
        return "open", "No result to judge", text, None
    enough = [s for s in paired if s.counts]
    if not enough:
        return _too_few(paired, control)
    keeping = [s for s in enough if s.keeps_up]
    if not keeping:
        return _none_keeps_up(enough, margin)
    if control is None:
        best = keeping[-1]
        text = (
            f"At {place(best.density, best.level)} the ticket keeps up with dense ({difference(best.minus_dense)}), "
            "but without a control nobody can say whether its initial weights matter; add one with --controls reinit."
        )
        return "open", "No control to compare with", text, best
    surely = [s for s in keeping if s.surely_keeps_up]
    if surely and surely[-1].surely_above_control:
        return _won(surely[-1], control, margin)
    return _on_average(keeping[-1], control, margin)


def _won(best: Standing, control: str, margin: float) -> Judgement:
    text = (
        f"At {place(best.density, best.level)} the ticket is not worse than dense by more than {100 * margin:.2g} "
        f"points ({difference(best.minus_dense)}), and better than its {control} control "
        f"({difference(best.minus_control)})."
    )
    return "yes", "There is a winning ticket", text, best


def _on_average(best: Standing, control: str, margin: float) -> Judgement:
    where = place(best.density, best.level)
    dense, contrast = difference(best.minus_dense), difference(best.minus_control)
    if best.surely_above_control:
        text = (
            f"At {where} the ticket keeps up with dense on average ({dense}), and is better than its {control} control "
            f"({contrast})."
        )
        return "likely", "Probably a winning ticket", text, best
    if best.minus_control.n < MIN_REPLICATES:
        text = (
            f"At {where} the ticket keeps up with dense on average ({dense}), but its {control} control has only "
            f"{count(best.minus_control.n, 'pair')} to compare with; {MIN_REPLICATES} are needed."
        )
        return "open", "The control is missing", text, best
    if best.minus_control.mean <= 0:
        text = (
            f"The sparsest ticket that keeps up with dense is at {where} ({dense}), and there its {control} control "
            f"does as well or better (ticket minus control {contrast}): its initial weights are nothing special."
        )
        return "no", "No winning ticket: the control does as well", text, best
    text = (
        f"At {where} the ticket keeps up with dense on average ({dense}) and is ahead of its {control} control, but "
        f"the interval of that lead includes zero ({contrast})."
    )
    return "open", "Not settled", text, best


def _none_keeps_up(enough: list[Standing], margin: float) -> Judgement:
    best = max(enough, key=lambda s: s.minus_dense.mean)
    where = place(best.density, best.level)
    if all(s.surely_worse for s in enough):
        text = f"Every pruned level is worse than dense; the closest is {where} ({difference(best.minus_dense)})."
        return "no", "No winning ticket", text, best
    text = (
        f"On average every pruned level loses more than {100 * margin:.2g} points against dense, but not all "
        f"intervals exclude that it keeps up; the closest is {where} ({difference(best.minus_dense)})."
    )
    return "open", "Not settled, and it does not look like one", text, best


def _too_few(paired: list[Standing], control: str | None) -> Judgement:
    n = max(s.minus_dense.n for s in paired)
    keeping = [s for s in paired if s.keeps_up]
    best = keeping[-1] if keeping else max(paired, key=lambda s: s.minus_dense.mean)
    leads = best.minus_control.n > 0 and control is not None
    lead = f", ticket minus {control} {points(best.minus_control.mean)} points" if leads else ""
    text = (
        f"{count(n, 'replicate')} cannot carry a claim, {MIN_REPLICATES} or more can. What there is: at "
        f"{place(best.density, best.level)}, ticket minus dense {points(best.minus_dense.mean)} points{lead}."
    )
    return "open", "Too few replicates to tell", text, best
