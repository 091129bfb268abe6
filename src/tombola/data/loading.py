"""Load a set for an experiment, or only say what it would be."""

from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from tombola.data.augment import Augmentation
from tombola.data.dataset import Dataset
from tombola.data.normalisation import Normalisation, normalisations
from tombola.data.places import locate
from tombola.data.source import Images, OnWork, Source, sets
from tombola.data.split import Sizes, draw_split, planned_sizes
from tombola.errors import TombolaError
from tombola.specs import DataSpec
from tombola.specs.resolve import validate


@dataclass(frozen=True)
class Info:
    """What a data spec stands for, known before anything is computed.

    ``identity`` is None where the set's name determines its content; else (own folder or tensors, a partial copy) a
    digest that belongs into keys. ``folder`` is None for sets that come with installed packages.
    """

    name: str
    title: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    sizes: Sizes
    own_validation: bool
    normalisation: Normalisation
    folder: Path | None
    identity: str | None
    terms: str
    address: str


def describe(spec: DataSpec) -> Info:
    """Return what `load` would give, without reading pixels where that can be avoided.

    Raises
    ------
    TombolaError
        As `load` does, but for damage that only shows when pixels are read.
    """
    source, folder = _open(spec)
    survey = source.survey(folder, spec)
    default = source.default_validation(survey.train)
    train, validation = planned_sizes(spec, survey.train, survey.validation, default)
    return Info(
        spec.name,
        source.title,
        survey.shape,
        survey.classes,
        Sizes(train, validation, survey.test),
        survey.validation is not None,
        normalisations[spec.normalisation].for_channels(survey.shape[0]),
        folder,
        survey.identity,
        source.terms,
        source.address,
    )


def prepare(spec: DataSpec, progress: OnWork | None = None) -> None:
    """Do what a set needs doing once (decode image files into the cache), so that `load` is quick in every process.

    Parameters
    ----------
    spec
        The data.
    progress
        Called with a `Work` now and then.
    """
    source, folder = _open(spec)
    source.prepare(folder, spec, progress)


def load(spec: DataSpec, seed: int) -> Dataset:
    """Return the data of an experiment: images as uint8 in memory or mapped, split by the seed.

    Parameters
    ----------
    spec
        Which set, how many validation and training samples, which normalisation.
    seed
        The experiment's seed; the split is drawn from its stream ``split``. A set's test part does not depend on it.

    Raises
    ------
    TombolaError
        If the set is unknown, nowhere to be found or damaged, or cannot be split or normalised as asked.
    """
    source, folder = _open(spec)
    return assemble(source.read(folder, spec), spec, seed, source)


def split_names(spec: DataSpec, seed: int) -> dict[str, tuple[str, ...]]:
    """Return the files of every part of a set as an experiment sees them, without reading pixels.

    Raises
    ------
    TombolaError
        As `load` does, and for sets that are no files.
    """
    source, folder = _open(spec)
    names = source.names(folder, spec)
    if not names:
        raise TombolaError(f"'{spec.name}' is no set of image files, so its images have no names")
    own = names.get("validation")
    total = len(names["train"])
    split = draw_split(spec, seed, total, None if own is None else len(own), source.default_validation(total))
    from_own = names["train"] if own is None else own
    return {
        "train": tuple(names["train"][index] for index in split.train),
        "validation": tuple(from_own[index] for index in split.validation),
        "test": names["test"],
    }


def load_data(name: str, *, root: str | PathLike[str] | None = None, seed: int = 0, **fields: Any) -> Dataset:
    """Return an image set by name.

    Parameters
    ----------
    name
        ``"mnist-5k"``, ``"cifar10"``, ...; ``tombola data list`` shows them.
    root
        Folder that holds it, or a parent; default: ``TOMBOLA_DATA``, then the user's cache.
    seed
        Draws the validation part.
    **fields
        Other fields of `DataSpec`: ``validation``, ``train``, ``size``, ``normalisation``, ``augment``.

    Examples
    --------
    >>> data = load_data("digits", normalisation="digits")
    >>> data.input_shape, len(data.train), len(data.validation), len(data.test)
    ((1, 8, 8), 1297, 200, 300)
    """
    place = None if root is None else fspath(root)
    spec = validate({"data": {"name": name, "root": place, **fields}}).data
    return load(spec, seed)


def assemble(images: Images, spec: DataSpec, seed: int, source: Source | None = None) -> Dataset:
    """Return a set that is already in memory, split and normalised as the spec says."""
    channels = images.train.images.shape[1]
    own = None if images.validation is None else len(images.validation)
    total = len(images.train)
    default = max(1, total // 10) if source is None else source.default_validation(total)
    split = draw_split(spec, seed, total, own, default)
    for part in (images.train, images.test, images.validation):
        if part is not None and not 0 <= int(part.labels.min()) <= int(part.labels.max()) < len(images.classes):
            raise TombolaError(
                f"data set '{spec.name}' has labels beyond its {len(images.classes)} classes; number them from 0"
            )
    return Dataset(
        spec.name,
        images.classes,
        images.train.take(split.train),
        (images.validation or images.train).take(split.validation),
        images.test,
        normalisations[spec.normalisation].for_channels(channels),
        spec.augment,
        split,
    )


def _open(spec: DataSpec) -> tuple[Source, Path | None]:
    """Return the source and where it lies, with what can be told before looking into it."""
    source = sets[spec.name]
    _ = normalisations[spec.normalisation], Augmentation(spec.augment)
    if spec.size is not None and not source.resizes:
        raise TombolaError(
            f"data.size = {spec.size}: images of '{spec.name}' all have one size and stay as they are; leave it out"
        )
    if spec.fit != "crop" and not source.resizes:
        raise TombolaError(
            f"data.fit = '{spec.fit}': images of '{spec.name}' all have one size and stay as they are; leave it out"
        )
    if spec.split != "drawn" and not source.divides:
        raise TombolaError(
            f"data.split = '{spec.split}': '{spec.name}' is no set of image files, so no file can say how it is "
            "divided; use drawn"
        )
    return source, locate(spec.name, spec.root)
