"""Random networks with a structure: few units, all of them on paths (sparse-analysis reference, section 2.3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from tombola.errors import TombolaError
from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.procedures.dense import dense_trial
from tombola.experiments.procedures.found import collapse
from tombola.experiments.procedures.rule import Procedure, procedures
from tombola.experiments.trial import Trial, with_initial
from tombola.networks import PrunableLayer
from tombola.pruning import Mask, Ticket
from tombola.specs import ExperimentSpec

NAME = "structured-random"
CHAINS = ("plan", "fc", "fc-gem")
"""Architectures that may be chains of linear layers."""


@dataclass(frozen=True)
class Pattern:
    """How one layer is filled.

    Attributes
    ----------
    rows
        Share of the layer's units that seeds are drawn among.
    seeds
        Seeds per weight of the layer.
    """

    rows: float
    seeds: float


FIRST, HIDDEN, LAST = Pattern(0.06, 600 / 78_400), Pattern(0.3, 400 / 10_000), Pattern(1.0, 200 / 1_000)
"""Of the network published, 784-100-100-100-100-100-10: 6 of 100 units and 600 seeds, 30 and 400, all and 200. Other
sizes take the same shares, rounded."""


def structured_mask(layers: Sequence[PrunableLayer], generator: torch.Generator) -> Mask:
    """Return a random mask of a chain of linear layers in which few units have all the weights.

    A seed is a free place (unit x, input y), x among the first few units. It fills (x, y), (x + 1, y), (x, y + 1) and
    (x, y + 2) in this order, and stops before a place outside the layer, or before one to its right that is filled. On
    the published network about 2.7, 13.5, 13.5, 13.5, 13.5 and 58 % of the layers are filled so, 6.8 % of the whole,
    and 7, 31, 31, 31, 31 and 10 units have weights; any other reading of the reference fills more of the last layer.

    Parameters
    ----------
    layers
        Linear layers, input to output.
    generator
        A CPU generator.

    Raises
    ------
    TombolaError
        If one of them is no linear layer.
    """
    keep = {}
    for position, layer in enumerate(layers):
        if len(layer.shape) != 2:
            raise TombolaError(
                f"procedure '{NAME}' lays out linear layers, and '{layer.name}' is shaped {list(layer.shape)}; "
                "take a network of linear layers (network.architecture: fc)"
            )
        last = position == len(layers) - 1
        keep[layer.name] = _filled(layer, LAST if last else HIDDEN if position else FIRST, generator)
    return Mask(keep)


def _filled(layer: PrunableLayer, pattern: Pattern, generator: torch.Generator) -> Bool[Tensor, "units inputs"]:
    units, inputs = layer.shape
    rows = max(1, round(pattern.rows * units))
    keep = torch.zeros(units, inputs, dtype=torch.bool)
    for _ in range(max(1, round(pattern.seeds * layer.size))):
        free = (~keep[:rows]).flatten().nonzero().squeeze(1)
        if not len(free):
            break
        x, y = divmod(int(free[torch.randint(len(free), (), generator=generator)]), inputs)
        for row, column in ((x, y), (x + 1, y), (x, y + 1), (x, y + 2)):
            outside = row >= units or column >= inputs
            if outside or (column > y and keep[row, column]):
                break
            keep[row, column] = True
    return keep


def structured_random_trial(context: LevelContext) -> Trial:
    """Train the replicate's initial network under a structured random mask, a new one for each replicate."""
    if context.parent is None:
        return dense_trial(context)
    mask = structured_mask(context.layers, context.generator("score"))
    state = context.initial()
    active = {name: int(keep.any(1).sum()) for name, keep in mask.items()}
    return Trial(
        with_initial(Ticket(state, mask, {"procedure": NAME}), state),
        found={"active_units": active, **collapse(mask)},
    )


def refuses(spec: ExperimentSpec) -> str | None:
    """Return what there is nothing to do with: the layout has no parameters."""
    wrong: tuple[tuple[Callable[[], bool], str], ...] = (
        (
            lambda: spec.prune.levels > 1,
            f"its density follows from the layout, so there is one level, and prune.levels is {spec.prune.levels}",
        ),
        (lambda: spec.prune.rewind != "init", f"it trains from initialisation; prune.rewind is '{spec.prune.rewind}'"),
        (lambda: spec.prune.holds_values, f"pruned weights were never trained; prune.pruned is '{spec.prune.pruned}'"),
        (
            lambda: spec.network.architecture not in CHAINS or bool(spec.network.conv),
            "it lays out linear layers; take network.architecture fc, or a plan without convolutions",
        ),
    )
    return next((sentence for test, sentence in wrong if test()), None)


procedures.register(NAME)(
    Procedure(
        parent=lambda level: 0 if level else None,
        trial=structured_random_trial,
        nested=False,
        within=False,
        by_layer=False,
        refuses=refuses,
    )
)
