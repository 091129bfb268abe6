"""Sanity checks by name, and what they find."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tombola.explain.sanity.question import Question
from tombola.registry import Registry

Steps = Mapping[str, Float[np.ndarray, " n"]]
"""Similarities per image, step after step; the last step is the one that is judged."""


@dataclass(frozen=True)
class Check:
    """A way for an explanation method to show that it explains nothing.

    Attributes
    ----------
    compute
        Question -> similarities.
    limit
        The method passes if the mean similarity of the last step, over images and networks, is below this.
    reason
        What a failure means, to be read after the method's name.
    default
        Whether it is made unasked; not if networks must be trained for it.
    networks
        How many of the networks asked about it looks at, at most.
    """

    compute: Callable[[Question], Steps]
    limit: float
    reason: str
    default: bool = True
    networks: int | None = None

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.compute.__doc__ or "").strip().partition("\n")[0]


checks: Registry[Check] = Registry("sanity check")


@dataclass(frozen=True)
class Finding:
    """What one check found about one method.

    Attributes
    ----------
    check, method
        Names.
    value
        Mean similarity of the last step over images and networks.
    limit
        What it must be below.
    steps
        Mean similarity after each step.
    networks, images
        How many it rests on.
    where
        Which networks, in words (``level 2``).
    """

    check: str
    method: str
    value: float
    limit: float
    steps: Mapping[str, float]
    networks: int
    images: int
    where: str = ""

    @property
    def passed(self) -> bool:
        """Whether the method passed."""
        return self.value < self.limit

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        what = f"{self.method} passes" if self.passed else f"{self.method} fails: {checks[self.check].reason}"
        place = f" at {self.where}" if self.where else ""
        return f"{self.check}{place}: {what} (similarity {self.value:.2f}, limit {self.limit:g})"


def default_checks() -> list[str]:
    """Return the names of the checks that are made unasked."""
    return [name for name in checks if checks[name].default]


def check_sanity(
    questions: Question | Sequence[Question], names: Iterable[str] | None = None, where: str = ""
) -> list[Finding]:
    """Check an explanation method on one or several networks.

    Parameters
    ----------
    questions
        The same method and images on every network.
    names
        Of `tombola.explain.checks`; by default those that train nothing.
    where
        Which networks these are, in words.

    Raises
    ------
    TombolaError
        If there is no such check.

    Examples
    --------
    >>> [finding.passed for finding in check_sanity(Question(network, images))]  # doctest: +SKIP
    """
    asked = [questions] if isinstance(questions, Question) else list(questions)
    found = []
    for name, check in [(name, checks[name]) for name in (default_checks() if names is None else names)]:
        each = [check.compute(question) for question in asked[: check.networks]]
        steps = {step: float(np.mean([made[step] for made in each])) for step in each[0]}
        images = len(asked[0].images)
        found.append(
            Finding(name, asked[0].method, list(steps.values())[-1], check.limit, steps, len(each), images, where)
        )
    return found


def failures(findings: Iterable[Finding]) -> list[str]:
    """Return the names of the checks that were failed, with where unless it was everywhere.

    Examples
    --------
    >>> failures(check_sanity(Question(network, images, "edge-detector")))  # doctest: +SKIP
    ['edges', 'weights']
    """
    made: dict[str, list[Finding]] = {}
    for finding in findings:
        made.setdefault(finding.check, []).append(finding)
    found = []
    for name, each in made.items():
        failed = [finding.where for finding in each if not finding.passed]
        if failed:
            found.append(name if len(failed) == len(each) else f"{name} at {' and '.join(failed)}")
    return found
