"""Answers collected elsewhere: files of MTurk, of Prolific, and published frames; people's ids never pass through."""

from tombola.study.files.derived import read_derived, write_derived
from tombola.study.files.mturk import Imported, read_batches
from tombola.study.files.mturk_batch import batch_images, write_batch
from tombola.study.files.pictures import CLASSES, CONDITIONS, Shown, parse_picture, read_key
from tombola.study.files.prolific import Joined, join_submissions, read_submissions
from tombola.study.files.pseudonyms import pseudonym, read_salt

__all__ = [
    "CLASSES",
    "CONDITIONS",
    "Imported",
    "Joined",
    "Shown",
    "batch_images",
    "join_submissions",
    "parse_picture",
    "pseudonym",
    "read_batches",
    "read_derived",
    "read_key",
    "read_salt",
    "read_submissions",
    "write_batch",
    "write_derived",
]
