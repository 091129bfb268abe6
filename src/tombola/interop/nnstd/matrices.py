"""One weight matrix from an NPZ file: sparse as SciPy writes it, or plain; no objects, no more than the limit.

SciPy's files are compressed, so sizes are bounded while they are unpacked, and arrays by their headers before they are
made.
"""

import math
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from tombola.errors import TombolaError
from tombola.interop.restricted_builders import MalformedError, short
from tombola.interop.restricted_npz import NUMBERS, SUFFIX, Array, read_array
from tombola.interop.restricted_zip import ZIP_FAULTS

MEMBERS = 16
KINDS = NUMBERS + "SU"
COMPRESSED, COORDINATES = ("csr", "csc"), "coo"
FORMATS = (*COMPRESSED, COORDINATES)


@dataclass(frozen=True, eq=False)
class Matrix:
    """A matrix and which of its places are connections.

    Attributes
    ----------
    values
        Dense, zero where there is no connection.
    keep
        What the file stores: of a plain array all that is not zero.
    zeros
        Connections stored with the value zero.
    """

    values: Float[np.ndarray, "row column"]
    keep: Bool[np.ndarray, "row column"]

    @property
    def zeros(self) -> int:
        """Number of connections whose weight is exactly zero."""
        return int(np.count_nonzero(self.keep & (self.values == 0)))


def read_matrix(path: Path, limit: int) -> Matrix:
    """Return the matrix of an NPZ file.

    Parameters
    ----------
    path
        ``scipy.sparse.save_npz`` (csr, csc or coo), or ``numpy.savez`` of one plain matrix under any name.
    limit
        The most bytes that the file, what it unpacks to, and the dense matrix may take, each.

    Raises
    ------
    TombolaError
        One sentence, if it holds anything else.
    """
    arrays = _arrays(path, limit)
    try:
        return _sparse(arrays, limit) if "format" in arrays or "shape" in arrays else _plain(arrays)
    except (ValueError, IndexError, OverflowError) as error:
        raise TombolaError(f"{path} holds no matrix: {short(error)}") from None


def _arrays(path: Path, limit: int) -> dict[str, Array]:
    try:
        if path.stat().st_size > limit:
            raise ValueError(f"it is larger than the limit of {limit:,} bytes")
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MEMBERS or not all(member.filename.endswith(SUFFIX) for member in members):
                raise ValueError("its members are not those of an NPZ file of one matrix")
            found, room = {}, limit
            for member in members:
                with archive.open(member) as file:
                    content = file.read(room + 1)
                if len(content) > room:
                    raise ValueError(f"it unpacks to more than the limit of {limit:,} bytes")
                room -= len(content)
                found[member.filename.removesuffix(SUFFIX)] = read_array(content, member.filename, KINDS)
            return found
    except MalformedError as error:
        raise TombolaError(f"{path} {error}") from None
    except OSError as error:
        raise TombolaError(f"cannot read {path}: {error.strerror or error}") from None
    except ZIP_FAULTS as error:
        raise TombolaError(f"{path} is no NPZ file of numbers: {short(error)}") from None


def _plain(arrays: dict[str, Array]) -> Matrix:
    tables = [array for array in arrays.values() if array.ndim == 2 and array.dtype.kind in NUMBERS]
    if len(tables) != 1:
        raise ValueError(f"it has {len(tables)} two-dimensional arrays ({', '.join(arrays) or 'nothing'}), not one")
    values = np.ascontiguousarray(tables[0], np.float32)
    return Matrix(values, values != 0)


def _sparse(arrays: dict[str, Array], limit: int) -> Matrix:
    missing = [name for name in ("format", "shape", "data") if name not in arrays]
    if missing:
        raise ValueError(f"a sparse matrix lacks {', '.join(missing)}")
    raw = arrays["format"].item()
    form = raw.decode("ascii", "replace") if isinstance(raw, bytes) else str(raw)
    if form not in FORMATS:
        raise ValueError(f"sparse format '{form}' is none of {', '.join(FORMATS)}")
    shape = [int(length) for length in arrays["shape"].ravel()]
    if len(shape) != 2 or min(shape) < 1 or 4 * math.prod(shape) > limit:
        raise ValueError(f"a matrix of shape {shape} is not read here")
    data = _numbers(arrays, "data").astype(np.float32)
    if form == COORDINATES:
        rows, columns = (_numbers(arrays, name).astype(np.int64) for name in ("row", "col"))
    else:
        inner, starts = (_numbers(arrays, name).astype(np.int64) for name in ("indices", "indptr"))
        lines = shape[form == "csc"]
        if len(starts) != lines + 1 or starts[0] != 0 or starts[-1] != len(inner) or (np.diff(starts) < 0).any():
            raise ValueError("where lines of a sparse matrix begin does not fit its entries")
        outer = np.repeat(np.arange(lines), np.diff(starts))
        rows, columns = (outer, inner) if form == "csr" else (inner, outer)
    if not len(data) == len(rows) == len(columns):
        raise ValueError("a sparse matrix has not as many places as values")
    if len(data) and (min(rows.min(), columns.min()) < 0 or rows.max() >= shape[0] or columns.max() >= shape[1]):
        raise ValueError("an entry of a sparse matrix lies outside of it")
    values, keep = np.zeros(shape, np.float32), np.zeros(shape, bool)
    np.add.at(values, (rows, columns), data)
    keep[rows, columns] = True
    return Matrix(values, keep)


def _numbers(arrays: dict[str, Array], name: str) -> Array:
    if name not in arrays or arrays[name].ndim != 1 or arrays[name].dtype.kind not in NUMBERS:
        raise ValueError(f"a sparse matrix lacks {name}, or it is no list of numbers")
    return arrays[name]
