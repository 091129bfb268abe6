"""MNIST and its kin: the idx format, plain or gzipped."""

import gzip
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from jaxtyping import UInt8

from tombola.data.arrays import as_part
from tombola.data.dataset import Part
from tombola.data.faults import damaged, reading
from tombola.data.source import Download, Images, Source, Survey, register
from tombola.data.split import Sizes
from tombola.specs import DataSpec

IMAGES, LABELS = 0x803, 0x801
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def read_idx(path: Path, magic: int, pull: str | None = None) -> UInt8[np.ndarray, "n ..."]:
    """Return the array in an idx file of bytes.

    Raises
    ------
    TombolaError
        If the file is cut short, too long, damaged or of another kind.
    """
    with reading(path, pull, zlib.error, struct.error), _open(path) as file:
        shape = _header(file, path, magic, pull)
        content = file.read()
    if len(content) != np.prod(shape):
        raise damaged(
            path, f"holds {len(content)} bytes of data where {' x '.join(map(str, shape))} are announced", pull
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def idx_shape(path: Path, magic: int, pull: str | None = None) -> tuple[int, ...]:
    """Return the shape that an idx file announces."""
    with reading(path, pull, zlib.error, struct.error), _open(path) as file:
        return _header(file, path, magic, pull)


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _header(file: BinaryIO, path: Path, magic: int, pull: str | None) -> tuple[int, ...]:
    found = struct.unpack(">I", file.read(4))[0]
    if found != magic:
        raise damaged(path, f"starts with {found:#010x} where an idx file of this kind starts with {magic:#010x}", pull)
    axes = magic & 0xFF
    return struct.unpack(f">{axes}I", file.read(4 * axes))


class Idx(Source):
    """A set in four idx files."""

    shape = (1, 28, 28)
    official = Sizes(60000, 0, 10000)
    base: tuple[str, ...] = ()

    def lacking(self, folder: Path) -> list[str]:
        """Return the files that are there neither plain nor gzipped."""
        return [name for name in FILES if _find(folder, name) is None]

    def survey(self, folder: Path | None, spec: DataSpec) -> Survey:
        """Return what the headers announce."""
        assert folder is not None
        (train, height, width), test = (idx_shape(_path(folder, FILES[i]), IMAGES, spec.name) for i in (0, 2))
        return Survey((1, height, width), self.classes, train, test[0], None, self.identity(train, None, test[0]))

    def read(self, folder: Path | None, spec: DataSpec) -> Images:
        """Return both parts."""
        assert folder is not None
        return Images(self.classes, self._part(folder, 0, spec.name), self._part(folder, 2, spec.name))

    def default_validation(self, train: int) -> int:
        """Return 5,000, as the literature splits these sets."""
        return 5000

    def _part(self, folder: Path, first: int, name: str) -> Part:
        pixels, numbers = (_path(folder, FILES[first + i]) for i in (0, 1))
        images, labels = read_idx(pixels, IMAGES, name), read_idx(numbers, LABELS, name)
        if len(images) != len(labels):
            raise damaged(numbers, f"has {len(labels)} labels for the {len(images)} images of {pixels.name}", name)
        if len(labels) and labels.max() >= len(self.classes):
            raise damaged(
                numbers, f"has label {labels.max()} where {len(self.classes)} classes are numbered from 0", name
            )
        return as_part(images, labels, str(pixels))


def _find(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _path(folder: Path, name: str) -> Path:
    return _find(folder, name) or folder / name


def _downloads(sizes: tuple[int, ...], sha256: tuple[str, ...], *bases: str) -> dict[str, tuple[Download, ...]]:
    files = zip(FILES, sizes, sha256, strict=True)
    return {
        "gz": tuple(
            Download(f"{name}.gz", size, f"sha256:{check}", tuple(f"{base}{name}.gz" for base in bases))
            for name, size, check in files
        )
    }


@register("mnist")
class Mnist(Idx):
    """LeCun, Cortes and Burges' handwritten digits."""

    title = "handwritten digits, 28x28, grey"
    terms = "CC BY-SA 3.0"
    address = "http://yann.lecun.com/exdb/mnist/"
    classes = tuple("0123456789")
    normalisation = "mnist"
    layouts = ("mnist", "MNIST/raw", "MNIST")
    downloads = _downloads(
        (9912422, 28881, 1648877, 4542),
        (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )


@register("fashion-mnist")
class FashionMnist(Idx):
    """Zalando's articles in the format of MNIST (Xiao, Rasul and Vollgraf 2017)."""

    title = "articles of clothing, 28x28, grey"
    terms = "MIT"
    address = "https://github.com/zalandoresearch/fashion-mnist"
    classes = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
    normalisation = "fashion-mnist"
    layouts = ("fashion-mnist", "FashionMNIST/raw", "FashionMNIST", "fashion_mnist")
    downloads = _downloads(
        (26421880, 29515, 4422102, 5148),
        (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    )
