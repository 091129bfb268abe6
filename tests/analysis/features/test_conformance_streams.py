"""Whatever is computed from streams of activations does not depend on the batch, nor on how tensors lie in memory."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from tombola.analysis.features import Activations, mutual_information, observe
from tombola.analysis.features.tables import pair_agreement, pair_features, unit_features
from tombola.analysis.material import NetworkView

SHAPES = {"a": (6, 2, 3, 3), "b": (5, 6, 3, 3), "c": (7, 5 * 16), "d": (4, 7)}


def drawn(seed: int) -> NetworkView:
    random = np.random.default_rng(seed)
    weights = {n: random.standard_normal(s) * (random.random(s) < 0.5) for n, s in SHAPES.items()}
    return NetworkView.of_arrays(str(seed), weights)


@pytest.fixture(scope="module")
def views() -> list[NetworkView]:
    return [drawn(seed) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(26, 2, 4, 4, generator=torch.Generator().manual_seed(0))


def tables(activations: Activations) -> list[pd.DataFrame]:
    """Return every table of the analysis: correlations, matchings, CKA, CCA, agreement, units, mutual information."""
    seen, unrelated = observe(activations), observe(activations.unrelated())
    labels = torch.arange(len(activations.images)).numpy() % 4
    found = [
        pair_features(activations.views, activations.layers, seen, unrelated),
        pair_agreement(activations.views, seen.classes, labels),
        unit_features(activations.views, activations.layers, seen),
    ]
    information = mutual_information(activations, "b.weight", 0, 1, bins=4)
    return [*found, pd.DataFrame(information.nats)]


def turned(view: NetworkView) -> NetworkView:
    """Return the network with its tensors in another memory format."""
    state = {
        name: value.to(memory_format=torch.channels_last) if value.dim() == 4 else value.T.contiguous().T
        for name, value in view.state.items()
    }
    return replace(view, read=lambda: state)


CHANGES: dict[str, Callable[[Activations], Activations]] = {
    "batch of 1": lambda whole: replace(whole, batch=1),
    "batch of 7": lambda whole: replace(whole, batch=7),
    "batch of 100": lambda whole: replace(whole, batch=100),
    "images channels-last": lambda whole: replace(whole, images=whole.images.to(memory_format=torch.channels_last)),
    "weights channels-last": lambda whole: replace(whole, views=[turned(view) for view in whole.views]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_all_tables_are_the_same_to_rounding(change: str, views: list[NetworkView], images: Tensor) -> None:
    whole = Activations(views, images)
    for expected, found in zip(tables(whole), tables(CHANGES[change](whole)), strict=True):
        assert len(expected)
        for column in expected:
            if expected[column].dtype.kind == "f":
                np.testing.assert_allclose(found[column], expected[column], atol=1e-5, err_msg=str(column))
            else:
                pd.testing.assert_series_equal(found[column], expected[column])
