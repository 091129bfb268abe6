"""One question to an explanation method: a network, images, and the class whose score is to be explained."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from tombola.errors import TombolaError, nearest
from tombola.streams import stream_seed
from tombola.training.placement import at_least_float32

Score = Literal["logit", "log_prob"]
SCORES: Final[tuple[Score, ...]] = ("logit", "log_prob")


@dataclass(frozen=True, eq=False)
class Scene:
    """What every method is given.

    Attributes
    ----------
    module
        The network, in evaluation mode, on the device of the images.
    images
        Normalised images.
    targets
        The class to explain, per image.
    layer
        The layer that methods which look inside look at: a module's name, ``name@k`` for the k-th call of a module
        that is called several times, or one of `tombola.explain.layers.ALIASES`.
    score
        What is explained: the class's ``logit``, or its ``log_prob``.
    generator
        A CPU generator, for methods that draw. Draws come through `draws`.
    """

    module: nn.Module
    images: Float[Tensor, "n c h w"]
    targets: Int[Tensor, " n"]
    layer: str = "last_conv"
    score: Score = "logit"
    generator: torch.Generator = field(default_factory=torch.Generator)

    def __post_init__(self) -> None:
        if self.score not in SCORES:
            raise TombolaError(f"score '{self.score}'{nearest(self.score, SCORES)}")

    def scores(self, images: Float[Tensor, "m c h w"]) -> Float[Tensor, "m classes"]:
        """Return the scores of all classes for any images; the images stay as they are."""
        # a network whose first operation is in place would write into the caller's images
        outputs = at_least_float32(self.module(images.clone()))
        return F.log_softmax(outputs, dim=1) if self.score == "log_prob" else outputs

    def target_scores(
        self, images: Float[Tensor, "m c h w"], targets: Int[Tensor, " m"] | None = None
    ) -> Float[Tensor, " m"]:
        """Return the score of one class per image, by default that of `targets`."""
        return picked(self.scores(images), self.targets if targets is None else targets)

    def draws(self) -> Iterator[torch.Generator]:
        """Yield a generator of its own for every image.

        It depends on the state of `generator` and on the pixels of that image: not on the batch that it comes in, nor
        on its place there. The same image under two networks meets the same draws.
        """
        base = int(torch.randint(2**62, (), generator=self.generator))
        for image in self.images:
            content = image.detach().to("cpu", torch.float32).contiguous().numpy().tobytes()
            place = hashlib.sha256(content).hexdigest()
            yield torch.Generator().manual_seed(stream_seed(base, "explain", place))


def picked(scores: Float[Tensor, "n classes"], targets: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Return one score per image."""
    return scores.gather(1, targets.to(scores.device)[:, None])[:, 0]


def gradient(
    value: Float[Tensor, "n ..."], score: Callable[[Float[Tensor, "n ..."]], Float[Tensor, " n"]]
) -> Float[Tensor, "n ..."]:
    """Return the gradient of each image's score with respect to a value; zeros where the score ignores it."""
    with torch.enable_grad():
        leaf = value.detach().clone().requires_grad_()
        total = score(leaf).sum()
        found = torch.autograd.grad(total, leaf, allow_unused=True)[0] if total.requires_grad else None
    return torch.zeros_like(leaf) if found is None else found.detach()
