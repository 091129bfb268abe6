"""Figures as files: PNG, SVG and PDF, written whole or not at all."""

import io
from pathlib import Path
from typing import Any, Final

import matplotlib
from matplotlib.figure import Figure

from tombola.errors import TombolaError, nearest
from tombola.plots.style import PAPER
from tombola.store.files import write_bytes

STILL: Final = ("png", "svg", "pdf")
DPI = 150
_NO_DATES: Final[dict[str, dict[str, Any]]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "ModDate": None},
}


def format_of(path: Path, given: str | None = None, known: tuple[str, ...] = STILL) -> str:
    """Return the format of a file: the one given, else the one its suffix names.

    Raises
    ------
    TombolaError
        If it is none of the known formats, or suffix and given format disagree.

    Examples
    --------
    >>> format_of(Path("curves.PDF"))
    'pdf'
    """
    suffix = path.suffix.removeprefix(".").lower()
    form = (given or suffix).lower()
    if form not in known:
        what = f"format '{form}'" if given else f"'{path}' ends in no known format: '{suffix}'"
        raise TombolaError(f"{what}{nearest(form, known)}")
    if given and suffix in (*STILL, "gif", "webp") and suffix != form:
        raise TombolaError(f"'{path}' ends in .{suffix}, and the format asked for is {form}; drop one of them")
    return form


def encode_figure(figure: Figure, form: str, *, dpi: int = DPI) -> bytes:
    """Return a figure as the bytes of a PNG, SVG or PDF; equal figures give equal bytes."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(PAPER):
        figure.savefig(buffer, format=form, dpi=dpi, metadata=_NO_DATES[form], facecolor="white")
    return buffer.getvalue()


def save_figure(figure: Figure, path: Path, form: str | None = None, *, dpi: int = DPI) -> Path:
    """Write a figure; the suffix names the format unless one is given.

    Parameters
    ----------
    figure
        Any figure.
    path
        The file.
    form
        ``png``, ``svg`` or ``pdf``.
    dpi
        Of a PNG, and of pictures inside SVG and PDF.

    Returns
    -------
    Path
        Where it is.
    """
    write_bytes(Path(path), encode_figure(figure, format_of(Path(path), form), dpi=dpi))
    return Path(path)
