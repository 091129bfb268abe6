"""How far apart networks are: unit distances, alignments, network distances, null models."""

from tombola.analysis.distances import published as _published
from tombola.analysis.distances.alignment import Alignment, Pair, alignments
from tombola.analysis.distances.comparisons import compare_conditions
from tombola.analysis.distances.crossed_effects import CrossedFit, crossed_fit
from tombola.analysis.distances.entries import network_distance, network_distances
from tombola.analysis.distances.measures import UnitDistance, unit_distances
from tombola.analysis.distances.network import Network
from tombola.analysis.distances.null_models import null_models
from tombola.analysis.distances.nulls import Null, NullNetworks, unmatched_expectation
from tombola.analysis.distances.pairs import group_means, pair_table, square
from tombola.analysis.distances.products import Compute
from tombola.analysis.distances.results import LayerDistance, NetworkDistance
from tombola.analysis.distances.settings import Settings
from tombola.analysis.distances.tie_spread import TieSpread, tie_spread

__all__ = [
    "Alignment",
    "Compute",
    "CrossedFit",
    "LayerDistance",
    "Network",
    "NetworkDistance",
    "Null",
    "NullNetworks",
    "Pair",
    "Settings",
    "TieSpread",
    "UnitDistance",
    "alignments",
    "compare_conditions",
    "crossed_fit",
    "group_means",
    "network_distance",
    "network_distances",
    "null_models",
    "pair_table",
    "square",
    "tie_spread",
    "unit_distances",
    "unmatched_expectation",
]

_REGISTERING = (_published,)
