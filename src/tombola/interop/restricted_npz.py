"""NPZ files of plain numbers, read without NumPy's pickle door and without trusting their headers."""

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from tombola.errors import TombolaError
from tombola.interop.restricted_builders import MalformedError, short
from tombola.interop.restricted_zip import ZIP_FAULTS, check_members

LIMIT = 1 << 30
SUFFIX = ".npy"
NUMBERS = "biuf"

Array = np.ndarray[Any, Any]


def read_npz(path: str | Path, *, limit: int = LIMIT) -> dict[str, Array]:
    """Return the arrays of an uncompressed NPZ file by name.

    Parameters
    ----------
    path
        The file.
    limit
        The most bytes it may take.

    Raises
    ------
    TombolaError
        One sentence, if it holds anything else than numbers, or lengths do not fit.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > limit:
            raise MalformedError(
                f"is {size:,} bytes large, more than the limit of {limit:,}; raise the limit to read it"
            )
        with zipfile.ZipFile(path) as archive:
            check_members(archive, size)
            names = archive.namelist()
            if not all(name.endswith(SUFFIX) for name in names):
                raise MalformedError("is no NPZ file: a member of it is no array")
            return {name.removesuffix(SUFFIX): read_array(archive.read(name), name) for name in names}
    except MalformedError as error:
        raise TombolaError(f"{path} {error}") from error
    except OSError as error:
        raise TombolaError(f"cannot read {path}: {error.strerror or error}") from error
    except ZIP_FAULTS as error:
        raise TombolaError(f"{path} is damaged or cut off ({short(error)})") from error


def read_array(content: bytes, name: str, kinds: str = NUMBERS) -> Array:
    """Return the array of an NPY file, its size checked against what is there before anything is made of it.

    Parameters
    ----------
    content
        The bytes of the file.
    name
        What it is called where it does not fit.
    kinds
        NumPy's letters of the types that are read.

    Raises
    ------
    MalformedError
        If it holds another type, or not as much as it says.
    """
    file = io.BytesIO(content)
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise MalformedError(f"holds an array ({name}) of a format that is not read here")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.kind not in kinds or dtype.hasobject:
        raise MalformedError(f"holds an array ({name}) of {dtype} where numbers belong")
    rest = content[file.tell() :]
    if any(length < 0 for length in shape) or math.prod(shape) * dtype.itemsize != len(rest):
        raise MalformedError(f"is damaged: array {name} holds {len(rest)} bytes, which its shape {shape} does not take")
    values = np.frombuffer(rest, dtype).reshape(shape, order="F" if fortran else "C")
    return values.astype(dtype.newbyteorder("="))
