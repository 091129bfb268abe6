"""A contact sheet: pictures in rows and columns, labelled."""

from collections.abc import Sequence

import numpy as np

from tombola.errors import TombolaError
from tombola.explain.render.fit import fitted, paste_centred
from tombola.explain.render.legend import legend
from tombola.explain.render.rendered import Image
from tombola.explain.render.scale import scale_named
from tombola.explain.render.text import fitting_size, text_width, write_on


def contact_sheet(
    rows: Sequence[Sequence[Image | None]],
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    *,
    cell: int = 128,
    scale: str | None = None,
) -> Image:
    """Return pictures in rows and columns on white, each row and column with its label.

    Parameters
    ----------
    rows
        The pictures, at any size; None leaves a place empty.
    row_labels, column_labels
        One per row and per column.
    cell
        Side of a picture's place in pixels.
    scale
        The colour scale of heat maps, whose legend is then drawn below all of them.

    Raises
    ------
    TombolaError
        If numbers of pictures and labels differ.
    """
    if len(rows) != len(row_labels) or any(len(row) != len(column_labels) for row in rows) or not rows:
        raise TombolaError(
            f"{len(rows)} rows of {sorted({len(row) for row in rows})} pictures have {len(row_labels)} row labels and "
            f"{len(column_labels)} column labels; give one each"
        )
    gap, size = max(4, cell // 16), max(10, cell // 10)
    left = max(text_width(label, size) for label in row_labels) + 2 * gap
    top = 2 * size + gap
    width, height = left + len(column_labels) * (cell + gap), top + len(rows) * (cell + gap)
    sheet = np.full((height, width, 3), 255, dtype=np.uint8)
    for number, label in enumerate(column_labels):
        centre = left + number * (cell + gap) + cell / 2
        sheet = write_on(sheet, label, (top / 2, centre), fitting_size(label, cell + gap - 2, size))
    for number, label in enumerate(row_labels):
        sheet = write_on(sheet, label, (top + number * (cell + gap) + cell / 2, gap), size, "lm")
    sheet = sheet.copy()
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            if picture is not None:
                place = (top + i * (cell + gap), left + j * (cell + gap))
                paste_centred(sheet, fitted(picture, (cell, cell)), *place, (cell, cell))
    if scale is None:
        return sheet
    strip = legend(min(width - 2 * gap, max(200, 3 * cell)), scale_named(scale), size)
    below = np.full((strip.shape[0] + gap, width, 3), 255, dtype=np.uint8)
    paste_centred(below, strip, 0, 0, (strip.shape[0], width))
    return np.concatenate([sheet, below])
