"""Analyses of networks with their figures. Adding one is a module here that registers it, and a line below."""

from tombola.plots.analyses import clusters as _clusters
from tombola.plots.analyses import contributions as _contributions
from tombola.plots.analyses import distances as _distances
from tombola.plots.analyses import features as _features
from tombola.plots.analyses import features_sna2023 as _features_sna2023
from tombola.plots.analyses import kernel_patterns as _kernel_patterns
from tombola.plots.analyses import overlap as _overlap
from tombola.plots.analyses import signs as _signs
from tombola.plots.analyses import structure as _structure
from tombola.plots.analyses import training as _training
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses

__all__ = ["Analysis", "Material", "Result", "analyses"]

_REGISTERING = (
    _signs, _clusters, _contributions, _overlap, _distances, _kernel_patterns, _features, _features_sna2023, _structure,
    _training,
)  # fmt: skip
