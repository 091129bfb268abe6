"""The manifest: what every public picture shows. Part of the key, never served."""

import csv
import hashlib
import io
from collections.abc import Iterable

from tombola.study.design.bench import Drawn
from tombola.study.design.material import Item

COLUMNS = (
    "public_id", "trial", "kind", "role", "variant", "image", "image_class", "source", "file", "condition", "left",
    "right", "predicted", "confidence", "method", "layer", "score", "target", "renderer", "options", "q", "fillers",
    "degenerate", "map_shape", "map_minimum", "map_mean", "map_maximum", "map_nonzero", "predictions", "confidences",
    "rule", "replicate", "ticket", "sha256",
)  # fmt: skip
"""One row per public picture. What a picture does not have (an original has no layer) is empty."""


def manifest(drawn: Iterable[Drawn], items: dict[int, Item], digests: dict[str, str]) -> str:
    """Return the manifest as CSV, in the order of public names, which is no order at all.

    Parameters
    ----------
    drawn
        Every trial with its key.
    items
        Image -> the image with its explanations.
    digests
        Public name -> SHA-256 of the file.
    """
    rows = sorted((row for one in drawn for row in _rows(one, items, digests)), key=lambda row: row["public_id"])
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _rows(one: Drawn, items: dict[int, Item], digests: dict[str, str]) -> Iterable[dict[str, str]]:
    for picture in one.trial.pictures:
        condition, shown = one.shows[picture.name]
        details = {} if shown is None else {k: v for k, v in shown.details.items() if k in COLUMNS}
        yield details | {
            "public_id": picture.name,
            "trial": one.trial.name,
            "kind": one.trial.kind,
            "role": picture.role,
            "variant": str(one.variant),
            "image": str(one.truth.image),
            "image_class": one.truth.image_class,
            "source": items[one.truth.image].source,
            "file": items[one.truth.image].file,
            "condition": condition,
            "left": one.truth.left,
            "right": one.truth.right,
            "predicted": one.truth.predicted,
            "sha256": digests[picture.name],
        }


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
