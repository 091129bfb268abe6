"""Wording of the five tasks: headings and answers to choose from. Edit a study's texts for the rest."""

from collections.abc import Sequence

from tombola.study.trial import NEITHER, Option

SIDES = (
    Option("left", "Algorithm 1 (left)"),
    Option("right", "Algorithm 2 (right)"),
    Option(NEITHER, "Both equally reasonable"),
)
TRUST = (
    Option("1", "Certainly wrong"),
    Option("2", "Rather wrong"),
    Option("3", "Rather right"),
    Option("4", "Certainly right"),
)
SAYS_WRONG, SAYS_RIGHT = ("1", "2"), ("3", "4")
UNKNOWN = Option(NEITHER, "I don't know / none of the above")


def classes(names: Sequence[str], unknown: bool = True) -> tuple[Option, ...]:
    """Return the classes to choose from; not knowing always comes last."""
    options = tuple(Option(name, name) for name in names)
    return (*options, UNKNOWN) if unknown else options


def numbered(count: int) -> tuple[Option, ...]:
    """Return candidates to choose from, by their number on the screen."""
    return tuple(Option(str(number), f"Explanation {number}") for number in range(1, count + 1))


def both_predict(name: str) -> str:
    """Return the heading of a pairwise trial, which names what both models say."""
    return f"Both algorithms predict '{name}'"


def predicts(name: str) -> str:
    """Return the heading of an agreement trial."""
    return f"The algorithm says: '{name}'"


WHICH_PREDICTED = "Each picture explains another answer. Which answer did the algorithm really give?"
WHAT_WILL_IT_SAY = "What does the algorithm say this is?"
WHAT_WITH_EXPLANATION = "These are the parts it used. What does the algorithm say this is?"
