"""What only opening every image file tells: sizes, colours, content. Learnt once, kept in the user's cache."""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tombola.data.decode import CACHE_HINT, cache_folder, refuse_deep, unreadable
from tombola.data.files import written
from tombola.data.listing import Listing
from tombola.errors import TombolaError

GREY_MODES = ("1", "L", "LA")


@dataclass(frozen=True)
class Facts:
    """Facts about all images of a set.

    ``odd`` names a file whose size differs from the first file's; empty if all are of one size. ``content`` is a
    SHA-256 over all files, without their times, so that a copy counts as the same set.
    """

    height: int
    width: int
    grey: bool
    odd: str
    content: str


def facts(name: str, listings: dict[str, Listing]) -> Facts:
    """Return the facts about a set's parts, from the cache if no file was touched since.

    Raises
    ------
    TombolaError
        If an image cannot be read.
    """
    state = hashlib.sha256(
        "".join(f"{part}:{listing.digest()}" for part, listing in listings.items()).encode()
    ).hexdigest()
    entry = cache_folder(name) / f"{state[:24]}.json"
    try:
        return Facts(**json.loads(entry.read_text()))
    except (OSError, ValueError, TypeError):
        found = _find_out(listings)
    with written(entry, CACHE_HINT) as file:
        file.write(json.dumps(asdict(found)).encode())
    return found


def _find_out(listings: dict[str, Listing]) -> Facts:
    names = [f"{part}/{file}" for part, listing in listings.items() for file in listing.files]
    paths = [path for listing in listings.values() for path in listing.paths()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        seen = list(pool.map(_look, paths))
    size = seen[0][0]
    odd = next((str(path) for path, (other, _, _) in zip(paths, seen, strict=True) if other != size), "")
    content = hashlib.sha256()
    for name, (_, _, digest) in zip(names, seen, strict=True):
        content.update(f"{name}\0{digest}\n".encode(errors="surrogateescape"))
    return Facts(size[1], size[0], all(grey for _, grey, _ in seen), odd, content.hexdigest())


def _look(path: Path) -> tuple[tuple[int, int], bool, str]:
    """Return size, greyness and digest of one image file."""
    from PIL import Image

    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            with Image.open(file) as image:
                refuse_deep(path, image)
                return image.size, image.mode in GREY_MODES, digest
    except TombolaError:
        raise
    except Exception as error:  # Pillow's plug-ins raise whatever they stumble over
        raise unreadable(path, error) from error
