"""Masks, scores, allocations and level schedules: functions, no training loops, no files."""

from tombola.pruning import (
    channels,
    criteria,
    gradient,
    grasp,
    grouped,
    n_of_m,
    profiles,
    smart_ratio,
    snip,
    synflow,
    synflow_rescaled,
    threshold,
)
from tombola.pruning.allocation import Allocation, AllocationRule, allocations
from tombola.pruning.compact import Compacted, compact_network
from tombola.pruning.conformance import check_score
from tombola.pruning.context import ScoreContext
from tombola.pruning.flops import LayerFlops, count_flops
from tombola.pruning.mask import Mask, collapsed_layers
from tombola.pruning.once import prune
from tombola.pruning.paths import Paths, find_paths, path_mask
from tombola.pruning.request import Request
from tombola.pruning.rounds import Rounds, prune_by, prune_in_rounds, prune_round, prune_to_level
from tombola.pruning.schedule import LevelPlan, expected_densities, planned_remaining
from tombola.pruning.scoring import Score, score_weights, scores
from tombola.pruning.ticket import Ticket

__all__ = [
    "Allocation",
    "AllocationRule",
    "Compacted",
    "LayerFlops",
    "LevelPlan",
    "Mask",
    "Paths",
    "Request",
    "Rounds",
    "Score",
    "ScoreContext",
    "Ticket",
    "allocations",
    "channels",
    "check_score",
    "collapsed_layers",
    "compact_network",
    "count_flops",
    "criteria",
    "expected_densities",
    "find_paths",
    "gradient",
    "grasp",
    "grouped",
    "n_of_m",
    "path_mask",
    "planned_remaining",
    "profiles",
    "prune",
    "prune_by",
    "prune_in_rounds",
    "prune_round",
    "prune_to_level",
    "score_weights",
    "scores",
    "smart_ratio",
    "snip",
    "synflow",
    "synflow_rescaled",
    "threshold",
]
