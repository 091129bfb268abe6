"""Weight matching: align units by what they read and by what reads them, group after group until nothing improves.

In the manner of git re-basin (Ainsworth et al. 2023, section 3.2), on the planes of the distance at hand: shared
positions (NED), positions of equal sign (SaSD) or products of weights (MAED), each layer scaled by its norms so that
all count alike, as they do in the mean over layers. How alike two networks are is linear in each group's permutation,
so a sweep never makes it worse. Sweeps end in local optima; several starts are tried, and the one is kept whose
networks are closest by the distance itself, the greedy alignment included.
"""

import numpy as np
from jaxtyping import Float

from tombola.analysis.distances.alignment import Alignment, Pair, alignments, identity
from tombola.analysis.distances.greedy import greedy
from tombola.analysis.distances.planes import Planes
from tombola.analysis.distances.units import Order
from tombola.analysis.distances.wiring import Permutations
from tombola.streams import stream_seed

SWEEPS = 100
GAIN = 1e-9


@alignments.register("weights")
def weight_matching(pair: Pair) -> Alignment:
    """Sweep from the identity, from the greedy alignment and from random starts; keep what is closest."""
    first = {**identity(pair), **greedy(pair).permutations}
    random = np.random.default_rng(stream_seed(pair.settings.seed, "weight-matching"))
    starts = [identity(pair), first]
    starts += [{g: random.permutation(len(p)) for g, p in first.items()} for _ in range(pair.settings.starts)]
    planes = Planes(pair)
    candidates: list[Permutations] = [first, *(_swept(pair, planes, start, random) for start in starts)]
    return Alignment(min(candidates, key=lambda found: _mean(pair, found)))


def _mean(pair: Pair, found: Permutations) -> float:
    values = [*pair.means(pair.one.layers, found).values()]
    return round(float(np.nanmean(values)), 12) if not np.isnan(values).all() else 0.0


def _swept(pair: Pair, planes: Planes, found: dict[int, Order], random: np.random.Generator) -> dict[int, Order]:
    """Match group after group, in random order, until none moves; a group waits while its neighbours stay."""
    found, settled = dict(found), set[int]()
    for _ in range(SWEEPS):
        for group in random.permutation([*found]).tolist():
            if group in settled:
                continue
            alike = planes.alike(group, found)
            best = pair.assigned(group, _costs(alike))
            settled.add(group)
            if _worth(alike, best) > _worth(alike, found[group]) + GAIN:
                found[group] = best
                settled -= planes.neighbours(group)
        if settled == {*found}:
            break
    return found


def _costs(alike: Float[np.ndarray, "unit other"]) -> Float[np.ndarray, "unit other"]:
    return np.asarray(alike.max(initial=0.0) - alike)


def _worth(alike: Float[np.ndarray, "unit other"], order: Order) -> float:
    return float(alike[np.arange(len(order)), order].sum())
