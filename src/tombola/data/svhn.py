"""SVHN, cropped digits: MATLAB files, axes last to first, label 10 standing for the digit 0."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from tombola.data.arrays import as_part
from tombola.data.dataset import Part
from tombola.data.faults import damaged, reading
from tombola.data.source import Download, Images, Source, Survey, register
from tombola.data.split import Sizes
from tombola.specs import DataSpec

TRAIN, TEST = "train_32x32.mat", "test_32x32.mat"
ADDRESS = "http://ufldl.stanford.edu/housenumbers/"
ZERO = 10


@register("svhn")
class Svhn(Source):
    """Netzer and others' street-view house numbers, cropped to single digits."""

    title = "digits of house numbers, 32x32, colour"
    terms = "non-commercial research"
    address = ADDRESS
    official = Sizes(73257, 0, 26032)
    shape = (3, 32, 32)
    classes = tuple("0123456789")
    normalisation = "svhn"
    layouts = ("svhn", "SVHN")
    downloads: ClassVar[Mapping[str, tuple[Download, ...]]] = {
        "mat": (
            Download(
                TRAIN,
                182040794,
                "sha256:435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
                (f"{ADDRESS}{TRAIN}",),
            ),
            Download(
                TEST,
                64275384,
                "sha256:cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
                (f"{ADDRESS}{TEST}",),
            ),
        )
    }

    def lacking(self, folder: Path) -> list[str]:
        """Return which of the two files is missing."""
        return [name for name in (TRAIN, TEST) if not (folder / name).is_file()]

    def survey(self, folder: Path | None, spec: DataSpec) -> Survey:
        """Return the sizes from the files' directories."""
        from scipy.io import whosmat

        assert folder is not None
        counts = []
        for path in (folder / TRAIN, folder / TEST):
            with reading(path, spec.name, Exception):  # scipy raises whatever it stumbles over
                shapes = {name: shape for name, shape, _ in whosmat(path)}
            if len(shapes.get("X", ())) != 4:
                raise damaged(path, "holds no array X of 32 x 32 x 3 x n pixels", spec.name)
            counts.append(shapes["X"][-1])
        train, test = counts
        return Survey((3, 32, 32), self.classes, train, test, None, self.identity(train, None, test))

    def read(self, folder: Path | None, spec: DataSpec) -> Images:
        """Return both parts."""
        assert folder is not None
        return Images(self.classes, read_mat(folder / TRAIN, spec.name), read_mat(folder / TEST, spec.name))


def read_mat(path: Path, pull: str) -> Part:
    """Return the digits of one file, channels first, zero labelled 0.

    Raises
    ------
    TombolaError
        If the file is damaged or holds something else.
    """
    from scipy.io import loadmat

    with reading(path, pull, Exception):  # scipy raises whatever it stumbles over
        content = loadmat(path, variable_names=["X", "y"])
    pixels, labels = content.get("X"), content.get("y")
    if pixels is None or pixels.ndim != 4 or pixels.shape[:3] != (32, 32, 3) or pixels.dtype != np.uint8:
        raise damaged(path, "holds no array X of 32 x 32 x 3 x n bytes", pull)
    if labels is None or labels.size != pixels.shape[3] or labels.dtype.kind not in "iuf":
        raise damaged(path, f"holds no {pixels.shape[3]} labels y", pull)
    digits = labels.reshape(-1).astype(np.int64)
    if not 1 <= digits.min() <= digits.max() <= ZERO:
        raise damaged(path, f"has labels {digits.min()} to {digits.max()} where digits are labelled 1 to 10", pull)
    digits[digits == ZERO] = 0
    return as_part(np.ascontiguousarray(pixels.transpose(3, 2, 0, 1)), digits, str(path))
