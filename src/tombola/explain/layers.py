"""Which layer is meant: any module by its name, or the last convolution, activation or pooling that really ran."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from jaxtyping import Float
from torch import Tensor, nn

from tombola.errors import TombolaError, nearest
from tombola.explain.capture import CALL, not_maps

ALIASES: Final = ("last_conv", "last_relu", "last_pool")

POOLINGS: Final = (
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.LPPool2d,
    nn.FractionalMaxPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
)
ACTIVATIONS: Final = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish),
    *(nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Hardswish, nn.Hardtanh),
)


@dataclass(frozen=True)
class Step:
    """One call of a module.

    Attributes
    ----------
    name, call
        Which module, and the number of its call, from 1.
    part
        The module.
    taken, given
        Shapes of its first input and of its output; empty where that is no tensor.
    """

    name: str
    call: int
    part: nn.Module
    taken: tuple[int, ...]
    given: tuple[int, ...]

    @property
    def cells(self) -> int:
        """Cells of its maps; 0 where it gives none."""
        return self.given[2] * self.given[3] if len(self.given) == 4 else 0

    @property
    def shrinks(self) -> bool:
        """Whether it makes maps smaller, and leaves more than one cell."""
        return len(self.taken) == 4 and 1 < self.cells < self.taken[2] * self.taken[3]


def trace(module: nn.Module, images: Float[Tensor, "n c h w"]) -> tuple[Step, ...]:
    """Return the calls of all modules in one pass, in the order in which they ended. No hook is left."""
    steps: list[Step] = []
    calls: Counter[str] = Counter()

    def noting(name: str) -> object:
        def note(part: nn.Module, taken: tuple[object, ...], given: object) -> None:
            calls[name] += 1
            steps.append(Step(name, calls[name], part, _shape(taken[0] if taken else None), _shape(given)))

        return note

    with ExitStack() as stack:
        for name, part in module.named_modules():
            if name:
                stack.callback(part.register_forward_hook(noting(name)).remove)
        module(images.clone())
    return tuple(steps)


def resolve_layer(module: nn.Module, image: Float[Tensor, "1 c h w"], layer: str) -> str:
    """Return the module that a layer's name or alias means, as ``name``, or ``name@k`` if it is called several times.

    ``last_conv`` is the last convolution whose maps have more than one cell. ``last_relu`` is the first activation of
    any kind behind it whose maps have its size. ``last_pool`` is the last pooling that makes maps smaller and leaves
    more than one cell: a global average behind it is no map any more. "Last" goes by the order in which layers run, not
    in which they are declared.

    Parameters
    ----------
    module
        The network, in evaluation mode.
    image
        One image of the kind that it takes.
    layer
        A module's name (its last call), ``name@k``, or an alias.

    Raises
    ------
    TombolaError
        If there is no such layer, it is not called, or it gives no maps.
    """
    steps = trace(module, image)
    if layer in ALIASES:
        return _written(_last(steps, layer), steps)
    name, _, number = layer.partition(CALL)
    parts = dict(module.named_modules(remove_duplicate=False))
    if not name or name not in parts:
        known = [*ALIASES, *(key for key in parts if key)]
        raise TombolaError(f"the network has no layer '{layer}'{nearest(layer, known)}")
    found = [step for step in steps if step.part is parts[name]]
    if number:
        found = [step for step in found if str(step.call) == number]
    if not found:
        raise TombolaError(f"layer '{layer}' is not called when the network looks at an image; choose another layer")
    if not found[-1].cells:
        raise TombolaError(f"layer '{layer}' {not_maps(found[-1].given)}")
    return _written(found[-1], steps)


def _last(steps: tuple[Step, ...], alias: str) -> Step:
    convolutions = [step for step in steps if isinstance(step.part, nn.Conv2d) and step.cells]
    if not convolutions:
        raise TombolaError(
            f"layer = '{alias}': the network has no convolution; choose a method that explains pixels, such as "
            "integrated-gradients"
        )
    convolution = next((step for step in reversed(convolutions) if step.cells > 1), convolutions[-1])
    if alias == "last_conv":
        return convolution
    if alias == "last_pool":
        found = [step for step in steps if isinstance(step.part, POOLINGS) and step.shrinks]
        what = "makes its maps smaller by a pooling layer"
    else:
        behind = steps[steps.index(convolution) + 1 :]
        found = [step for step in behind if isinstance(step.part, ACTIVATIONS) and step.given == convolution.given][:1]
        what = f"has an activation layer behind its last convolution, '{convolution.name}'"
    if not found:
        raise TombolaError(
            f"layer = '{alias}': no part of the network {what} (functions are not seen); name a module that gives the "
            "maps you mean"
        )
    return found[-1]


def _written(step: Step, steps: tuple[Step, ...]) -> str:
    several = sum(other.name == step.name for other in steps) > 1
    return f"{step.name}{CALL}{step.call}" if several else step.name


def _shape(value: object) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, Tensor) else ()
