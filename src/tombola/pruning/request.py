"""What one pruning asks for: how much goes, and by which rounding, tie and floor rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import torch

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer
from tombola.pruning.rounding import ROUNDINGS, TIES, removed_at_rate, require
from tombola.specs import PruneSpec
from tombola.specs.tokens import exact


@dataclass(frozen=True)
class Request:
    """What an allocation has to fulfil, exactly: asking for k keeps k.

    Attributes
    ----------
    layers
        The prunable layers; their order settles ties.
    rates
        Share of survivors to remove, per layer name: for allocations that treat layers one by one.
    rate
        Share of survivors to remove over all layers together: for all other allocations.
    keep
        Survivors over all layers; where given it replaces both rates.
    counts
        Survivors per layer name; where given they replace rates per layer, and `keep` is their sum.
    shares
        Survivors per group of layers, for allocations that have groups; where given they replace rates.
    compression
        Compression rate: of n weights floor(n / rate + 1/2) remain, of each layer, group or all together; where given
        it replaces rates.
    group
        Inputs in a row that share a count, for allocations that have such groups (`tombola.pruning.structured`).
    rounding
        ``"ceil"``, ``"floor"``, ``"nearest"`` or ``"percentile"``: of survivors x rate, the number removed.
    ties
        ``"index"`` or ``"seeded"``.
    floor
        Survivors that every layer keeps at least (a layer with fewer keeps what it has).
    generator
        Source of seeded ties.

    Raises
    ------
    TombolaError
        If a rate is outside [0, 1), a rule does not exist, or numbers are negative.
    """

    layers: tuple[PrunableLayer, ...]
    rates: Mapping[str, Fraction]
    rate: Fraction
    keep: int | None = None
    rounding: str = "ceil"
    ties: str = "index"
    floor: int = 0
    generator: torch.Generator | None = None
    counts: Mapping[str, int] | None = None
    shares: Mapping[str, int] | None = None
    compression: Fraction | None = None
    group: int = 4

    def __post_init__(self) -> None:
        require("rounding", self.rounding, ROUNDINGS)
        require("ties", self.ties, TIES)
        for rate in (*self.rates.values(), self.rate):
            if not 0 <= rate < 1:
                raise TombolaError(
                    f"rate = {float(rate):g} is outside [0, 1); it is the share of survivors removed per round"
                )
        if self.compression is not None and not self.compression >= 1:
            raise TombolaError(f"compression rate {float(self.compression):g} is below 1; 4 leaves a quarter")
        if self.floor < 0:
            raise TombolaError(
                f"floor = {self.floor} is negative; it is the number of survivors every layer keeps at least"
            )
        if self.ties == "seeded" and self.generator is None:
            raise TombolaError("ties = 'seeded' needs a generator to draw from; give one or use ties = 'index'")

    @classmethod
    def for_round(
        cls, layers: tuple[PrunableLayer, ...], spec: PruneSpec, generator: torch.Generator | None = None
    ) -> "Request":
        """Return what one round of an experiment asks for.

        Rates per layer follow its kind: convolution, hidden linear, output layer (playground reference, section 4.2).
        Without a generator ties cannot be seeded, so counts can be planned and nothing can be pruned by them.
        """
        output = spec.linear_rate / 2 if spec.output_rate is None else spec.output_rate
        by_kind = {"conv": spec.conv_rate, "linear": spec.linear_rate, "output": output}
        return cls(
            layers=layers,
            rates={layer.name: exact(by_kind[layer.kind]) for layer in layers},
            rate=exact(spec.rate),
            rounding=spec.rounding,
            ties=spec.ties if generator is not None else "index",
            floor=spec.floor,
            generator=generator,
            group=spec.group,
        )

    @classmethod
    def for_density(
        cls,
        layers: tuple[PrunableLayer, ...],
        density: float,
        *,
        rounding: str = "ceil",
        ties: str = "index",
        floor: int = 0,
        generator: torch.Generator | None = None,
    ) -> "Request":
        """Return the request for n - round(n x (1 - density)) survivors of all n weights.

        Raises
        ------
        TombolaError
            If the density is outside (0, 1].
        """
        if not 0 < density <= 1:
            raise TombolaError(f"density = {density} is outside (0, 1]; it is the fraction of weights that remain")
        require("rounding", rounding, ROUNDINGS)
        keep = kept_at(sum(layer.size for layer in layers), density, rounding)
        return cls.for_total(layers, keep, rounding=rounding, ties=ties, floor=floor, generator=generator)

    @classmethod
    def for_total(
        cls,
        layers: tuple[PrunableLayer, ...],
        keep: int,
        *,
        rounding: str = "ceil",
        ties: str = "index",
        floor: int = 0,
        generator: torch.Generator | None = None,
    ) -> "Request":
        """Return the request for so many survivors over all layers."""
        none = Fraction(0)
        return cls(
            layers, dict.fromkeys((layer.name for layer in layers), none), none, keep, rounding, ties, floor, generator
        )


def kept_at(size: int, density: float, rounding: str) -> int:
    """Return how many of all weights remain at a density: size - round(size x (1 - density)), without float error.

    Examples
    --------
    >>> kept_at(119_400, 10**-1.7, "floor")
    2383
    """
    return size - removed_at_rate(size, 1 - exact(density), rounding)
