"""One switch for everything that a published system did otherwise: ``compat`` writes out fields that have names anyway.

It stands for plain values of other fields, so results and keys of jobs depend on those alone; the switch itself is put
on record.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tombola.specs.prune import LEGACY_COUNTS

NONE = "none"

COMPAT: dict[str, dict[str, dict[str, Any]]] = {
    "playground-2022": {
        "train": {"test_curve": True, "validation_loss": "batch-mean"},
        "prune": {"reset": "weights-only", "control_init": "weights-only"},
    }
}
"""Switch → part → field → value (playground reference, section 15)."""


def expanded(layer: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain data with what its ``compat`` stands for written out below it; what it says itself stays.

    Counts are those of one-shot pruning, so they are written out where the procedure is known to be that.

    Examples
    --------
    >>> expanded({"compat": "playground-2022", "prune": {"levels": 5}})["prune"]["reset"]
    'weights-only'
    """
    filled = dict(layer)
    for part, fields in _parts(layer).items():
        given = layer.get(part)
        if given is None or isinstance(given, Mapping):
            filled[part] = fields | dict(given or {})
    return filled


def contradictions(compat: str, parts: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield (dotted field, value the switch stands for, value that is there) where they differ."""
    for part, fields in _parts({"compat": compat} | dict(parts)).items():
        for name, value in fields.items():
            if parts[part][name] != value:
                yield f"{part}.{name}", value, parts[part][name]


def _parts(layer: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    parts = {part: dict(fields) for part, fields in COMPAT.get(str(layer.get("compat")).strip().lower(), {}).items()}
    prune = layer.get("prune")
    if parts and isinstance(prune, Mapping) and prune.get("procedure") == "one-shot":
        parts["prune"]["counts"] = LEGACY_COUNTS
    return parts
