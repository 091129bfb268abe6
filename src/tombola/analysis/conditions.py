"""Conditions: named sets of networks across runs, from a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tombola.analysis.collecting import collect, labelled
from tombola.analysis.material import NetworkView
from tombola.errors import TombolaError, nearest
from tombola.store.folder import TICKET
from tombola.store.tickets import StateName

CONDITION_KEYS = ("run", "levels", "replicates", "controls", "stage", "winning")


def collect_conditions(file: Path, *, stage: StateName = "trained", trust: bool = False) -> list[NetworkView]:
    """Return the networks that a conditions file names.

    The file is YAML: condition -> ``{run: FOLDER, levels: [3], replicates: [0, 1], controls: [reinit], stage:
    initial, winning: accuracy-margin}``, or a list of such; folders are relative to the file. Only ``run`` is needed.

    Raises
    ------
    TombolaError
        If it is no such file, or names what is not there.
    """
    try:
        content = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TombolaError(f"{file} cannot be read as conditions: {error}") from None
    if not isinstance(content, dict) or not content:
        raise TombolaError(f"{file} names no conditions; it must map each to a run: 'tickets: {{run: runs/…}}'")
    views = []
    for name, parts in content.items():
        for part in parts if isinstance(parts, list) else [parts]:
            views += _condition_part(file, str(name), part, stage, trust)
    return labelled(views)


def runs_of(file: Path) -> list[Path]:
    """Return the run folders that a conditions file names, in order."""
    content = yaml.safe_load(file.read_text())
    parts = [part for given in content.values() for part in (given if isinstance(given, list) else [given])]
    return [file.parent / str(part["run"]) for part in parts]


def _condition_part(file: Path, name: str, part: Any, stage: StateName, trust: bool) -> list[NetworkView]:
    if not isinstance(part, Mapping) or "run" not in part:
        raise TombolaError(f"{file}: condition '{name}' names no run; write '{name}: {{run: FOLDER}}'")
    for key in part:
        if key not in CONDITION_KEYS:
            raise TombolaError(
                f"{file}: condition '{name}' has an unknown key '{key}'{nearest(str(key), CONDITION_KEYS)}"
            )
    controls = [str(control) for control in part.get("controls", ())]
    views = collect(
        [file.parent / str(part["run"])],
        levels=part.get("levels"),
        replicates=part.get("replicates"),
        controls=[control for control in controls if control != TICKET],
        stage=part.get("stage", stage),
        condition=name,
        winning=part.get("winning"),
        trust=trust,
    )
    return [view for view in views if not controls or view.control in controls]
