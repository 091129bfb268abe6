"""Which places of a kernel are kept together, by sign (signs reference, section 12.5)."""

from typing import Literal, get_args

import numpy as np
import pandas as pd
from jaxtyping import Float, Int, Int8

from tombola.analysis.kernel_patterns.kernels import KernelSet

Kind = Literal["pos_pos", "neg_neg", "pos_neg", "neg_pos"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def cooccurrence(flat: Int8[np.ndarray, "kernel place"]) -> dict[Kind, Int[np.ndarray, "place other"]]:
    """Return in how many kernels two places hold weights of given signs.

    ``pos_neg[i, j]`` counts kernels with a positive weight at i and a negative one at j; the diagonal of ``pos_pos``
    and ``neg_neg`` counts kernels with such a weight at i. ``neg_pos`` is the transpose of ``pos_neg``.
    """
    positive, negative = (flat > 0).astype(np.int64), (flat < 0).astype(np.int64)
    return {
        "pos_pos": positive.T @ positive,
        "neg_neg": negative.T @ negative,
        "pos_neg": positive.T @ negative,
        "neg_pos": negative.T @ positive,
    }


def expected_cooccurrence(flat: Int8[np.ndarray, "kernel place"]) -> dict[Kind, Float[np.ndarray, "place other"]]:
    """Return the counts to expect if each kernel had its positive and negative weights at random places."""
    places = flat.shape[1]
    positive, negative = (flat > 0).sum(1).astype(float), (flat < 0).sum(1).astype(float)
    apart = 1 - np.eye(places)
    pairs = max(places * (places - 1), 1)
    return {
        "pos_pos": apart * (positive * (positive - 1)).sum() / pairs + np.eye(places) * positive.sum() / places,
        "neg_neg": apart * (negative * (negative - 1)).sum() / pairs + np.eye(places) * negative.sum() / places,
        "pos_neg": apart * (positive * negative).sum() / pairs,
        "neg_pos": apart * (positive * negative).sum() / pairs,
    }


def cooccurrence_table(kernels: KernelSet) -> pd.DataFrame:
    """Return observed and expected counts of all pairs of places, one row each: 81 per kind in 3x3 kernels."""
    flat, (_, width) = kernels.flat, kernels.window
    observed, expected = cooccurrence(flat), expected_cooccurrence(flat)
    i, j = (index.ravel() for index in np.indices((flat.shape[1],) * 2))
    parts = [
        pd.DataFrame(
            {
                "condition": kernels.condition,
                "kind": kind,
                "row": i // width,
                "column": i % width,
                "other_row": j // width,
                "other_column": j % width,
                "kernels": observed[kind].ravel(),
                "expected": expected[kind].ravel(),
            }
        )
        for kind in KINDS
    ]
    return pd.concat(parts, ignore_index=True)
