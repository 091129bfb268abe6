"""CIFAR-10 and CIFAR-100 in the official binary layout and in the python layout."""

from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Int64, UInt8

from tombola.data.arrays import as_part
from tombola.data.dataset import Part
from tombola.data.faults import damaged, reading
from tombola.data.source import Download, Images, Source, Survey, register
from tombola.data.split import Sizes
from tombola.data.unpickle import read_arrays
from tombola.specs import DataSpec

SHAPE = (3, 32, 32)
PIXELS = 3072
ADDRESS = "https://www.cs.toronto.edu/~kriz/"
CIFAR100_CLASSES = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
    castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
    elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard
    lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear
    pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal
    shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank
    telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""


class Layout(NamedTuple):
    """The files of one layout, and where a record's label lies in it: byte of the record, or key of the mapping."""

    train: tuple[str, ...]
    test: tuple[str, ...]
    label: int | str


class Cifar(Source):
    """A set of 32x32 colour images in either layout."""

    shape = SHAPE
    official = Sizes(50000, 0, 10000)
    address = f"{ADDRESS}cifar.html"
    terms = "no licence given; cite Krizhevsky 2009"
    binary: ClassVar[Layout]
    python: ClassVar[Layout]
    label_bytes: ClassVar[int]

    def lacking(self, folder: Path) -> list[str]:
        """Return what is missing of the layout that is closer to complete; the binary one is preferred."""
        missing = [
            [name for name in kind.train + kind.test if not (folder / name).is_file()]
            for kind in (self.binary, self.python)
        ]
        return min(missing, key=len)

    def survey(self, folder: Path | None, spec: DataSpec) -> Survey:
        """Return the sizes: from the length of binary files, or by reading python ones."""
        assert folder is not None
        layout = self._layout(folder)
        train, test = (sum(self._count(folder / name, layout, spec.name) for name in names) for names in layout[:2])
        return Survey(SHAPE, self.classes, train, test, None, self.identity(train, None, test))

    def read(self, folder: Path | None, spec: DataSpec) -> Images:
        """Return both parts."""
        assert folder is not None
        layout = self._layout(folder)
        train, test = (self._part(folder, names, layout, spec.name) for names in (layout.train, layout.test))
        return Images(self.classes, train, test)

    def default_validation(self, train: int) -> int:
        """Return 5,000, as the literature splits these sets."""
        return 5000

    def _layout(self, folder: Path) -> Layout:
        complete = all((folder / name).is_file() for name in self.binary.train + self.binary.test)
        return self.binary if complete else self.python

    def _count(self, path: Path, layout: Layout, name: str) -> int:
        if layout is self.python:
            return len(read_python(path, str(layout.label), name)[0])
        with reading(path, name):
            return _records(path, path.stat().st_size, PIXELS + self.label_bytes, name)

    def _part(self, folder: Path, names: tuple[str, ...], layout: Layout, name: str) -> Part:
        pieces = []
        for path in (folder / file for file in names):
            if layout is self.python:
                images, labels = read_python(path, str(layout.label), name)
            else:
                images, labels = read_binary(path, self.label_bytes, int(layout.label), name)
            if len(labels) and not 0 <= labels.min() <= labels.max() < len(self.classes):
                wrong = labels[(labels < 0) | (labels >= len(self.classes))][0]
                raise damaged(path, f"has label {wrong} where {len(self.classes)} classes are numbered from 0", name)
            pieces.append((images, labels))
        return as_part(np.concatenate([p[0] for p in pieces]), np.concatenate([p[1] for p in pieces]), str(folder))


def read_binary(
    path: Path, label_bytes: int, label: int, pull: str
) -> tuple[UInt8[np.ndarray, "n 3 32 32"], Int64[np.ndarray, " n"]]:
    """Return images and labels of a binary file: records of label bytes and 3,072 bytes, channels first."""
    with reading(path, pull):
        content = np.fromfile(path, np.uint8)
    length = PIXELS + label_bytes
    records = content.reshape(_records(path, len(content), length, pull), length)
    return records[:, label_bytes:].reshape(-1, *SHAPE), records[:, label].astype(np.int64)


def read_python(path: Path, label: str, pull: str) -> tuple[UInt8[np.ndarray, "n 3 32 32"], Int64[np.ndarray, " n"]]:
    """Return images and labels of a pickled file, read without running it."""
    content = read_arrays(path, pull)
    pixels, labels = content.get("data"), content.get(label)
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape[1] != PIXELS:
        raise damaged(path, f"holds no array 'data' of n x {PIXELS} bytes", pull)
    whole = isinstance(labels, list) and all(type(value) is int for value in labels)
    if not isinstance(labels, list) or not whole or len(labels) != len(pixels):
        raise damaged(path, f"holds no list '{label}' of {len(pixels)} whole numbers", pull)
    return pixels.reshape(-1, *SHAPE), np.array(labels, np.int64)


def _records(path: Path, size: int, length: int, pull: str) -> int:
    if size == 0 or size % length:
        raise damaged(path, f"has {size} bytes, which is no multiple of {length}, the length of a record", pull)
    return size // length


def _downloads(stem: str, files: dict[str, tuple[str, int, str]]) -> dict[str, tuple[Download, ...]]:
    return {
        variant: (Download(f"{stem}-{variant}.tar.gz", size, check, (f"{ADDRESS}{stem}-{variant}.tar.gz",), folder),)
        for variant, (folder, size, check) in files.items()
    }


@register("cifar10")
class Cifar10(Cifar):
    """Krizhevsky's ten classes of tiny images."""

    title = "ten classes of objects, 32x32, colour"
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    normalisation = "cifar10"
    layouts = (
        *("cifar-10-batches-bin", "cifar-10-batches-py", "cifar10", "CIFAR10", "CIFAR"),
        *(
            "cifar10/cifar-10-batches-bin",
            "cifar10/cifar-10-batches-py",
            "CIFAR10/cifar-10-batches-py",
            "CIFAR/cifar-10-batches-py",
        ),
    )
    binary = Layout(tuple(f"data_batch_{i}.bin" for i in range(1, 6)), ("test_batch.bin",), 0)
    python = Layout(tuple(f"data_batch_{i}" for i in range(1, 6)), ("test_batch",), "labels")
    label_bytes = 1
    downloads = _downloads(
        "cifar-10",
        {
            "binary": (
                "cifar-10-batches-bin",
                170052171,
                "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ),
            "python": ("cifar-10-batches-py", 170498071, "md5:c58f30108f718f92721af3b95e74349a"),
        },
    )


@register("cifar100")
class Cifar100(Cifar):
    """Krizhevsky's hundred classes; the coarse labels are not used."""

    title = "a hundred classes of objects, 32x32, colour"
    classes = tuple(CIFAR100_CLASSES.split())
    normalisation = "cifar100"
    layouts = (
        *("cifar-100-binary", "cifar-100-python", "cifar100", "CIFAR100"),
        *("cifar100/cifar-100-binary", "cifar100/cifar-100-python", "CIFAR100/cifar-100-python"),
    )
    binary = Layout(("train.bin",), ("test.bin",), 1)
    python = Layout(("train",), ("test",), "fine_labels")
    label_bytes = 2
    downloads = _downloads(
        "cifar-100",
        {
            "binary": (
                "cifar-100-binary",
                168513733,
                "sha256:58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            ),
            "python": ("cifar-100-python", 169001437, "md5:eb9058c3a382ffc7106e4002c42a8d85"),
        },
    )
