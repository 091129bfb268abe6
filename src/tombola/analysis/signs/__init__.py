"""Sign distributions: how many positive and negative weights lead into and out of every unit (reference: signs).

Tables of units, distances between networks with their floors, hypotheses about sets of networks, sign flips, the
trajectory over levels, and training compared. What was published in 2024 is registered beside it as ``…-signs2024``.
"""

from tombola.analysis.signs.counts import LayerSigns, Side, layer_signs
from tombola.analysis.signs.designs import Design, design_of, read_design
from tombola.analysis.signs.distances import Distances, distances
from tombola.analysis.signs.flips import sign_flips
from tombola.analysis.signs.hypotheses import Hypothesis, hypothesis_table, pairwise_hypotheses, ticket_hypotheses
from tombola.analysis.signs.looking import Signs, look_at_signs
from tombola.analysis.signs.measures import distance, joint_distance, measures
from tombola.analysis.signs.pair_sets import PairSet, all_pair_sets, pair_summary, pair_table, published_pair_sets
from tombola.analysis.signs.summary import edge_pooled, pooled
from tombola.analysis.signs.table import VARIABLES, alive, hidden, sign_table
from tombola.analysis.signs.trajectory import trajectory
from tombola.analysis.signs.wiring import Reader, readers

__all__ = [
    "VARIABLES",
    "Design",
    "Distances",
    "Hypothesis",
    "LayerSigns",
    "PairSet",
    "Reader",
    "Side",
    "Signs",
    "alive",
    "all_pair_sets",
    "design_of",
    "distance",
    "distances",
    "edge_pooled",
    "hidden",
    "hypothesis_table",
    "joint_distance",
    "layer_signs",
    "look_at_signs",
    "measures",
    "pair_summary",
    "pair_table",
    "pairwise_hypotheses",
    "pooled",
    "published_pair_sets",
    "read_design",
    "readers",
    "sign_flips",
    "sign_table",
    "ticket_hypotheses",
    "trajectory",
]
