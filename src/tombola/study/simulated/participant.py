"""One simulated participant: what they answer to a trial whose truth is known to the simulation alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt

from scipy.special import ndtri

from tombola.study.design.asking import SAYS_RIGHT, SAYS_WRONG
from tombola.study.design.truth import Truth
from tombola.study.simulated.crowd import Crowd
from tombola.study.simulated.noise import Noise
from tombola.study.trial import NEITHER, Trial

SURE = (0.4, 0.9, 1.5)
"""How far from undecided the second, third and fourth point of confidence begin."""
HASTE = 0.15
"""Time of an answer without looking, as part of an attentive one."""
GOLD = ("gold", "practice", "quiz")


@dataclass(frozen=True)
class Reply:
    """One answer of a simulated participant.

    Attributes
    ----------
    choice
        Value of an option of the trial.
    confidence
        1 to 4; None where it is not asked for.
    seconds, focus_losses
        As a page would measure them.
    lapsed
        Whether it was given without looking.
    """

    choice: str
    confidence: int | None
    seconds: float
    focus_losses: int
    lapsed: bool


class Participant:
    """A participant drawn from a crowd; the same number is the same person, whatever the order of questions.

    Parameters
    ----------
    crowd
        What people are like.
    number
        Which of them.

    Examples
    --------
    >>> from tombola.study.trial import Option
    >>> trial = Trial("t", "recognition", "main", (), "", (Option("cat", "cat"), Option("dog", "dog")))
    >>> truth = Truth("t", "1/x", 1, "cat", correct=("cat",))
    >>> Participant(Crowd(accuracy=0.999, lapse=0), 0).answer(trial, truth).choice
    'cat'
    """

    def __init__(self, crowd: Crowd, number: int) -> None:
        self.crowd, self.number = crowd, number
        self._pace = exp(crowd.seconds_sd * sqrt(0.5) * self._noise("pace").normal())

    def answer(self, trial: Trial, truth: Truth) -> Reply:
        """Return the answer to a trial; a repeat of it is answered anew, by the same person."""
        crowd, noise = self.crowd, self._noise("answer", trial.name)
        values = [option.value for option in trial.options]
        lapsed = noise.uniform() < crowd.lapse
        margin = 0.0
        if lapsed:
            choice = values[noise.below(len(values))]
        elif trial.kind in GOLD:
            sees = noise.uniform() < (crowd.quiz if trial.kind == "quiz" else crowd.attention)
            choice = self._right_or_not(values, truth, noise, sees)
            margin = 1.0
        elif trial.task == "pairwise":
            choice, margin = self._prefer(truth, noise)
        elif trial.task == "agreement":
            choice, margin = self._believe(values, truth, noise)
        else:
            choice, margin = self._recognise(values, truth, noise)
        sure = 1 + sum(abs(margin) > bound for bound in SURE) if trial.confidence and choice != NEITHER else None
        seconds = crowd.seconds * self._pace * exp(crowd.seconds_sd * sqrt(0.5) * noise.normal())
        return Reply(choice, sure, round(seconds * (HASTE if lapsed else 1), 3), self._losses(noise), lapsed)

    def quiz(self, trial: Trial, truth: Truth, attempt: int) -> str:
        """Return the answer to a comprehension question; whoever was wrong reads again and knows."""
        values = [option.value for option in trial.options]
        noise = self._noise("quiz", trial.name, attempt)
        return self._right_or_not(values, truth, noise, noise.uniform() < self.crowd.quiz or attempt > 0)

    def leaves(self, dropout: float, questions: int) -> int | None:
        """Return after how many of the questions this participant leaves, None for those who stay."""
        noise = self._noise("dropout")
        return noise.below(max(1, questions)) if noise.uniform() < dropout else None

    def _prefer(self, truth: Truth, noise: Noise) -> tuple[str, float]:
        first, second = sorted((truth.left, truth.right))
        who = self.crowd.population(first, second)
        if noise.uniform() < who.ties:
            return NEITHER, 0.0
        margin = who.threshold + self._effects(f"{first}|{second}", truth.image) + noise.normal()
        side = "left" if (margin > 0) == (truth.left == first) else "right"
        return side, margin

    def _believe(self, values: Sequence[str], truth: Truth, noise: Noise) -> tuple[str, float]:
        right = truth.predicted == truth.image_class
        chance = self.crowd.trust_right if right else self.crowd.trust_wrong
        margin = self._margin(chance, f"trust|{truth.condition}", truth.image, noise)
        says = [value for value in values if value in (SAYS_RIGHT if margin > 0 else SAYS_WRONG)]
        strong = abs(margin) > SURE[1]
        return (says[-1] if strong == (margin > 0) else says[0]), margin

    def _recognise(self, values: Sequence[str], truth: Truth, noise: Noise) -> tuple[str, float]:
        crowd = self.crowd
        chance = crowd.before if truth.phase == "before" else crowd.accuracy_of.get(truth.condition, crowd.accuracy)
        margin = self._margin(chance, truth.condition, truth.image, noise)
        if margin <= 0 and NEITHER in values and noise.uniform() < crowd.abstain:
            return NEITHER, margin
        return self._right_or_not(values, truth, noise, margin > 0), margin

    def _margin(self, chance: float, what: str, image: int, noise: Noise) -> float:
        """Return a number above 0 in `chance` of all cases, over participants and images."""
        crowd = self.crowd
        total = sqrt(1 + crowd.worker_sd**2 + crowd.image_sd**2)
        chance = min(max(chance, 1e-9), 1 - 1e-9)
        return float(ndtri(chance)) * total + self._effects(what, image) + noise.normal()

    def _effects(self, what: str, image: int) -> float:
        crowd = self.crowd
        own = crowd.worker_sd * self._noise("worker", what).normal() if crowd.worker_sd else 0.0
        shown = crowd.image_sd * Noise(crowd.seed, "image", what, image).normal() if crowd.image_sd else 0.0
        return own + shown

    def _right_or_not(self, values: Sequence[str], truth: Truth, noise: Noise, right: bool) -> str:
        """Return a right answer, or a wrong one; classes are confused with some others more than with the rest."""
        known = [value for value in values if value in truth.correct]
        wrong = [value for value in values if value not in truth.correct and value != NEITHER]
        if (right and known) or not wrong:
            return known[noise.below(len(known))] if known else values[noise.below(len(values))]
        weights = [exp(Noise(self.crowd.seed, "confusion", truth.image_class, value).normal()) for value in wrong]
        point = noise.uniform() * sum(weights)
        for value, weight in zip(wrong, weights, strict=True):
            point -= weight
            if point <= 0:
                return value
        return wrong[-1]

    def _losses(self, noise: Noise) -> int:
        """Return a Poisson number of focus losses."""
        count, left = 0, noise.uniform()
        while left > exp(-self.crowd.focus_losses):
            left *= noise.uniform()
            count += 1
        return count

    def _noise(self, purpose: str, *coordinates: int | str) -> Noise:
        return Noise(self.crowd.seed, purpose, self.number, *coordinates)
