"""Metrics of one network's maps, as rows of a table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from tombola.explain.attribute import Attribution, attribute
from tombola.explain.metrics import Case, measure
from tombola.explain.network import ExplainedNetwork
from tombola.explain.pictures import Pictures
from tombola.explain.plan import Plan

PLACE = ["replicate", "level", "control", "repetition", "condition", "density", "compression_rate", "method"]
VALUES = [*PLACE, "image", "label", "predicted", "correct", "metric", "value"]
"""Columns of the table of values: one row per network, image and metric; a missing value is empty."""


def measured(
    view: ExplainedNetwork,
    found: Attribution,
    shown: Pictures,
    plan: Plan,
    names: Sequence[str],
    module: nn.Module,
    dense: Float[np.ndarray, "n y x"] | None,
    judge: nn.Module | None,
) -> pd.DataFrame:
    """Return the values of metrics, of every image; columns are `VALUES`.

    Parameters
    ----------
    view, module
        The network.
    found, shown
        Its maps, and the images.
    plan
        How the maps were made.
    names
        Of the metrics.
    dense, judge
        As in `tombola.explain.metrics.Case`.
    """
    options = plan.options if found.method == plan.method else None

    def again(images: Tensor, targets: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n y x"]:
        target = torch.from_numpy(targets)
        return attribute(
            module, images, found.method, plan.layer, target, score=plan.score, seed=plan.seed, options=options
        ).maps

    labels = shown.labels.numpy()
    case = Case(
        found.maps,
        shown.images,
        found.targets,
        module,
        labels,
        None if shown.boxes is None else shown.boxes.numpy(),
        None if shown.objects is None else shown.objects.numpy(),
        dense,
        judge,
        again,
        seed=plan.seed,
    )
    columns: dict[str, Any] = {name: getattr(view, name) for name in PLACE[:-1]} | {
        "method": found.method,
        "image": shown.indices,
        "label": labels,
        "predicted": found.predicted,
        "correct": found.predicted == labels,
    }
    frames = [
        pd.DataFrame({**columns, "metric": name, "value": values}) for name, values in measure(case, names).items()
    ]
    return pd.concat(frames, ignore_index=True)[VALUES] if frames else pd.DataFrame(columns=VALUES)
