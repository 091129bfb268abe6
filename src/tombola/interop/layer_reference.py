"""Published densities of single layers, as a table: Gem-Miner's ``resnet20_layerwise_sparsity.csv`` and its like.

Gem-Miner calls the fraction that remains "sparsity" (sparse-analysis reference, section 10: 50, 3.72, 1.44 and .59 %).
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tombola.errors import TombolaError

NUMBER = re.compile(r"\d*\.?\d+(?:[eE][-+]?\d+)?")
COUNTERS = (
    *("", "index", "idx", "unnamed: 0", "id", "name", "layer", "layers"),
    *("network", "networks", "density", "sparsity"),
)
"""Headings of a first column that names or counts what its rows are."""
LONGEST = 100_000


@dataclass(frozen=True)
class LayerReference:
    """Densities by network and layer.

    Attributes
    ----------
    name
        What it is called: the file's name.
    layers
        What layers are called there; their numbers where it does not say.
    columns
        What networks are called there, their percents mostly -> density of every layer, in [0, 1].
    remarks
        In which ways the file had to be interpreted.
    """

    name: str
    layers: tuple[str, ...]
    columns: dict[str, tuple[float, ...]]
    remarks: tuple[str, ...] = ()


def read_layer_reference(path: str | Path) -> LayerReference:
    """Return published densities of layers from a CSV file.

    A column per network, its heading holding the percent that remains in all, and a row per layer, in the network's
    order; names or numbers of layers in the first column, or none. A table whose rows are called by percents, and its
    columns not, is taken the other way round. Values are percents where any is above 1, else fractions.

    Raises
    ------
    TombolaError
        If it is no such table, or a value is no density.
    """
    path = Path(path)
    rows = _rows(path)
    remarks: list[str] = []
    heading, body = rows[0], rows[1:]
    if not body:
        raise TombolaError(f"{path} holds no densities; a row per layer is needed")
    names = _names(heading, body)
    if names is not None:
        heading, body = heading[1:], [row[1:] for row in body]
    layers = names or [str(number) for number in range(len(body))]
    values = [[_density_of(path, cell) for cell in row] for row in body]
    if names is not None and _percents(names) and not _percents(heading):
        values, heading, layers = [list(column) for column in zip(*values, strict=True)], layers, heading
        remarks.append("Columns are layers and rows networks there.")
    if any(value > 1 for row in values for value in row):
        values = [[value / 100 for value in row] for row in values]
    else:
        remarks.append("No value is above 1, so values are fractions rather than percents.")
    if any(not 0 <= value <= 1 for row in values for value in row):
        raise TombolaError(f"{path}: a density lies outside of 0 to 100 %")
    columns = {_title(title, at): tuple(row[at] for row in values) for at, title in enumerate(heading)}
    if len(columns) < len(heading):
        raise TombolaError(f"{path}: two networks have the same heading; name them apart")
    return LayerReference(path.name, tuple(layers), columns, tuple(remarks))


def percent(title: str) -> float | None:
    """Return the percent that a network's heading names; None where it names none.

    Examples
    --------
    >>> percent("sparsity_3.72%"), percent("dense")
    (3.72, None)
    """
    found = NUMBER.findall(title)
    return float(found[-1]) if found else None


def _rows(path: Path) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TombolaError(f"{path} cannot be read as a table: {error}") from None
    dialect = ";" if text.count(";") > text.count(",") else "\t" if text.count("\t") > text.count(",") else ","
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()[:LONGEST], delimiter=dialect)]
    rows = [row for row in rows if any(row)]
    if not rows or len({len(row) for row in rows}) > 1:
        raise TombolaError(f"{path} is no table: its lines have different numbers of cells, or there are none")
    return rows


def _names(heading: Sequence[str], body: Sequence[Sequence[str]]) -> list[str] | None:
    """Return the first column if it names layers, or counts them under such a heading."""
    first = [row[0] for row in body]
    if any(_value(cell) is None for cell in first) or heading[0].lower() in COUNTERS:
        return first
    return None


def _percents(titles: Sequence[str]) -> bool:
    return all(_value(title) is not None for title in titles)


def _value(cell: str) -> float | None:
    try:
        return float(cell.removesuffix("%"))
    except ValueError:
        return None


def _density_of(path: Path, cell: str) -> float:
    value = _value(cell)
    if value is None or value != value:
        raise TombolaError(f"{path}: '{cell}' is no density")
    return value


def _title(title: str, at: int) -> str:
    named = percent(title)
    return f"{named:g} %" if named is not None else title or f"network {at + 1}"
