"""What a search did, in words: for reports and previews."""

from tombola.search.registry import searches
from tombola.specs import ExperimentSpec
from tombola.specs.length import Length


def described(spec: ExperimentSpec) -> str:
    """Return half a sentence on how an experiment searches for its masks, by its spec alone.

    Examples
    --------
    >>> spec = ExperimentSpec(prune={"procedure": "edge-popup", "densities": [0.3]}, search={"length": "100ep"})
    >>> described(spec)
    'edge-popup: scores of frozen weights trained for 100 epochs (sgd at 0.1, cosine), layerwise'
    """
    search, name = spec.search, spec.prune.procedure
    length = Length.parse(search.length or spec.train.length)
    unit = "epoch" if length.unit == "ep" else "step"
    parts = [
        f"{name}: scores of frozen weights trained for {length.value} {unit}{'s' * (length.value != 1)} "
        f"({search.optimiser} at {search.lr:g}, {search.schedule})"
    ]
    options = searches[name].options if name in searches else frozenset()
    if "scope" in options:
        parts.append(search.scope)
    if "prune_type" in options:
        parts.append(f"candidates pruned by {search.prune_type} every {search.period}")
        parts.append("as many on as scheduled" if search.balance else "as published, whatever is on")
    if "rounding" in options:
        parts.append(f"rounding {'all-ones' if search.unflag else search.rounding}")
    return ", ".join(parts)
