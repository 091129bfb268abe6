import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.analysis.clusters import clusterings, find_clusters, match_labels, silhouette, stability, standardised
from tombola.analysis.clusters.choice import choose_k, k_curve
from tombola.analysis.clusters.methods import numbered_by_size
from tombola.analysis.signs.table import VARIABLES
from tombola.errors import TombolaError

CENTRES = np.array([[0.90, 0.3, 0.5, 0.5], [0.95, 0.3, 0.2, 0.5], [0.90, 0.2, 0.7, 0.6]])


def blobs(sizes: tuple[int, ...] = (60, 40, 20), shift: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three groups of units that lie well apart, and which is which."""
    random = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    return CENTRES[truth] + shift + random.normal(0, 0.004, (len(truth), 4)), truth


def table(condition: str = "a", networks: int = 4, **options: object) -> pd.DataFrame:
    points, truth = blobs(**options)  # type: ignore[arg-type]
    rows = pd.DataFrame(points, columns=list(VARIABLES)).assign(truth=truth, condition=condition, layer="dense1")
    return rows.assign(network_id=[f"{condition}{i % networks}" for i in range(len(rows))])


@pytest.mark.parametrize("name", list(clusterings))
class TestEveryClustering:
    """Conformance of whatever is registered."""

    def test_finds_what_lies_apart(self, name: str) -> None:
        points, truth = blobs()
        labels = clusterings[name](points, [3])[3]
        assert len(np.unique(np.stack([labels, truth]), axis=1).T) == 3

    def test_says_the_same_twice_and_in_another_order(self, name: str) -> None:
        points, _ = blobs(seed=1)
        one = clusterings[name](points, [3], 5)[3]
        assert (one == clusterings[name](points, [3], 5)[3]).all()
        order = np.random.default_rng(0).permutation(len(points))
        turned = clusterings[name](points[order], [3], 5)[3]
        assert len(np.unique(np.stack([one[order], turned]), axis=1).T) == 3

    def test_labels_are_0_to_k(self, name: str) -> None:
        points, _ = blobs()
        for k, labels in clusterings[name](points, [1, 2, 3]).items():
            assert labels.shape == (len(points),)
            assert set(labels) == set(range(k))

    def test_more_clusters_than_units_are_refused(self, name: str) -> None:
        with pytest.raises(TombolaError, match=r"k = 4: there are 2 different units"):
            clusterings[name](np.repeat(np.eye(4)[:2], 5, 0), [4])


def test_scaling_decides() -> None:
    """Two groups in a variable of small spread, noise in one of large: only standardised do they come out."""
    random = np.random.default_rng(0)
    truth = np.repeat([0, 1], 100)
    points = np.stack([0.01 * truth, random.uniform(0, 0.1, 200), np.zeros(200), np.zeros(200)], 1)
    scaled, unscaled = clusterings["ward"](points, [2])[2], clusterings["ward-signs2024"](points, [2])[2]
    assert abs(np.corrcoef(scaled, truth)[0, 1]) == pytest.approx(1)
    assert abs(np.corrcoef(unscaled, truth)[0, 1]) < 0.5
    assert clusterings["ward-signs2024"].k == 4
    assert not clusterings["ward-signs2024"].joint


def test_a_constant_variable_is_no_trouble() -> None:
    assert standardised(np.array([[1.0, 2.0], [1.0, 4.0]])).tolist() == [[0.0, -1.0], [0.0, 1.0]]


def test_the_largest_cluster_is_0() -> None:
    assert numbered_by_size(np.array([7, 3, 3, 9, 9, 1])).tolist() == [2, 0, 0, 1, 1, 3]


@pytest.mark.parametrize("criterion", ["silhouette", "gap", "bic"])
def test_every_criterion_finds_three(criterion: str) -> None:
    curve = k_curve(blobs()[0], clusterings["ward"], most=6)
    assert curve.k.to_list() == [1, 2, 3, 4, 5, 6]
    assert choose_k(curve, criterion) == 3
    assert np.isnan(curve.silhouette[0])


def test_one_cloud_has_one_cluster_by_the_gap() -> None:
    points = np.random.default_rng(0).normal(size=(200, 4))
    assert choose_k(k_curve(points, clusterings["ward"], most=5), "gap") == 1
    with pytest.raises(TombolaError, match="criterion 'elbow'"):
        choose_k(k_curve(points, clusterings["ward"], most=2), "elbow")


def test_silhouette_by_hand() -> None:
    """Points 0, 1 | 4: (3.5-1)/3.5 for ... a = 1, b = 4 and 3; a singleton counts 0."""
    found = silhouette(np.array([[0.0], [1.0], [4.0]]), np.array([0, 0, 1]))
    assert found == pytest.approx(((4 - 1) / 4 + (3 - 1) / 3 + 0) / 3)


def test_stability_is_1_for_what_lies_apart_and_small_for_noise() -> None:
    points, truth = blobs()
    networks = np.arange(len(points)) % 6
    assert stability(points, truth, networks, clusterings["ward"], repeats=5).min() == pytest.approx(1)
    noise = np.random.default_rng(1).normal(size=(120, 4))
    labels = clusterings["ward"](noise, [4])[4]
    assert stability(noise, labels, networks, clusterings["ward"], repeats=10).mean() < 0.7


@settings(max_examples=25, deadline=None)
@given(st.permutations([0, 1, 2]), st.floats(-0.02, 0.02))
def test_labels_are_matched_whatever_they_were(order: list[int], shift: float) -> None:
    reference, truth = blobs()
    other, own = blobs((30, 50, 40), shift, seed=3)
    assert (match_labels(other, np.array(order)[own], reference, truth) == own).all()


def test_a_cluster_without_a_counterpart_gets_a_new_number() -> None:
    reference, truth = blobs()
    few = truth < 2
    matched = match_labels(reference, truth, reference[few], truth[few])
    assert matched.tolist() == truth.tolist()
    assert set(match_labels(reference[few], truth[few], reference, truth)) == {0, 1}


def test_conditions_together_and_apart() -> None:
    rows = pd.concat([table("a"), table("b", sizes=(20, 70, 30), shift=0.01, seed=2)])
    together, apart = find_clusters(rows, seed=1), find_clusters(rows, joint=False, method="ward")
    for found in (together, apart):
        assert (found.rows.groupby("truth").cluster.nunique() == 1).all()
        assert (found.quality.k == 3).all()
        assert (found.quality.stability > 0.95).all()
        assert set(found.quality.chosen_by) == {"silhouette"}
    assert together.quality.condition.to_list() == ["all"]
    assert apart.quality.condition.to_list() == ["a", "b"]
    assert apart.quality.units.to_list() == [120, 120]
    assert set(apart.quality.scaling) == {"standardised"}


def test_a_given_k_is_kept_and_the_published_entry_has_its_own() -> None:
    assert find_clusters(table(), k=2).quality.iloc[0][["k", "chosen_by"]].to_list() == [2, "given"]
    published = find_clusters(table(), method="ward-signs2024").quality.iloc[0]
    assert published[["k", "chosen_by", "scaling", "condition"]].to_list() == [4, "method", "unscaled", "a"]


def test_small_layers_are_left_out_and_dead_units_too() -> None:
    small = table(sizes=(4, 3)).assign(layer="dense2")
    dead = table(sizes=(20, 20)).assign(**dict.fromkeys(VARIABLES, np.nan))
    found = find_clusters(pd.concat([table(), small, dead]), k=3)
    assert found.left_out == ("dense2",)
    assert len(found.rows) == 120
    with pytest.raises(TombolaError, match="nothing to cluster"):
        find_clusters(small)
    with pytest.raises(TombolaError, match="k = 0"):
        find_clusters(table(), k=0)
