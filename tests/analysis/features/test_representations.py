"""CKA, CCA, agreement, and the linear pipeline as published."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tombola.analysis.features import (
    Activations,
    Moments,
    agreement,
    canonical_correlations,
    debiased_cka,
    linear_cka,
    linear_similarity_sna2023,
    mean_cca,
    observe,
    svcca,
)
from tombola.analysis.features.grouping import WHOLE
from tombola.analysis.features.tables import pair_features
from tombola.analysis.material import NetworkView
from tombola.data import load
from tombola.data.batches import Prepare
from tombola.errors import TombolaError
from tombola.specs import DataSpec

Build = Callable[..., NetworkView]
Make = Callable[..., Moments]


def centred(kernel: np.ndarray) -> np.ndarray:
    """U-centred kernel matrix (Szekely & Rizzo 2014): what unbiased HSIC is the mean product of."""
    n = len(kernel)
    kernel = kernel - np.diag(np.diag(kernel))
    rows = kernel.sum(1) / (n - 2)
    kernel = kernel - rows[:, None] - rows[None, :] + kernel.sum() / ((n - 1) * (n - 2))
    return kernel - np.diag(np.diag(kernel))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(4, 30))
def test_cka_from_moments_is_that_of_kernel_matrices(moments_of: Make, seed: int, samples: int) -> None:
    random = np.random.default_rng(seed)
    x, y = random.standard_normal((samples, 3)) + 5, random.standard_normal((samples, 4))
    y[:, :2] += x[:, :2]
    moments, kernels = moments_of(x, y), [each @ each.T for each in (x, y)]
    one, two = map(centred, kernels)
    expected = (one * two).sum() / np.sqrt((one**2).sum() * (two**2).sum())
    assert debiased_cka(moments, 0, 1) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    h = np.eye(samples) - 1 / samples
    one, two = (h @ kernel @ h for kernel in kernels)
    assert linear_cka(moments, 0, 1) == pytest.approx((one * two).sum() / np.sqrt((one**2).sum() * (two**2).sum()))


def test_only_the_debiased_cka_of_unrelated_networks_is_none(moments_of: Make) -> None:
    random = np.random.default_rng(0)
    moments = moments_of(random.standard_normal((100, 60)), random.standard_normal((100, 60)))
    assert linear_cka(moments, 0, 1) > 0.3
    assert abs(debiased_cka(moments, 0, 1)) < 0.05
    assert mean_cca(moments, 0, 1) > 0.5  # as little as correlation means without samples enough


def test_canonical_correlations_do_not_see_linear_maps(moments_of: Make) -> None:
    random = np.random.default_rng(1)
    x = random.standard_normal((500, 4))
    moments = moments_of(x, x @ random.standard_normal((4, 4)) + 2, random.standard_normal((500, 4)))
    assert mean_cca(moments, 0, 1) == pytest.approx(1)
    assert mean_cca(moments, 0, 2) < 0.2
    assert canonical_correlations(moments, 0, 1).shape == (4,)


def test_svcca_leaves_directions_of_little_variance_out(moments_of: Make) -> None:
    random = np.random.default_rng(2)
    shared = random.standard_normal((2000, 2))
    sides = [np.concatenate([shared, 0.01 * random.standard_normal((2000, 2))], 1) for _ in range(2)]
    moments = moments_of(*sides)
    assert svcca(moments, 0, 1) == pytest.approx(1)
    assert mean_cca(moments, 0, 1) == pytest.approx(0.5, abs=0.05)
    assert len(canonical_correlations(moments, 0, 1, variance=0.99)) == 2


def test_networks_without_living_units_have_no_similarity(moments_of: Make) -> None:
    moments = moments_of(np.ones((10, 2)), np.random.default_rng(0).standard_normal((10, 2)))
    for similarity in (linear_cka, debiased_cka, mean_cca, svcca):
        assert np.isnan(similarity(moments, 0, 1))


def test_a_shuffled_copy_is_the_same_to_all_of_them(net: Build, noise: Tensor) -> None:
    found = observe(Activations([net(4, "one"), net(4, "copy", shuffle=1), net(5, "other")], noise))
    for layer in ("a.weight", "b.weight", "c.weight"):
        moments = found.moments(layer)
        for similarity in (linear_cka, debiased_cka, mean_cca, svcca):
            assert similarity(moments, 0, 1) == pytest.approx(1, abs=1e-5)
        assert debiased_cka(moments, 0, 2) < 0.9


def test_agreement_of_answers() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2, 2, 2])
    one, two = np.array([0, 1, 1, 0, 2, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 2, 2, 0])
    found = agreement(one, two, labels)
    assert found.accuracy == (0.75, 0.625)
    assert found.images == 8
    assert found.disagreement == 2 / 8
    assert found.expected == pytest.approx(1 - 0.75 * 0.625)
    assert found.shared_errors == pytest.approx(2 / 3)
    assert found.same_wrong == 0.5
    chance = 0.25 * 0.375 + 0.75 * 0.625
    assert found.error_kappa == pytest.approx((7 / 8 - chance) / (1 - chance))
    perfect = agreement(labels, labels, labels)
    assert perfect.disagreement == 0
    assert np.isnan(perfect.shared_errors)
    assert np.isnan(perfect.error_kappa)


def test_the_published_pipeline_counts_the_first_image_twice(net: Build, noise: Tensor) -> None:
    one, two = net(0, "one"), net(1, "two")
    found = linear_similarity_sna2023([one, two], noise)
    x = torch.cat([noise[:1], noise]).flatten(1).numpy().astype(np.float64)
    chains = []
    for view in (one, two):
        values, chain = x, []
        for layer in view.layers:
            values = values @ view.weights(layer.name).T.astype(np.float64)
            chain.append(values)
        chains.append(chain)
    expected = np.nan_to_num(np.corrcoef(chains[0][1].T, chains[1][1].T)[:12, 12:])
    np.testing.assert_allclose(found.correlation("b.weight", 0, 1), expected, atol=1e-5)
    assert found.networks.diagonal().tolist() == [1, 1]
    assert found.networks[0, 1] == found.networks[1, 0]
    least = linear_similarity_sna2023([one, two], noise, matching="min").networks[0, 1]
    semi = linear_similarity_sna2023([one, two], noise, matching="semi").networks[0, 1]
    assert least < 0 < found.networks[0, 1] <= semi
    with pytest.raises(TombolaError, match="did you mean 'semi'"):
        linear_similarity_sna2023([one, two], noise, matching="semmi")  # type: ignore[arg-type]


def test_the_published_pipeline_takes_constant_units_as_0(noise: Tensor) -> None:
    weight = np.zeros((4, 20), np.float32)
    weight[:2] = np.random.default_rng(0).standard_normal((2, 20))
    view = NetworkView.of_arrays("half", {"a": weight})
    found = linear_similarity_sna2023([view, view], noise)
    assert found.layers[0, 0, 1] == pytest.approx(0.5)  # two pairs at 1, two at 0


def test_the_published_pipeline_averages_maps_of_convolutions() -> None:
    random = np.random.default_rng(0)
    shapes = {"a": (4, 2, 3, 3), "b": (3, 4, 3, 3), "c": (5, 3 * 16)}
    full = NetworkView.of_arrays("n", {name: random.standard_normal(shape) for name, shape in shapes.items()})
    images = torch.randn(6, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    with pytest.raises(TombolaError, match="takes 48 numbers"):
        linear_similarity_sna2023([full, full], images)
    convolutions = NetworkView.of_arrays("n", {name: full.weights(f"{name}.weight") for name in ("a", "b")})
    found = linear_similarity_sna2023([convolutions, convolutions], images)
    assert found.moments["b.weight"].count == 7 * 16
    assert found.networks[0, 1] == pytest.approx(1)


STORED = Path(__file__).parents[4] / "shared/data/seeds/sparse_analysis/All_Results/FC/10"
STATES = {"gem": "model_after_finetune.pth", "syn": "post-model.pt", "rnd": "post-model.pt"}


KINDS = ("gem", "syn", "rnd")


def stored(kind: str, replicate: int, *, nominal: bool) -> NetworkView:
    """The published FC network of 10 %, with the nominal mask, which was analysed, or the effective one."""
    file = STORED / f"{kind}_10_{replicate}" / STATES[kind]
    state = torch.load(file, weights_only=True, map_location="cpu")
    prefix, flag = ("model.", "flag") if kind == "gem" else ("", "weight_mask")
    places = {f"layer{number}": f"{prefix}{number}" for number in (1, 3, 5, 7, 9, 11)}
    mask = {name: state[f"{place}.{flag}"].numpy() != 0 for name, place in places.items()}
    if kind == "gem" and not nominal:
        mask = {name: keep & (state[f"{places[name]}.scores"].numpy() > 0.5) for name, keep in mask.items()}
    weights = {name: np.where(mask[name], state[f"{place}.weight"].numpy(), 0) for name, place in places.items()}
    biases = {name: state[f"{place}.bias"].numpy() for name, place in places.items() if f"{place}.bias" in state}
    return NetworkView.of_arrays(f"{kind}{replicate}", weights, mask=mask, biases=biases)


@pytest.fixture(scope="module")
def published_images(data_root: Path) -> Tensor:
    if not STORED.is_dir():
        pytest.skip("the stored networks do not lie beside the project (../shared/data/seeds/sparse_analysis)")
    data = load(DataSpec(name="mnist", root=str(data_root), normalisation="mnist"), 0)
    return Prepare(data.normalisation, torch.device("cpu"))(data.train.images[:600])


def group_means(values: np.ndarray) -> list[float]:
    """Means of a matrix of gem, syn, rnd (two each): within each, then gem-syn, gem-rnd, syn-rnd."""
    within = [values[0, 1], values[2, 3], values[4, 5]]
    return [*within, values[:2, 2:4].mean(), values[:2, 4:].mean(), values[2:4, 4:].mean()]


@pytest.mark.data
def test_published_group_means(published_images: Tensor) -> None:
    """Sparse-analysis reference, section 7.6: FC 10 %, three replicates there, two here, other random images."""
    views = [stored(kind, replicate, nominal=True) for kind in KINDS for replicate in (21, 42)]
    found = linear_similarity_sna2023(views, published_images).networks
    assert group_means(found) == pytest.approx([0.44, 0.53, 0.37, 0.41, 0.26, 0.34], abs=0.02)


@pytest.mark.data
def test_group_means_of_true_activations(published_images: Tensor) -> None:
    """Sparse-analysis reference, section 7.6, last numbers: effective masks, biases, ReLU; dead units count as 0."""
    views = [stored(kind, replicate, nominal=False) for kind in KINDS for replicate in (21, 42)]
    activations = Activations(views, published_images)
    pairs = pair_features(views, activations.layers, observe(activations))
    whole = pairs[pairs.layer == WHOLE]
    labels = [view.label for view in views]
    found = np.zeros((6, 6))
    for row in whole.itertuples():
        found[labels.index(row.net_a), labels.index(row.net_b)] = row.matched_dead_as_0
    assert group_means(found) == pytest.approx([0.42, 0.49, 0.24, 0.36, 0.19, 0.20], abs=0.025)
    dead = whole[whole.net_a == "gem21"].dead_a.iloc[0]
    assert dead == 72 + 50 + 56 + 55 + 27  # section 5: units without survivors; none else is dead
