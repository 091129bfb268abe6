import gzip
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Array = np.ndarray


def idx(array: Array) -> bytes:
    return struct.pack(f">I{array.ndim}I", 0x800 | array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def write_idx(rng: np.random.Generator) -> Callable[..., Path]:
    """Write a small set of four idx files, as `mnist` has them."""

    def write(folder: Path, train: int = 60, test: int = 20, compress: bool = True) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, n in (("train", train), ("t10k", test)):
            parts = {
                f"{name}-images-idx3-ubyte": rng.integers(0, 256, (n, 28, 28)),
                f"{name}-labels-idx1-ubyte": np.arange(n) % 10,
            }
            for file, array in parts.items():
                if compress:
                    (folder / f"{file}.gz").write_bytes(gzip.compress(idx(array)))
                else:
                    (folder / file).write_bytes(idx(array))
        return folder

    return write


@pytest.fixture
def write_images(rng: np.random.Generator) -> Callable[..., list[Path]]:
    """Write images of random noise into a class folder."""

    def write(
        folder: Path, count: int, size: tuple[int, int] = (6, 5), mode: str = "RGB", suffix: str = ".png"
    ) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        shape = (*size[::-1], 3) if mode == "RGB" else size[::-1]
        paths = [folder / f"{i:03d}{suffix}" for i in range(count)]
        for path in paths:
            Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8), mode).save(path)
        return paths

    return write


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let the system refuse to write files beyond 64 KiB, as it does on a full disk."""
    resource = pytest.importorskip("resource", reason="the system knows no limits on file sizes")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
