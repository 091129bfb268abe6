"""Masks, scores, allocations and level schedules: functions, no training loops, no files."""

from tombola.pruning import criteria
from tombola.pruning.allocation import Allocation, allocations
from tombola.pruning.compact import Compacted, compact_network
from tombola.pruning.context import ScoreContext
from tombola.pruning.mask import Mask, collapsed_layers
from tombola.pruning.once import prune
from tombola.pruning.request import Request
from tombola.pruning.rounds import prune_by, prune_round, prune_to_level
from tombola.pruning.schedule import LevelPlan, planned_remaining
from tombola.pruning.scoring import Score, score_weights, scores
from tombola.pruning.ticket import Ticket

__all__ = [
    "Allocation",
    "Compacted",
    "LevelPlan",
    "Mask",
    "Request",
    "Score",
    "ScoreContext",
    "Ticket",
    "allocations",
    "collapsed_layers",
    "compact_network",
    "criteria",
    "planned_remaining",
    "prune",
    "prune_by",
    "prune_round",
    "prune_to_level",
    "score_weights",
    "scores",
]
