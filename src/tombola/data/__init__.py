"""Named image sets as uint8 tensors, with a recorded split and named normalisation. User guide: docs/data.md."""

from tombola.data import cifar, embedded, folders, idx, own_folder, shapes, svhn, tensors, warps
from tombola.data.arrays import as_part
from tombola.data.catalogue import Listed, list_sets
from tombola.data.contamination import Contamination, clean_samples, contamination
from tombola.data.dataset import Dataset, Part, Split, label_counts, object_boxes, object_masks
from tombola.data.loading import Info, assemble, describe, load, load_data, prepare, split_names
from tombola.data.normalisation import Normalisation, normalisations
from tombola.data.pulling import pull
from tombola.data.source import Download, Images, Source, Survey, Work, register, sets
from tombola.data.split import Sizes
from tombola.data.split_file import SPLIT_FILE, names_of, read_split, write_split

__all__ = [
    "SPLIT_FILE",
    "Contamination",
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
    "clean_samples",
    "contamination",
    "describe",
    "embedded",
    "folders",
    "idx",
    "label_counts",
    "list_sets",
    "load",
    "load_data",
    "names_of",
    "normalisations",
    "object_boxes",
    "object_masks",
    "own_folder",
    "prepare",
    "pull",
    "read_split",
    "register",
    "sets",
    "shapes",
    "split_names",
    "svhn",
    "tensors",
    "warps",
    "write_split",
]
