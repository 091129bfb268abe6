"""What the SynFlow family writes down of an experiment: its arguments as JSON, its score table."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tombola.errors import TombolaError
from tombola.interop.sparse_analysis.frames import read_frame
from tombola.interop.sparse_analysis.labels import DENSE, METHODS, STRUCTURED

ARGUMENTS = "synflow_parser_args.json"
TABLE = re.compile(r"compression(?:-([a-z]+)-(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?))?\.pkl")
SIZE_LIMIT = 1 << 20

Arguments = dict[str, Any]


@dataclass(frozen=True)
class ScoreTable:
    """The table of the last pruning.

    Attributes
    ----------
    path
        The file.
    pruner, exponent, levels
        What its name says; None where it says nothing.
    density
        Prunable layer -> share that remains.
    sizes
        Prunable layer -> weights.
    shapes
        Prunable layer -> shape of its weight, where the table has it.
    """

    path: Path
    pruner: str | None
    exponent: float | None
    levels: float | None
    density: dict[str, float]
    sizes: dict[str, int]
    shapes: dict[str, tuple[int, ...]]

    @property
    def kept(self) -> int:
        """Weights that remain."""
        return round(sum(self.density[layer] * size for layer, size in self.sizes.items()))

    @property
    def size(self) -> int:
        """Weights there are."""
        return sum(self.sizes.values())


def read_arguments(path: Path) -> Arguments:
    """Return the arguments of an experiment.

    Raises
    ------
    TombolaError
        If they cannot be read.
    """
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise TombolaError(f"{path} is larger than any list of arguments")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TombolaError(f"cannot read {path}: {error}") from error
    if not isinstance(found, dict):
        raise TombolaError(f"{path} holds no arguments by name")
    return found


def read_table(path: Path) -> ScoreTable:
    """Return a score table.

    Raises
    ------
    TombolaError
        If it cannot be read, or is no such table.
    """
    frame = read_frame(path)
    wanted = ("module", "param", "sparsity", "size", "prunable")
    if any(name not in frame for name in wanted):
        raise TombolaError(f"{path} is no score table of Synaptic-Flow (columns {', '.join(wanted)})")
    rows = [dict(zip(wanted, row, strict=True)) for row in zip(*(frame[name] for name in wanted), strict=True)]
    shapes = frame.get("shape", [()] * len(rows))
    named = {f"{row['module']}.{row['param']}": (row, shape) for row, shape in zip(rows, shapes, strict=True)}
    kept = {name: row for name, (row, _) in named.items() if bool(row["prunable"])}
    match = TABLE.fullmatch(path.name)
    pruner, exponent, levels = match.groups() if match else (None, None, None)
    return ScoreTable(
        path,
        METHODS.get(pruner, pruner) if pruner else None,
        float(exponent) if exponent else None,
        float(levels) if levels else None,
        {name: float(np.mean(row["sparsity"])) for name, row in kept.items()},
        {name: int(row["size"]) for name, row in kept.items()},
        {name: tuple(map(int, named[name][1])) for name in kept},
    )


def recorded_method(arguments: Mapping[str, Any], table: ScoreTable | None) -> str | None:
    """Return the method that was recorded; None where none is."""
    if arguments.get("model") == "rnd_fc":
        return STRUCTURED
    if _first(arguments, "level_list") == 0 or _first(arguments, "compression_list") == 0:
        return DENSE
    pruner = arguments.get("pruner")
    if isinstance(pruner, str):
        return METHODS.get(pruner, pruner)
    return table.pruner if table else None


def recorded_density(arguments: Mapping[str, Any], table: ScoreTable | None) -> float | None:
    """Return the percent remaining that the recorded exponent stands for; None where none is recorded."""
    if recorded_method(arguments, None) == STRUCTURED:
        return None
    if _first(arguments, "level_list") == 0:
        return 100.0
    exponent = _first(arguments, "compression_list")
    if exponent is None and table is not None:
        exponent = table.exponent
    return None if exponent is None else float(100 * 10.0**-exponent)


def _first(arguments: Mapping[str, Any], name: str) -> float | None:
    """Return the one number of a list, or None where there are none or several."""
    found = arguments.get(name)
    numbers = found if isinstance(found, list) else [found]
    if len(numbers) != 1 or isinstance(numbers[0], bool) or not isinstance(numbers[0], int | float):
        return None
    return float(numbers[0])
