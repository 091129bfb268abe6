"""The file that MTurk wants before it can ask: one blinded picture per row, in random order."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tombola.errors import TombolaError
from tombola.store.files import write_text
from tombola.study.files.pictures import is_public_name

COLUMN = "image_url"


def batch_images(names: Sequence[str], *, seed: int = 0, base: str = "") -> list[str]:
    """Return addresses of pictures in an order that says nothing about them.

    Parameters
    ----------
    names
        Public names, 32 hex digits each, with or without ``.png``. The order depends on the seed and on which names
        there are, not on their order here.
    seed
        Of the shuffle.
    base
        Where the pictures are served, such as ``https://example.org/pictures/``.

    Raises
    ------
    TombolaError
        If a name is no blinded one (it would tell workers what they see), or comes twice.
    """
    plain = [name.removesuffix(".png") for name in names]
    for name in plain:
        if not is_public_name(name):
            raise TombolaError(f"picture '{name}' has a name that may tell what it shows; 32 random hex digits do not")
    if len(set(plain)) < len(plain):
        raise TombolaError("a picture comes twice; give each name once, and say on MTurk how many answers it needs")
    order = np.random.default_rng(seed).permutation(len(plain))
    start = base if not base or base.endswith("/") else f"{base}/"
    return [f"{start}{sorted(plain)[i]}.png" for i in order]


def write_batch(names: Sequence[str], path: Path, *, seed: int = 0, base: str = "") -> int:
    """Write a batch file: the column ``image_url`` and a row per picture; return how many.

    Raises
    ------
    TombolaError
        As `batch_images`, or if the file cannot be written.
    """
    rows = batch_images(names, seed=seed, base=base)
    if any("," in row or '"' in row or "\n" in row for row in rows):
        raise TombolaError(f"'{base}' holds a comma, quote or line break, which a batch file cannot")
    write_text(path, "\n".join([COLUMN, *rows]) + "\n")
    return len(rows)
