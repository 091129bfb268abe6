"""CSV files read so that every number is the one its text names: pandas' fast parser is off by a bit now and then."""

from pathlib import Path

import pandas as pd

from tombola.errors import TombolaError


def read_exactly(path: Path) -> pd.DataFrame:
    """Return a CSV file as a table: whole numbers where a column has only such, else floats, else texts.

    Raises
    ------
    TombolaError
        If it is no such file.
    """
    try:
        texts = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, OSError) as error:
        raise TombolaError(f"{path} cannot be read as a table: {error}") from None
    return texts.apply(_numbers)


def _numbers(column: pd.Series) -> pd.Series:
    for kind in (int, float):
        try:
            return column.map(kind)
        except ValueError:
            continue
    return column
