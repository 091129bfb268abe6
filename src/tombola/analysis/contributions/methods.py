"""How much a unit contributes, by several methods. Adding one is a function of a pass and a registry line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from tombola.analysis.contributions.replay import Replay, gathered
from tombola.analysis.signs.wiring import Reader
from tombola.networks.graph_nodes import Node
from tombola.registry import Registry


@dataclass(frozen=True)
class Reading:
    """A layer that reads the units in question: how it is wired, what it computes, and which weights it keeps."""

    reader: Reader
    node: Node
    keep: Bool[Tensor, "output input ..."]


@dataclass(frozen=True)
class Question:
    """What a method is asked: how much each unit of a layer contributes to the right answer for each image.

    Attributes
    ----------
    replay
        The pass over these images.
    labels
        Their classes.
    layer, units
        The layer, and how many units it has.
    readings
        The layers behind it.
    images
        The images, normalised.
    module
        Makes the network, for methods of other libraries; None where it cannot be built.
    """

    replay: Replay
    labels: Int[Tensor, " image"]
    layer: str
    units: int
    readings: Sequence[Reading]
    images: Float[Tensor, "image ..."]
    module: Callable[[], nn.Module] | None = None

    def losses(self, scores: Float[Tensor, "image class"]) -> Float[Tensor, " image"]:
        """Return the cross-entropy of each image's true class."""
        return F.cross_entropy(scores, self.labels, reduction="none")

    def by_unit(self, channels: Float[Tensor, "image channel ..."]) -> Float[Tensor, "image unit"]:
        """Return what channels sum up to for each unit."""
        return gathered(channels, self.replay.owners(self.layer), self.units)


Answer = Callable[[Question], Float[Tensor, "image unit"]]


@dataclass(frozen=True)
class Method:
    """A way to say how much a unit contributes.

    Attributes
    ----------
    answer
        Question -> score of every unit for every image; they are added up over images.
    signed
        Whether scores can be negative, so that shares of their sum mean nothing.
    drops_dead
        Whether units without incoming weights have no score at all, instead of 0.
    """

    answer: Answer
    signed: bool = False
    drops_dead: bool = False

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.answer.__doc__ or "").strip().partition("\n")[0]


methods: Registry[Method] = Registry("contribution method")


def gradient_at(value: Tensor, loss: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the gradient of the summed loss with respect to a value; images do not influence each other."""
    with torch.enable_grad():
        value = value.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(value).sum(), value, allow_unused=True)
    return torch.zeros_like(value) if gradient is None else gradient


def gradient_activation(question: Question) -> Float[Tensor, "image unit"]:
    """Activation times gradient of the loss, summed over the unit's places, without sign (Molchanov et al. 2017).

    What switching the unit off would change the loss by, to first order.
    """
    replay, layer = question.replay, question.layer
    value = replay.units(layer)
    gradient = gradient_at(value, lambda x: question.losses(replay.from_units(layer, x)))
    return question.by_unit(value * gradient).abs()


methods.register("gradient-activation")(Method(gradient_activation))
