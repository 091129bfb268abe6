"""Tables of contribution scores: neuron ids, dead units, halves, classes, agreement, what clusters carry."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tombola.analysis.contributions import (
    Images,
    agreement,
    agreement_summary,
    cluster_contributions,
    findings,
    gini,
    score_correlations,
    score_summary,
    stage_agreement,
    unit_scores,
    with_clusters,
)
from tombola.analysis.contributions.published_scores import join_scores, read_scores, write_scores
from tombola.analysis.contributions.scores import shares
from tombola.analysis.contributions.summary import spearman
from tombola.analysis.material import NetworkView
from tombola.data import load
from tombola.errors import TombolaError
from tombola.specs import DataSpec

METHODS = ("outgoing-gradient", "contribution-signs2024", "gradient-activation", "ablation-loss")


def network(seed: int, **more: object) -> NetworkView:
    """A network of 6, 5 and 3 units; of its first layer unit 1 has no inputs (but a bias) and unit 4 no outputs."""
    random = np.random.default_rng(seed)
    weights = {"a": random.normal(size=(6, 8)), "b": random.normal(size=(5, 6)), "c": random.normal(size=(3, 5))}
    weights["a"][1], weights["b"][:, 4] = 0, 0
    biases = {"a": np.full(6, 0.5), "b": np.zeros(5)}
    return NetworkView.of_arrays(f"n{seed}", weights, biases=biases, replicate=seed, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def images() -> Images:
    generator = torch.Generator().manual_seed(3)
    return Images(((torch.randn(41, 1, 1, 8, generator=generator), torch.arange(41) % 3),), 3)


@pytest.fixture(scope="module")
def tables(images: Images) -> tuple[pd.DataFrame, pd.DataFrame]:
    return unit_scores([network(seed) for seed in range(3)], images, METHODS)


def test_every_unit_has_a_row_and_its_id(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    scores, _ = tables
    assert len(scores) == 3 * (6 + 5) * len(METHODS)
    one = scores[(scores.network_id == "n1") & (scores.method == "ablation-loss") & (scores.layer == "a.weight")]
    assert one.neuron.to_list() == [0, 1, 2, 3, 4, 5]
    assert one.dead.to_list() == ["", "no incoming", "", "", "no outgoing", ""]
    assert one.constant.to_list() == [False, True, False, False, True, False]  # biases of 0.5


def test_dead_units_have_0_or_with_the_published_entry_no_score(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    scores, classes = tables
    dead = scores[scores.dead != ""].set_index(["method", "dead"])
    for method in METHODS:
        assert (dead.loc[(method, "no outgoing"), "score"] == 0).all()
        deaf = dead.loc[(method, "no incoming"), "score"]
        assert deaf.isna().all() if method == "contribution-signs2024" else (deaf == 0).all()
    ablated = classes[(classes.method == "ablation-loss") & (classes.layer == "a.weight") & (classes.neuron == 1)]
    assert (ablated.score == 0).all()


def test_shares_add_up_to_1_in_every_layer(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    scores, _ = tables
    sums = scores.groupby(["method", "network_id", "layer"]).share.sum(min_count=1)
    assert sums["ablation-loss"].isna().all()  # signed
    assert sums.drop("ablation-loss").to_numpy() == pytest.approx(1)
    whole, published = (
        scores[(scores.method == name) & (scores.dead == "")]
        for name in ("outgoing-gradient", "contribution-signs2024")
    )
    assert whole.score.to_numpy() == pytest.approx(published.score.to_numpy())


def test_halves_and_classes_average_to_the_whole(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    scores, classes = tables
    whole = (21 * scores.first_half + 20 * scores.second_half) / 41
    assert whole.to_numpy() == pytest.approx(scores.score.to_numpy(), nan_ok=True)
    counts = pd.Series({0: 14, 1: 14, 2: 13})
    weighted = classes.assign(sum=classes.score * classes.true_class.map(counts) / 41)
    keys = ["network_id", "layer", "neuron", "method"]
    added = weighted.groupby(keys)["sum"].sum(min_count=3)
    assert added.loc[scores.set_index(keys).index].to_numpy() == pytest.approx(scores.score.to_numpy(), nan_ok=True)


def test_images_are_evenly_spaced_and_parts_are_checked() -> None:
    data = load(DataSpec(name="digits"), 0)
    few, whole = Images.of(data, "test", 50), Images.of(data, "test")
    assert (len(few), len(whole)) == (50, 300)
    labels = [torch.cat([labels for _, labels in images.batches]) for images in (few, whole)]
    assert torch.equal(labels[0], labels[1][::6])
    assert len(Images.of(data, "validation", 10_000)) == 200
    with pytest.raises(TombolaError, match="part = 'tests'"):
        Images.of(data, "tests")


@given(npst.arrays(np.float64, st.integers(1, 30), elements=st.just(0.0) | st.floats(1e-9, 1e6)))
def test_gini_is_the_mean_difference(values: np.ndarray) -> None:
    found = gini(values)
    if values.sum() == 0:
        assert np.isnan(found)
    else:
        differences = np.abs(values[:, None] - values[None]).mean()
        assert found == pytest.approx(differences / (2 * values.mean()), rel=1e-6, abs=1e-9)


def test_shares_of_nothing() -> None:
    assert shares(np.zeros(3)).tolist() == [0, 0, 0]
    assert shares(np.array([1.0, np.nan, 3.0]))[[0, 2]].tolist() == [0.25, 0.75]


def test_spearman_is_scipys() -> None:
    random = np.random.default_rng(0)
    columns = np.round(random.normal(size=(50, 3)), 1)  # with ties
    wanted = [scipy.stats.spearmanr(columns[:, 0], columns[:, k]).statistic for k in (1, 2)]
    assert spearman(columns) == pytest.approx(wanted)
    assert np.isnan(spearman(np.ones((5, 2)))).all()
    assert np.isnan(spearman(columns[:2])).all()


def known(networks: int = 4, units: int = 20) -> pd.DataFrame:
    """Scores that rise with sign_rate_in, and fall with prune_rate_in in every other network only."""
    rows = []
    for number in range(networks):
        x = np.linspace(0, 1, units)
        parts = {
            "score": x,
            "share": x / x.sum(),
            "sign_rate_in": x,
            "prune_rate_in": -x if number % 2 else x,
            "prune_rate_out": np.random.default_rng(number).random(units),
            "sign_rate_out": np.full(units, 0.5),
        }
        rows.append(pd.DataFrame(parts).assign(network_id=f"n{number}", replicate=number, neuron=range(units)))
    table = pd.concat(rows, ignore_index=True)
    return table.assign(condition="c", stage="trained", level=1, layer="l", method="m", dead="", control="none")


def test_correlations_have_intervals_over_networks() -> None:
    table = score_correlations(known()).set_index("variable")
    assert table.loc["sign_rate_in", ["correlation", "low", "high"]].to_list() == pytest.approx([1, 1, 1])
    assert table.loc["prune_rate_in", "low"] < -0.4 < 0.4 < table.loc["prune_rate_in", "high"]
    assert np.isnan(table.loc["sign_rate_out", "correlation"])
    assert (table.networks == 4).all()
    assert score_correlations(known(1)).low.isna().all()


def test_summary() -> None:
    row = score_summary(known()).iloc[0]
    assert (row.networks, row.units, row.zeros) == (4, 80, 4)
    assert row.gini == pytest.approx(gini(np.linspace(0, 1, 20)))
    assert row.top_5_percent == pytest.approx(1 / np.linspace(0, 1, 20).sum())
    assert row.percentile_95 == pytest.approx(np.percentile(known().share, 95))


def test_agreement_is_by_network_and_leaves_dead_units_out(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    scores, _ = tables
    found = agreement(scores)
    assert set(found.method) == set(METHODS) - {"ablation-loss"}
    first = found[(found.layer == "a.weight") & (found.method == "gradient-activation")]
    assert (first.units == 4).all()
    living = scores[(scores.network_id == "n2") & (scores.layer == "a.weight") & (scores.dead == "")]
    pair = [living[living.method == name].score for name in ("gradient-activation", "ablation-loss")]
    assert first[first.network_id == "n2"].correlation.item() == pytest.approx(scipy.stats.spearmanr(*pair).statistic)
    spread = agreement_summary(found)
    assert (spread.networks == 3).all()
    assert agreement(scores[scores.method != "ablation-loss"]).empty


def test_stages_of_one_network_are_compared(images: Images) -> None:
    stages = [network(0, stage="initial"), network(0, stage="trained")]
    scores, _ = unit_scores(stages, images, METHODS[:1])
    found = stage_agreement(scores)
    assert set(found.stages) == {"initial - trained"}
    assert found.correlation.to_numpy() == pytest.approx(1)
    assert stage_agreement(scores[scores.stage == "trained"]).empty


def test_clusters_carry_what_their_units_do() -> None:
    scores = known(2, 10)
    units = scores[["network_id", "condition", "stage", "layer", "neuron"]]
    rows = units.assign(cluster=(scores.neuron >= 8).astype(int))
    table = cluster_contributions(with_clusters(scores, rows)).set_index("cluster")
    x = np.linspace(0, 1, 10)
    assert table.loc[1, "share"] == pytest.approx(x[8:].sum() / x.sum())
    assert table.loc[1, "score"] == pytest.approx(x[8:].mean() / x.sum())
    assert table.loc[1, "ratio"] == pytest.approx(0.2)
    assert table.score_word.to_dict() == {0: "lowest", 1: "highest"}
    assert table.loc[1, ["share_low", "share_high"]].to_list() == pytest.approx([x[8:].sum() / x.sum()] * 2)


def test_what_is_found_is_said() -> None:
    words = {"sign_rate_in_word": "positive", "sign_rate_out_word": "balanced", "condition": "c", "layer": "l"}
    rows = [
        words | {"cluster": i, "ratio": r, "share": s} for i, (r, s) in enumerate([(0.1, 0.6), (0.8, 0.4), (0.1, 0)])
    ]
    said = findings(pd.DataFrame(rows))
    assert len(said) == 2
    assert said[0].endswith(
        "10.0% of the units (cluster 0: positive inputs and balanced outputs) carry 60% of the contribution."
    )
    assert "next to nothing" in said[1]


def test_published_files_out_and_in(tmp_path: Path, tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    scores, _ = tables
    published = scores[scores.method == "contribution-signs2024"].assign(condition="CIFAR")
    files = write_scores(published, tmp_path)
    assert {file.name for file in files} == {f"c_scores_dense{d}_CIFAR_wt{i}.npy" for d in (1, 2) for i in range(3)}
    values = read_scores(tmp_path / "c_scores_dense1_CIFAR_wt0.npy")
    assert (values.dtype, len(values), values.sum()) == (np.float64, 5, pytest.approx(1))  # one of six is dead
    rows = published[published.score.notna()][["condition", "replicate", "layer", "network_id"]]
    rows = rows.assign(layer=rows.layer.map({"a.weight": "dense1", "b.weight": "dense2"}))
    joined = join_scores(tmp_path, rows)
    assert joined.share.to_numpy() == pytest.approx(published.share.dropna().to_numpy())
    with pytest.raises(TombolaError, match="has 5 scores and the network 4"):
        join_scores(tmp_path, rows.iloc[1:])
    with pytest.raises(TombolaError, match="holds no scores"):
        join_scores(tmp_path / "none", rows)


def test_no_objects_are_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "o.npy", np.array([{}]), allow_pickle=True)
    np.save(tmp_path / "i.npy", np.array([1]))
    with pytest.raises(TombolaError, match="cannot be read"):
        read_scores(tmp_path / "o.npy")
    with pytest.raises(TombolaError, match="one number per neuron"):
        read_scores(tmp_path / "i.npy")
