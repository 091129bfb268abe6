"""From a mask to what it leaves of a network."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int
from torch import Tensor

from tombola.analysis.inspect_scores import ScoreMass
from tombola.analysis.inspect_structure import LayerStructure, Structure
from tombola.networks import LayerGraph
from tombola.pruning import Mask
from tombola.pruning.flops import count_flops
from tombola.pruning.paths import find_paths
from tombola.store.folder import JobId
from tombola.training.placement import threads_set


def inspect_mask(
    mask: Mask,
    graph: LayerGraph | None,
    *,
    why: str = "",
    nominal: Mapping[str, int] | None = None,
    scores: Mapping[str, ScoreMass] | None = None,
    run: str = "",
    job: JobId | None = None,
) -> Structure:
    """Return what a mask leaves of a network.

    Parameters
    ----------
    mask
        Which weights remain: the effective mask.
    graph
        The network's layer graph; without one paths and multiply-adds are not known.
    why
        Why there is no graph.
    nominal
        Layer -> weights that were said to be kept.
    scores
        Layer -> what its weights scored.
    run, job
        Where the mask comes from.

    Raises
    ------
    TombolaError
        If mask and graph do not belong together.
    """
    with threads_set(1):  # maps of one image are small: more threads cost more than they save
        paths = None if graph is None else find_paths(graph, mask)
    flops = () if graph is None else count_flops(graph, mask)
    by_layer = {each.name: each for each in flops}
    layers = []
    for name, keep in mask.items():
        kept, cost = int(keep.count_nonzero()), by_layer.get(name)
        layers.append(
            LayerStructure(
                name=name,
                kept=kept,
                total=keep.numel(),
                relative=kept / mask.count if mask.count else 0.0,
                nominal=(nominal or {}).get(name),
                path=None if paths is None else int(paths.mask[name].count_nonzero()),
                fan_in=_fan_in(keep),
                active=None if paths is None else int(np.count_nonzero(_fan_in(paths.mask[name]))),
                unread=None if paths is None else int(paths.unread[name].sum()),
                flops=cost and cost.dense,
                sparse_flops=cost and cost.sparse,
                scores=(scores or {}).get(name),
            )
        )
    total = None if graph is None else sum(each.dense for each in flops)
    sparse = None if graph is None else sum(each.sparse for each in flops)
    return Structure(tuple(layers), paths, why if graph is None else "", total, sparse, run, job)


def _fan_in(keep: Tensor) -> Int[np.ndarray, " units"]:
    return np.asarray(keep.flatten(1).count_nonzero(1).numpy())
