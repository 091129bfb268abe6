"""Named image sets as uint8 tensors, with a recorded split and named normalisation. User guide: docs/data.md."""

from tombola.data import cifar, embedded, folders, idx, own_folder, svhn, tensors
from tombola.data.arrays import as_part
from tombola.data.catalogue import Listed, list_sets
from tombola.data.dataset import Dataset, Part, Split, label_counts
from tombola.data.loading import Info, assemble, describe, load, load_data, prepare
from tombola.data.normalisation import Normalisation, normalisations
from tombola.data.pulling import pull
from tombola.data.source import Download, Images, Source, Survey, Work, register, sets
from tombola.data.split import Sizes

__all__ = [
    "Dataset",
    "Download",
    "Images",
    "Info",
    "Listed",
    "Normalisation",
    "Part",
    "Sizes",
    "Source",
    "Split",
    "Survey",
    "Work",
    "as_part",
    "assemble",
    "cifar",
    "describe",
    "embedded",
    "folders",
    "idx",
    "label_counts",
    "list_sets",
    "load",
    "load_data",
    "normalisations",
    "own_folder",
    "prepare",
    "pull",
    "register",
    "sets",
    "svhn",
    "tensors",
]
