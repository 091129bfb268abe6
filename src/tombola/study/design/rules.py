"""Selection rules: which images may be asked about, judged by what every compared model says of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tombola.registry import Registry
from tombola.study.trial import Task


@dataclass(frozen=True)
class Verdict:
    """What a rule says of an image: the drawer it goes into, or the reason why it is passed over."""

    drawer: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Rule:
    """A selection rule.

    Attributes
    ----------
    judge
        (classes predicted by every model, their confidences, the true class) -> verdict.
    drawers
        Drawer -> its share of the images of every class.
    """

    judge: Callable[[Sequence[int], Sequence[float], int], Verdict]
    drawers: dict[str, int]

    def quota(self, images_per_class: int) -> dict[str, int]:
        """Return images per class and drawer; where they cannot be shared evenly, the first drawers get more."""
        total = sum(self.drawers.values())
        quota = {name: images_per_class * share // total for name, share in self.drawers.items()}
        for name in list(quota)[: images_per_class - sum(quota.values())]:
            quota[name] += 1
        return quota


rules: Registry[Rule] = Registry("selection rule")
STEPS = (("unsure", 0.5), ("fairly sure", 0.9), ("sure", 1.01))
"""Drawers of the rule ``stratified``, and below which least confidence an image belongs to them."""


def right(predicted: Sequence[int], confidence: Sequence[float], label: int) -> Verdict:
    """Keep images that every compared model classifies correctly (the published rule)."""
    wrong = sum(one != label for one in predicted)
    return Verdict("right") if not wrong else Verdict(reason=f"wrong by {wrong} of {len(predicted)} models")


def wrong(predicted: Sequence[int], confidence: Sequence[float], label: int) -> Verdict:
    """Keep images that every compared model gets wrong."""
    hits = sum(one == label for one in predicted)
    return Verdict("wrong") if not hits else Verdict(reason=f"right by {hits} of {len(predicted)} models")


def alike_wrong(predicted: Sequence[int], confidence: Sequence[float], label: int) -> Verdict:
    """Keep images that every compared model gets wrong in the same way, so that a pair has one heading."""
    if label not in predicted and len(set(predicted)) > 1:
        return Verdict(reason="wrong in different ways")
    return wrong(predicted, confidence, label)


def half(predicted: Sequence[int], confidence: Sequence[float], label: int) -> Verdict:
    """Keep images that all models get right and images that all get wrong, half and half."""
    if all(one == label for one in predicted):
        return Verdict("right")
    return Verdict("wrong") if label not in predicted else Verdict(reason="right by some models, wrong by others")


def alike(predicted: Sequence[int], confidence: Sequence[float], label: int) -> Verdict:
    """Keep images of which all models say the same, right or wrong, as they come."""
    return Verdict("alike") if len(set(predicted)) == 1 else Verdict(reason="models disagree")


def stratified(predicted: Sequence[int], confidence: Sequence[float], label: int) -> Verdict:
    """Keep correct images in equal parts of models unsure, fairly sure and sure (least confidence: .5, .9)."""
    verdict = right(predicted, confidence, label)
    if verdict.reason:
        return verdict
    return Verdict(next(name for name, below in STEPS if min(confidence) < below))


rules.register("all-correct")(Rule(right, {"right": 1}))
rules.register("all-wrong")(Rule(wrong, {"wrong": 1}))
rules.register("alike-wrong")(Rule(alike_wrong, {"wrong": 1}))
rules.register("half-wrong")(Rule(half, {"right": 1, "wrong": 1}))
rules.register("alike")(Rule(alike, {"alike": 1}))
rules.register("stratified")(Rule(stratified, {name: 1 for name, _ in STEPS}))
rules.register("any")(Rule(lambda predicted, confidence, label: Verdict("any"), {"any": 1}))


def default_rule(task: Task) -> str:
    """Return the rule a task begins with: only where trust is at stake must models also be wrong."""
    return "all-correct" if task in ("pairwise", "recognition") else "half-wrong"


NEED_AGREEMENT = ("all-wrong", "half-wrong", "any")
"""Rules under which two models may say different classes, which a pairwise heading cannot hold."""
