"""Decode image files once, in parallel, into an array in the user's cache; later reads only map it."""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from tombola.data.files import written
from tombola.data.listing import Listing
from tombola.data.places import user_cache
from tombola.data.source import OnWork, Work
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from PIL.Image import Image

BLOCK = 512
CACHE_HINT = "decoded images are kept in the user's cache: make room or permission there, or move it (XDG_CACHE_HOME)"
DEEP_MODES = ("I", "F")
log = logging.getLogger(__name__)


class Frame(NamedTuple):
    """The common shape that images are brought to."""

    channels: int
    height: int
    width: int


def decoded(
    listing: Listing,
    frame: Frame,
    name: str,
    resize: bool = True,
    progress: OnWork | None = None,
    *,
    squash: bool = False,
) -> UInt8[np.ndarray, "n c h w"]:
    """Return the images of a listing, from the cache or by decoding them into it.

    The cache entry is found by the listing's digest and the frame, so files that change are decoded again. It is mapped
    copy-on-write: every process shares the pages it reads.

    Parameters
    ----------
    listing
        The files.
    frame
        Channels and size of the result. An image of another size is scaled (bilinear, with antialiasing) until it
        covers the frame and cropped at its centre.
    name
        The set, for the cache's folder.
    resize
        If False, an image of another size is an error.
    progress
        Told after every block.
    squash
        Scale to the frame in both directions instead: nothing is cut away, and the aspect ratio is lost.

    Raises
    ------
    TombolaError
        If an image cannot be read or the cache cannot be written; nothing half-written stays.
    """
    from filelock import FileLock

    entry = cache_folder(name) / f"{listing.digest()[:24]}-{'x'.join(map(str, frame))}{'-squashed' * squash}.npy"
    if not entry.exists():
        try:
            entry.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(entry.with_suffix(".lock"))  # one process decodes, the others wait for it
            with lock:
                if not entry.exists():
                    _decode_all(listing, frame, entry, resize, squash, progress)
        except OSError as error:
            raise TombolaError(f"cannot write {entry}: {error.strerror or error}; {CACHE_HINT}") from error
    images: UInt8[np.ndarray, "n c h w"] = np.load(entry, mmap_mode="c")
    return images


def cache_folder(name: str) -> Path:
    """Return the folder that holds a set's decoded images."""
    return user_cache() / "decoded" / name


def _decode_all(
    listing: Listing, frame: Frame, entry: Path, resize: bool, squash: bool, progress: OnWork | None
) -> None:
    log.info("decoding %d images of %s", len(listing), listing.folder)
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(listing), *frame)}
    with written(entry, CACHE_HINT) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for done, block in _blocks(listing.paths(), frame, resize, squash):
            file.write(block.data)
            if progress is not None:
                progress(Work(f"decoding {listing.folder}", done, len(listing), "images"))


def _blocks(
    paths: list[Path], frame: Frame, resize: bool, squash: bool
) -> Iterator[tuple[int, UInt8[np.ndarray, "k c h w"]]]:
    """Yield blocks in order. Pillow decodes without the interpreter's lock, so threads are enough."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(paths), BLOCK):
            some = paths[start : start + BLOCK]
            block = np.empty((len(some), *frame), np.uint8)

            def fill(index: int, some: list[Path] = some, block: np.ndarray[Any, Any] = block) -> None:
                block[index] = decode(some[index], frame, resize, squash)

            list(pool.map(fill, range(len(some))))
            yield start + len(some), block


def decode(path: Path, frame: Frame, resize: bool = True, squash: bool = False) -> UInt8[np.ndarray, "c h w"]:
    """Return one image file as an array of the given frame."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            refuse_deep(path, image)
            plain = image.convert("L" if frame.channels == 1 else "RGB")
            pixels = np.asarray(_fit(path, plain, frame, resize, squash))
    except TombolaError:
        raise
    except Exception as error:  # Pillow's plug-ins raise whatever they stumble over
        raise unreadable(path, error) from error
    return pixels[None] if frame.channels == 1 else pixels.transpose(2, 0, 1)


def refuse_deep(path: Path, image: "Image") -> None:
    """Refuse images of more than 8 bits per channel, which a conversion would clip."""
    if image.mode.startswith(DEEP_MODES):
        raise TombolaError(f"{path} has more than 8 bits per pixel (mode {image.mode}); convert it to 8 bits")


def unreadable(path: Path, error: Exception) -> TombolaError:
    """Return the error for an image that cannot be read."""
    return TombolaError(f"{path} cannot be read as an image ({error}); replace it or remove it")


def _fit(path: Path, image: "Image", frame: Frame, resize: bool, squash: bool) -> "Image":
    from PIL import Image

    size = frame.width, frame.height
    if image.size == size:
        return image
    if not resize:
        raise TombolaError(
            f"{path} is {image.width}x{image.height}, not {frame.width}x{frame.height}; replace it or remove it"
        )
    if squash:
        return image.resize(size, Image.Resampling.BILINEAR)
    scale = max(frame.width / image.width, frame.height / image.height)
    left, top = (image.width - frame.width / scale) / 2, (image.height - frame.height / scale) / 2
    box = (max(left, 0.0), max(top, 0.0), image.width - max(left, 0.0), image.height - max(top, 0.0))
    return image.resize(size, Image.Resampling.BILINEAR, box=box)
