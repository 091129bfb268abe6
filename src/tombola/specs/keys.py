"""Keys: short hashes of exactly what determines a run or a job, so that finished work is recognised and runs grow."""

import hashlib
import json
from typing import Any

from tombola.specs.experiment import ExperimentSpec

SCHEMA = 1
"""Version of the run folder. A folder of another version is refused, never half-read."""

LENGTH = 12

GROWING = {"replicates": True, "controls": True, "control_levels": True, "prune": {"levels"}}
"""A run grows along these: more of them adds jobs and changes none."""

INCIDENTAL = {"name": True, "data": {"root", "split_file"}, "network": {"weights"}, "prune": {"source"}, "store": True}
"""These say where things lie and what they are called, not what is computed."""


def digest(content: Any) -> str:
    """Return the key of plain data: SHA-256 over canonical JSON, shortened."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def merge(*excludes: dict[str, Any]) -> dict[str, Any]:
    """Join exclusion trees in the form pydantic takes; a whole part excluded wins over some of its fields."""
    merged: dict[str, Any] = {}
    for exclude in excludes:
        for name, what in exclude.items():
            before = merged.get(name)
            merged[name] = (
                before | what if isinstance(before, set) and isinstance(what, set) else True if before is True else what
            )
    return merged


def content(spec: ExperimentSpec, *excludes: dict[str, Any]) -> dict[str, Any]:
    """Return what is not at its default, without the excluded fields: the part of a spec that a key is made of."""
    return spec.model_dump(mode="json", exclude_defaults=True, exclude=merge(INCIDENTAL, *excludes))


def run_key(spec: ExperimentSpec, **more: str) -> str:
    """Return the key of a run: everything that determines its jobs, but not how many of them there are.

    Parameters
    ----------
    spec
        The experiment.
    **more
        Digests of what the spec only names: plug-in sources, arrays handed over in Python.
    """
    return digest({"schema": SCHEMA, "spec": content(spec, GROWING)} | more)


def job_key(spec: ExperimentSpec, parent: str | None, *, replicate: int, **more: str | int | float | None) -> str:
    """Return the key of one job.

    Parameters
    ----------
    spec
        The experiment. Its pruning part counts from the first pruned level on only, so that experiments that prune
        differently share their dense level; what only controls go by counts for controls; its engine counts as the
        one that was chosen, given in `more`.
    parent
        Key of the job whose result this one starts from; None for a dense network.
    replicate
        The replicate, which selects the random streams.
    **more
        Whatever else determines the result: level and its density or rate, control, repetition, engine, what another
        run gave. None stands for the default and leaves the key as it is.
    """
    dense = {"prune": True, "search": True, "dynamic": True} if parent is None else {}
    ticket = {"prune": {"densities", "rates", "source_levels"} | (set() if more.get("control") else {"control_init"})}
    return digest(
        {
            "schema": SCHEMA,
            "spec": content(spec, GROWING, {"engine": True, "plugins": True, "compat": True}, ticket, dense),
            "parent": parent,
            "replicate": replicate,
            **{name: value for name, value in more.items() if value is not None},
        }
    )
