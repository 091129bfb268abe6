"""The analysis ``features-sna2023``: similarity of activations as published, by linear stand-ins of the networks."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tombola.analysis.features.detail import shown_pairs
from tombola.analysis.features.grouping import WHOLE, by_condition, grouped
from tombola.analysis.features.published_sna2023 import IMAGES, MATCHINGS, linear_similarity_sna2023
from tombola.data.batches import Prepare
from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.plots.analyses import features_figures as drawing
from tombola.plots.analyses import features_maps as maps
from tombola.plots.analyses import features_matrices as matrices
from tombola.plots.analyses import responses as strongest
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses
from tombola.streams import stream_seed

OPTIONS: dict[str, tuple[Any, str]] = {
    "matching": (
        "max",
        f"one-to-one, most or least similar, or each unit's best: {', '.join(MATCHINGS)}",
    ),
    "images": (IMAGES, "random training images"),
    "seed": (0, "of the choice of images"),
}


def compute(material: Material) -> Result:
    """Similarity of activations as published (SNA 2023): masked weights only, no ReLU, bias, norm or shortcut."""
    options = {name: default for name, (default, _) in OPTIONS.items()} | dict(material.options)
    if material.data is None:
        raise TombolaError(
            "features-sna2023 needs images, and the runs' data set is not known; analyse runs, not files"
        )
    views = by_condition(material.views)
    if len(views) < 2:
        raise TombolaError("features compare networks, and there is one only; choose more replicates or levels")
    images, labels = random_images(material.data, options["images"], options["seed"])
    responding = strongest.gathered(views, images, "linear-sna2023")
    found = linear_similarity_sna2023(views, images, matching=options["matching"])
    rows = []
    for layer, values in [*zip(found.names, found.layers, strict=True), (WHOLE, found.networks)]:
        for a, b in combinations(range(len(views)), 2):
            one, two = views[a], views[b]
            rows.append((one.label, two.label, one.condition, two.condition, layer, float(values[a, b])))
    pairs = pd.DataFrame(rows, columns=["net_a", "net_b", "condition_a", "condition_b", "layer", "similarity"])
    notes = [
        f"{len(views)} networks, effective masks (the publication took nominal ones), layers "
        f"{', '.join(name.removesuffix('.weight') for name in found.names)}; "
        f"{len(images)} random training images without augmentation, the first counted twice. Units that are constant "
        "count as similarity 0. These are not the networks' activations: see the analysis 'features' for those."
    ]
    more = {
        "conditions": {view.label: view.condition for view in views},
        "correlations": {
            (views[a].label, views[b].label): {name: found.correlation(name, a, b) for name in found.names}
            for a, b in shown_pairs(views)
        },
        "chance": {},
        "responses": responding,
    }
    tables = {"groups": _groups(pairs), "pairs": pairs, "responses": strongest.response_table(responding, labels)}
    return Result(tables, notes, "groups", more)


def random_images(data: Dataset, count: int, seed: int) -> tuple[torch.Tensor, NDArray[np.int64]]:
    """Return random training images, normalised, and their labels."""
    generator = torch.Generator().manual_seed(stream_seed(seed, "features-sna2023"))
    chosen = torch.randperm(len(data.train), generator=generator)[:count].numpy()
    few = data.train.take(chosen)
    return Prepare(data.normalisation, torch.device("cpu"))(few.images), few.labels.numpy()


def similarity(result: Result) -> Figure:
    """Return the heat map of all pairs of networks, mean over layers."""
    pairs, conditions = result.tables["pairs"], result.more["conditions"]
    side = float(np.clip(0.4 * len(conditions) + 2.0, 3.6, 9.0))
    figure = Figure(figsize=(side + 0.9, side), layout="constrained")
    values = matrices.square(pairs[pairs.layer == WHOLE], "similarity", list(conditions))
    matrices.network_matrix(figure.subplots(), values, conditions, title="linear activations, as published")
    return figure


def _groups(pairs: pd.DataFrame) -> pd.DataFrame:
    by = grouped(pairs[pairs.layer == WHOLE]).groupby(["within", "group"], sort=False).similarity
    found = by.agg(["mean", "min", "max", "size"]).reset_index().rename(columns={"size": "n_pairs"})
    return found.sort_values("within", ascending=False, kind="stable").reset_index(drop=True)


analyses.register("features-sna2023")(
    Analysis(
        compute,
        {
            "similarity": similarity,
            "correlations": drawing.correlations,
            "correlations_pairs": maps.correlations_pairs,
            "curves": drawing.curves,
            "responses": strongest.responses,
        },
        OPTIONS,
        needs_data=True,
    )
)
