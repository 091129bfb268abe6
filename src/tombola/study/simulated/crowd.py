"""What simulated participants are like: preferences, ties, inattention, recognition, trust, times.

Reference: explainability 8.4. Preferences follow the model of `tombola.study.power.Population`, so that what power is
computed for is what is simulated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import NamedTuple

from tombola.errors import TombolaError
from tombola.study.design.spec import VERSUS, StudySpec
from tombola.study.power.population import Population

NO_SHARE = ("seed", "preferences", "accuracy_of")
NOT_BOUNDED = ("worker_sd", "image_sd", "seconds", "seconds_sd", "focus_losses")


class Expected(NamedTuple):
    """Share of A among decisive votes, and of votes for neither, with inattention in them."""

    share: float
    ties: float


@dataclass(frozen=True)
class Crowd:
    """A crowd that participants are drawn from.

    Attributes
    ----------
    preferences
        (A, B) -> share of A among decisive votes of attentive participants; pairs not named: one half.
    ties
        Share of votes for neither.
    worker_sd, image_sd
        How participants and images differ, in units of the noise of one answer (probit).
    lapse
        Share of answers given without looking: any option, fast.
    accuracy
        Recognition, distinction, forward simulation: chance of the right answer.
    accuracy_of
        The same by condition, where it differs.
    abstain
        Chance that somebody who does not know says so, where that can be said.
    before
        Forward simulation: accuracy without the explanation.
    trust_right, trust_wrong
        Agreement: chance to believe a prediction that is right, and one that is wrong.
    attention
        Chance to see through an attention check or a practice question.
    quiz
        Chance to get a comprehension question right; it is asked again where not.
    seconds, seconds_sd
        Median of response times, and standard deviation of their logarithm; half of it between participants.
    focus_losses
        Mean number of times the window loses the focus during an answer.
    seed
        Of everybody and everything.

    Raises
    ------
    TombolaError
        If a value is out of range.
    """

    preferences: Mapping[tuple[str, str], float] = field(default_factory=dict)
    ties: float = 0.3
    worker_sd: float = 0.5
    image_sd: float = 0.5
    lapse: float = 0.02
    accuracy: float = 0.85
    accuracy_of: Mapping[str, float] = field(default_factory=dict)
    abstain: float = 0.6
    before: float = 0.6
    trust_right: float = 0.75
    trust_wrong: float = 0.5
    attention: float = 0.97
    quiz: float = 0.95
    seconds: float = 6.0
    seconds_sd: float = 0.5
    focus_losses: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        for each in fields(self):
            if each.name in NO_SHARE:
                continue
            value = getattr(self, each.name)
            top = float("inf") if each.name in NOT_BOUNDED else 1.0
            if not (isfinite(value) and 0 <= value <= top):
                wanted = "at least 0" if each.name in NOT_BOUNDED else "between 0 and 1"
                raise TombolaError(f"{each.name} = {value}: give a number {wanted}")
        for named, share in (*self.preferences.items(), *self.accuracy_of.items()):
            if not 0 < share < 1:
                what = VERSUS.join(named) if isinstance(named, tuple) else named
                raise TombolaError(f"'{what}' = {share}: give a number between 0 and 1, both excluded")
        if self.ties == 1:
            raise TombolaError("ties = 1: then nobody ever prefers anything; give a number below 1")
        if not 0 < self.accuracy < 1 or not 0 < self.before < 1:
            raise TombolaError(f"accuracy = {self.accuracy}, before = {self.before}: between 0 and 1, both excluded")

    def population(self, first: str, second: str) -> Population:
        """Return the population of attentive votes on a pair."""
        return Population(self.share(first, second), self.ties, self.worker_sd, self.image_sd)

    def share(self, first: str, second: str) -> float:
        """Return the share of the first of two conditions, whichever way round they were named."""
        if (first, second) in self.preferences:
            return self.preferences[first, second]
        return 1 - self.preferences.get((second, first), 0.5)

    def expected(self, first: str, second: str) -> Expected:
        """Return share and ties that answers must show, inattentive ones among them."""
        attentive, random = (1 - self.lapse) * (1 - self.ties), self.lapse / 3
        decided = attentive + 2 * random
        share = (attentive * self.share(first, second) + random) / decided if decided else 0.5
        return Expected(share, 1 - decided)

    def check(self, spec: StudySpec) -> None:
        """Raise one sentence if the crowd speaks of pairs or conditions that a study does not have."""
        for first, second in self.preferences:
            if not any({first, second} == set(pair) for pair in spec.pairs):
                known = ", ".join(VERSUS.join(pair) for pair in spec.pairs) or "none"
                raise TombolaError(f"the study has no pair '{first}{VERSUS}{second}'; it has {known}")
        for name in self.accuracy_of:
            if name not in spec.condition_names:
                raise TombolaError(f"the study has no condition '{name}'; it has {', '.join(spec.condition_names)}")
