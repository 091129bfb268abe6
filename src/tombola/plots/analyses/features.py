"""The analyses ``features`` and ``features-sna2023``: whether networks come to the same features."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tombola.analysis.features import Activations, Observation, evaluation_images, observe
from tombola.analysis.features.detail import (
    Pair,
    group_table,
    information_table,
    matching_table,
    prediction_table,
    shown_pairs,
)
from tombola.analysis.features.grouping import WHOLE, by_condition, group_features, summary_features
from tombola.analysis.features.stream import BATCH, IMAGES
from tombola.analysis.features.tables import pair_agreement, pair_features, unit_features
from tombola.analysis.wording import count
from tombola.errors import TombolaError
from tombola.plots.analyses import features_figures as figures
from tombola.plots.analyses import features_maps as maps
from tombola.plots.analyses import features_matrices as matrices
from tombola.plots.analyses import responses as strongest
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses

OPTIONS: dict[str, tuple[Any, str]] = {
    "layers": ((), "layer names, by default all prunable ones"),
    "point": ("activation", "activation (after ReLU or tanh, where there is one) or layer (as the layer computes it)"),
    "part": ("validation", "images: train, validation or test"),
    "images": (IMAGES, "how many, from the first on"),
    "batch": (BATCH, "images at a time; results do not depend on it"),
    "chance": (True, "match each pair with different images, too: what similarity arises by chance"),
    "predictors": (5, "units that predict another unit, at most; 0 for no predictions"),
    "bins": (0, "of mutual information, 20 say; 0 for none"),
    "groups": (0, "groups of units of two networks that move together (spectral clustering); 0 for none"),
    "seed": (0, "of spectral clustering"),
}


def compute(material: Material) -> Result:
    """Whether units do the same (convergent learning): matched activations, CKA, CCA, predictors, agreement."""
    options = {name: default for name, (default, _) in OPTIONS.items()} | dict(material.options)
    views = by_condition(material.views)
    images, labels = _images(material, options)
    activations = Activations(views, images, tuple(options["layers"]), options["point"], options["batch"])
    layers = activations.layers
    observation = observe(activations, material.tell)
    unrelated = observe(activations.unrelated(), material.tell) if options["chance"] and len(views) > 1 else None
    pairs = pair_features(views, layers, observation, unrelated, material.tell)
    if pairs.empty:
        raise TombolaError("features compare networks, and there is one only; choose more replicates or levels")
    closer = shown_pairs(views)
    responding = strongest.gathered(views, images)
    groups = group_features(pairs, (*dict.fromkeys(pairs.layer),))
    answers = pair_agreement(views, observation.classes, labels)
    tables = {
        "summary": summary_features(groups, answers),
        "groups": groups,
        "pairs": pairs,
        "agreement": answers,
        "units": unit_features(views, layers, observation),
        "responses": strongest.response_table(responding, labels),
        "matching": matching_table(activations, observation, closer),
    }
    if options["predictors"]:
        tables["prediction"] = prediction_table(
            activations, observation, closer, most=options["predictors"], tell=material.tell
        )
    if options["bins"]:
        tables["information"] = information_table(activations, closer, bins=options["bins"])
    if options["groups"]:
        tables["unit_groups"] = group_table(
            activations, observation, closer, count=options["groups"], seed=options["seed"]
        )
    more = {
        "responses": responding,
        "conditions": {view.label: view.condition for view in views},
        "correlations": _maps(activations, observation, closer, 0),
        "chance": {} if unrelated is None else _maps(activations, unrelated, closer, len(views)),
    }
    return Result(tables, _notes(activations, pairs, options, len(closer)), "summary", more)


def _images(material: Material, options: Mapping[str, Any]) -> tuple[Any, Any]:
    if material.data is None:
        raise TombolaError("features need images, and the runs' data set is not known; analyse runs, not files")
    images, labels = evaluation_images(material.data, options["part"], options["images"])
    return images, labels.numpy()


def _maps(
    activations: Activations, observation: Observation, pairs: Sequence[Pair], second: int
) -> dict[tuple[str, str], dict[str, Any]]:
    """Return correlations of some pairs by layer; `second`: where the second networks begin."""
    return {
        (activations.views[a].label, activations.views[b].label): {
            layer.name: observation.moments(layer.name).correlation(a, second + b) for layer in activations.layers
        }
        for a, b in pairs
    }


def _notes(activations: Activations, pairs: pd.DataFrame, options: Mapping[str, Any], closer: int) -> list[str]:
    views, points = activations.views, activations.points()
    where = "; ".join(f"{name.removesuffix('.weight')} {point}" for name, point in points.items())
    notes = [
        f"{count(len(views), 'network')}, {count(len(views) * (len(views) - 1) // 2, 'pair')}, effective masks, "
        f"{len(activations.images)} {options['part']} images. Activations: {where}. Every place of a convolution's "
        "map is a sample. Values are means over layers of means over units; dead units (constant over all samples) are "
        "left out and counted.",
        f"Predictors, partners and maps are of {count(closer, 'pair')}: the first of every condition and of every two.",
    ]
    dead = pairs[pairs.layer == WHOLE]
    most = int(max(dead.dead_a.max(), dead.dead_b.max()))
    if most:
        notes.append(f"Up to {most} of {int(dead.units.max())} units of a network are dead; see dead_a and dead_b.")
    if options["chance"]:
        notes.append(
            "The best of many correlations is high by chance: chance_matched and chance_semi are what the same "
            "procedure finds when the second network sees other images."
        )
    few = pairs[(pairs.layer != WHOLE) & (pairs.samples < 10 * pairs.units)]
    if len(few):
        names = ", ".join(name.removesuffix(".weight") for name in dict.fromkeys(few.layer))
        notes.append(
            f"Fewer than 10 samples per unit in {names}: CCA is near 1 there whatever the networks do, and CKA that is "
            "not debiased is too high; use more images."
        )
    shared = pairs[(pairs.layer == WHOLE) & np.array([each is True for each in pairs.shared_init])]
    if len(shared):
        notes.append(
            f"{count(len(shared), 'pair')} grew from the same initial weights, which keeps units in their places."
        )
    return notes


analyses.register("features")(
    Analysis(
        compute,
        {
            "similarity": matrices.similarity,
            "layers": figures.by_layer,
            "correlations": figures.correlations,
            "correlations_pairs": maps.correlations_pairs,
            "curves": figures.curves,
            "activations": figures.mean_activations,
            "predictors": figures.predictors,
            "responses": strongest.responses,
        },
        OPTIONS,
        needs_data=True,
    )
)
