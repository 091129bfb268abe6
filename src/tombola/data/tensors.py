"""Arrays handed over in Python: saved as one file without objects, which workers and other machines can read."""

import hashlib
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tombola.data.arrays import as_part
from tombola.data.dataset import Dataset, Part
from tombola.data.faults import damaged, reading
from tombola.data.files import written
from tombola.data.loading import assemble
from tombola.data.source import Images, Source, Survey, register
from tombola.errors import TombolaError
from tombola.specs import DataSpec
from tombola.specs.resolve import validate

PARTS = ("train", "validation", "test")
CLASSES = "classes"


def save(
    path: Path | str,
    *,
    train_images: Any,
    train_labels: Any,
    test_images: Any,
    test_labels: Any,
    validation_images: Any = None,
    validation_labels: Any = None,
    classes: Sequence[str] | None = None,
) -> Path:
    """Write arrays as a file that the set ``tensors`` reads: ``data: {name: tensors, root: that file}``.

    Parameters
    ----------
    path
        The file, ``.npz``; replaced in one step if it exists.
    train_images, test_images, validation_images
        Arrays or tensors, (n, h, w) or (n, c, h, w): uint8, or floats in [0, 1], which are stored as ``round(255 x)``.
        Without validation images, a validation part is drawn from the training images with the experiment's seed.
    train_labels, test_labels, validation_labels
        Whole numbers from 0, shape (n,).
    classes
        Names of the classes; default: their numbers.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    TombolaError
        If the arrays do not fit together or the file cannot be written.
    """
    path = Path(path).expanduser()
    if path.suffix != ".npz":
        raise TombolaError(f"{path}: the file for tensors must be named .npz")
    images = pack(train_images, train_labels, test_images, test_labels, validation_images, validation_labels, classes)
    arrays: dict[str, np.ndarray[Any, Any]] = {CLASSES: np.array(images.classes, dtype=np.str_)}
    for name in PARTS:
        part: Part | None = getattr(images, name)
        if part is not None:
            arrays |= {f"{name}_images": part.images.numpy(), f"{name}_labels": part.labels.numpy()}
    with written(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    return path


def pack(
    train_images: Any,
    train_labels: Any,
    test_images: Any,
    test_labels: Any,
    validation_images: Any = None,
    validation_labels: Any = None,
    classes: Sequence[str] | None = None,
) -> Images:
    """Return arrays as a set, checked (parameters as in `save`)."""
    train = as_part(train_images, train_labels, "train_images")
    test = as_part(test_images, test_labels, "test_images")
    if (validation_images is None) != (validation_labels is None):
        raise TombolaError("validation_images and validation_labels belong together; give both or neither")
    own = None if validation_images is None else as_part(validation_images, validation_labels, "validation_images")
    highest = max(int(part.labels.max()) for part in (train, test, own) if part is not None)
    names = tuple(map(str, range(highest + 1))) if classes is None else tuple(map(str, classes))
    if highest >= len(names):
        raise TombolaError(f"classes: {len(names)} names, but label {highest} needs {highest + 1}; name every class")
    for part, what in ((test, "test_images"), (own, "validation_images")):
        if part is not None and part.images.shape[1:] != train.images.shape[1:]:
            shapes = tuple(part.images.shape[1:]), tuple(train.images.shape[1:])
            raise TombolaError(f"{what}: images of shape {shapes[0]}, training images of {shapes[1]}; make them equal")
    return Images(names, train, test, own)


def dataset(
    *,
    train_images: Any,
    train_labels: Any,
    test_images: Any,
    test_labels: Any,
    validation_images: Any = None,
    validation_labels: Any = None,
    classes: Sequence[str] | None = None,
    seed: int = 0,
    **fields: Any,
) -> Dataset:
    """Return arrays as a data set in this process, without a file: for `tombola.fit`. A run needs `save`.

    Parameters
    ----------
    seed
        Draws the validation part where none is given.
    **fields
        Other fields of `DataSpec`: ``validation``, ``train``, ``normalisation``, ``augment``. All else as in `save`.
    """
    arrays = train_images, train_labels, test_images, test_labels, validation_images, validation_labels
    spec = validate({"data": {"name": "tensors", **fields}}).data
    return assemble(pack(*arrays, classes), spec, seed)


@register("tensors")
class Tensors(Source):
    """Your own arrays, saved with `tombola.data.tensors.save`."""

    title = "your own arrays: an .npz file written by tombola.data.tensors.save"
    needs_root = True

    def survey(self, folder: Path | None, spec: DataSpec) -> Survey:
        """Return what the file holds, with the digest of its content as identity."""
        images = self.read(folder, spec)
        sha = hashlib.sha256("\n".join(images.classes).encode())
        for part in (images.train, images.validation, images.test):
            for tensor in (part.images, part.labels) if part is not None else ():
                sha.update(repr(tuple(tensor.shape)).encode() + tensor.numpy().tobytes())
        channels, height, width = images.train.images.shape[1:]
        own = None if images.validation is None else len(images.validation)
        shape = channels, height, width
        return Survey(shape, images.classes, len(images.train), len(images.test), own, sha.hexdigest())

    def read(self, folder: Path | None, spec: DataSpec) -> Images:
        """Return the arrays in the file."""
        assert folder is not None
        arrays = _read_arrays(folder)
        train, test, own = (
            (arrays.get(f"{part}_images"), arrays.get(f"{part}_labels")) for part in ("train", "test", "validation")
        )
        try:
            return pack(*train, *test, *own, [str(name) for name in arrays[CLASSES]])
        except TombolaError as error:
            raise TombolaError(f"{folder}: {error}") from error


def _read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    with reading(path, None, ValueError, KeyError, zipfile.BadZipFile, zlib.error):
        path.open("rb").close()
        if not zipfile.is_zipfile(path):
            raise damaged(path, "is not, or not all of, a file that tombola.data.tensors.save writes")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    needed = [f"{part}_{kind}" for part in ("train", "test") for kind in ("images", "labels")]
    missing = [name for name in [*needed, CLASSES] if name not in arrays]
    if missing:
        raise damaged(path, f"lacks {', '.join(missing)}; tombola.data.tensors.save writes all that is needed")
    return arrays
