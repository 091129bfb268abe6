"""What explains that tickets are closer to each other than random networks are to them: regressions on synthetic ones.

Signs reference, section 12.6: fresh layers are pruned with one property dialled in, their distance to a reference
group is regressed on it, and the slope says how much of the gap between the reference and random layers the property
explains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Int8

from tombola.analysis.distances import Network, Settings, network_distance
from tombola.analysis.kernel_patterns.cooccurrence import cooccurrence
from tombola.analysis.kernel_patterns.kernels import KernelSet
from tombola.analysis.kernel_patterns.regression import Fit, least_squares
from tombola.analysis.kernel_patterns.synthetic import Dials, synthetic
from tombola.errors import TombolaError
from tombola.streams import stream_seed

RANGES: Mapping[str, Sequence[float]] = {
    "spread": tuple(np.round(np.arange(2.35, 3.56, 0.1), 2).tolist()),
    "ratio": tuple(np.round(np.arange(1.0, 2.01, 0.02), 2).tolist()),
    "grouping": tuple(np.round(np.arange(0.0, 1.01, 0.1), 1).tolist()),
}
"""Settings of each dial, as published (grouping: from 0 to 1)."""
EACH = 5
"""Layers per setting."""
JOINT = 100
"""Layers with all dials drawn at random, for the joint fit."""
MATCHED = Settings(outputs="matched")

Layer = Int8[np.ndarray, "filter channel height width"]


@dataclass(frozen=True)
class Explanation:
    """What properties explain of the gap.

    Attributes
    ----------
    points
        One row per synthetic layer: ``dial`` (``joint`` for random settings of all), the dials, ``distance``.
    fits
        One row per dial: ``slope``, ``low``, ``high``, ``p``, ``r_squared``, ``n``, ``reference``, ``random`` (the
        property in both groups), ``explained`` (share of the gap), from single fits and from the joint one.
    within
        Mean distance within the reference group.
    random
        Mean distance of random layers to the reference group.
    """

    points: pd.DataFrame
    fits: pd.DataFrame
    within: float
    random: float

    @property
    def gap(self) -> float:
        """How much further random layers are from the reference than it is from itself."""
        return self.random - self.within


def explain(
    reference: KernelSet,
    *,
    entry: str = "sasd",
    ranges: Mapping[str, Sequence[float]] = RANGES,
    each: int = EACH,
    joint: int = JOINT,
    seed: int = 0,
) -> Explanation:
    """Return what filter sizes, sign balance and grouping explain of the distance to a group of layers.

    Parameters
    ----------
    reference
        Layers of one condition, two at least.
    entry
        The distance, first-layer units matched.
    ranges
        Dial -> settings.
    each, joint
        Layers per setting, and with random settings of all dials.
    seed
        Of all draws.

    Raises
    ------
    TombolaError
        If there are fewer than two layers, or settings do not determine a slope.
    """
    layers = [*reference.signs]
    if len(layers) < 2:
        raise TombolaError(f"condition '{reference.condition}' has one network; explaining distances needs two or more")
    targets = [_network(layer, f"reference {number}") for number, layer in enumerate(layers)]
    kept = round(float(np.mean([np.count_nonzero(layer) for layer in layers])))
    together = cooccurrence(reference.flat)

    def distance(dials: Dials, *where: int | str) -> float:
        random = np.random.default_rng(stream_seed(seed, "synthetic", *where))
        made = _network(synthetic(layers[0].shape, kept, dials, together, random), "synthetic")
        return float(np.mean([network_distance(made, target, entry, MATCHED).value for target in targets]))

    rows = []
    for dial, values in ranges.items():
        for number, value in enumerate(values):
            for copy in range(each):
                dials = Dials(**{dial: value})
                rows.append({"dial": dial, **_row(dials), "distance": distance(dials, dial, number, copy)})
    random = np.random.default_rng(stream_seed(seed, "joint"))
    for copy in range(joint):
        dials = Dials(**{dial: float(random.uniform(min(v), max(v))) for dial, v in ranges.items()})
        rows.append({"dial": "joint", **_row(dials), "distance": distance(dials, "joint", copy)})
    pairs = [network_distance(a, b, entry, MATCHED).value for i, a in enumerate(targets) for b in targets[i + 1 :]]
    at_random = float(np.mean([distance(Dials(), "random", copy) for copy in range(4 * each)]))
    points, within = pd.DataFrame(rows), float(np.mean(pairs))
    fits = _fits(points, _properties(reference, layers, kept), at_random - within, tuple(ranges))
    return Explanation(points, fits, within, at_random)


def _fits(
    points: pd.DataFrame, properties: Mapping[str, tuple[float, float]], gap: float, dials: Sequence[str]
) -> pd.DataFrame:
    rows = []
    for dial in dials:
        part = points[points.dial == dial]
        rows += _told("single", least_squares([(dial, part[dial])], part.distance), properties, gap)
    part = points[points.dial == "joint"]
    if len(part):
        rows += _told("joint", least_squares([(dial, part[dial]) for dial in dials], part.distance), properties, gap)
    return pd.DataFrame(rows)


def _told(kind: str, fit: Fit, properties: Mapping[str, tuple[float, float]], gap: float) -> list[dict[str, object]]:
    rows = []
    for number, name in enumerate(fit.names):
        reference, random = properties[name]
        rows.append(
            {
                "fit": kind,
                "dial": name,
                "slope": fit.slopes[number],
                "low": fit.low[number],
                "high": fit.high[number],
                "p": fit.p[number],
                "r_squared": fit.r_squared,
                "n": fit.n,
                "reference": reference,
                "random": random,
                "explained": -fit.slopes[number] * (reference - random) / gap if gap else float("nan"),
            }
        )
    return rows


def _properties(reference: KernelSet, layers: Sequence[Layer], kept: int) -> dict[str, tuple[float, float]]:
    """Return each property in the reference group and in random layers."""
    sizes = np.array([np.count_nonzero(layer, axis=(1, 2, 3)) for layer in layers])
    filters, fan = sizes.shape[1], layers[0][0].size
    # survivors of a filter are hypergeometric where places are drawn at random
    density = kept / (filters * fan)
    chance = np.sqrt(fan * density * (1 - density) * (filters * fan - fan) / max(filters * fan - 1, 1))
    negative = max(int((reference.flat < 0).sum()), 1)
    return {
        "spread": (float(sizes.std(1).mean()), float(chance)),
        "ratio": (float((reference.flat > 0).sum() / negative), 1.0),
        "grouping": (1.0, 0.0),
    }


def _row(dials: Dials) -> dict[str, float]:
    spread = float("nan") if dials.spread is None else dials.spread
    return {"spread": spread, "ratio": dials.ratio, "grouping": dials.grouping}


def _network(layer: Layer, label: str) -> Network:
    return Network.of_arrays(label, {"layer": layer.astype(np.float32)})
