from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tombola.analysis.clusters import cluster_stats, network_ratios, ratio_intervals, verbal_table
from tombola.analysis.clusters.published_clusters import published_stats, read_clustered, read_stats, write_clusters
from tombola.analysis.clusters.verbal import ranked, sign_word
from tombola.analysis.signs.table import VARIABLES
from tombola.errors import TombolaError


def rows() -> pd.DataFrame:
    """Two networks of four units, three clusters; values by hand."""
    table = pd.DataFrame(
        {
            "prune_rate_in": [0.9, 0.8, 0.9, 0.5, 0.9, 0.8, 0.7, 0.5],
            "prune_rate_out": [0.1, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.4],
            "sign_rate_in": [0.6, 0.6, 0.5, 0.4, 0.6, 0.6, 0.5, 0.4],
            "sign_rate_out": [0.5] * 8,
            "cluster": [0, 0, 1, 2, 0, 0, 1, 2],
            "network_id": ["n0"] * 4 + ["n1"] * 4,
            "replicate": [0] * 4 + [1] * 4,
        }
    )
    return table.assign(condition="c", layer="l", level=3)


def test_statistics_by_hand() -> None:
    stats = cluster_stats(rows())
    assert stats.units.to_list() == [4, 2, 2]
    assert stats.ratio.to_list() == [0.5, 0.25, 0.25]
    assert stats.prune_rate_in_mean.to_list() == pytest.approx([0.85, 0.8, 0.5])
    assert stats.prune_rate_in_sd.to_list() == pytest.approx([0.05, 0.1, 0])  # population


def test_shares_of_networks_have_intervals() -> None:
    lacking = rows()
    lacking.loc[7, "cluster"] = 1
    ratios = network_ratios(lacking)
    assert ratios[ratios.cluster == 2].ratio.to_list() == [0.25, 0.0]
    spread = ratio_intervals(ratios)
    assert spread.networks.to_list() == [2, 2, 2]
    last = spread[spread.cluster == 2].iloc[0]
    assert last.ratio == pytest.approx(0.125)
    assert last.low == pytest.approx(0.125 - 12.706204736 * 0.125)


def test_words() -> None:
    assert ranked([0.5, 0.5]) == ["medium", "medium"]
    assert ranked([1.0, 0.2, 0.5]) == ["highest", "lowest", "medium"]
    assert [sign_word(rate) for rate in (0.551, 0.55, 0.45, 0.449, np.nan)] == [
        "positive",
        "balanced",
        "balanced",
        "negative",
        "",
    ]
    table = verbal_table(cluster_stats(rows()))
    assert table.cluster.to_list() == [0, 1, 2]  # by ratio
    assert table.prune_rate_in_word.to_list() == ["highest", "medium", "lowest"]
    assert table.sign_rate_in_word.to_list() == ["positive", "balanced", "negative"]
    assert "score" not in table


def test_scores_are_put_into_words_too() -> None:
    stats = cluster_stats(rows()).assign(score=[0.1, 0.5, 0.01], share=[0.4, 0.5, 0.1])
    assert verbal_table(stats).score_word.to_list() == ["medium", "highest", "lowest"]


def test_published_files_out_and_in(tmp_path: Path) -> None:
    clustered, stats = write_clusters(rows(), tmp_path / "new", "CIFAR")
    assert clustered.name == "clustered_sign_distr_CIFAR_dense1.csv"
    header = "prune_rate_in,prune_rate_out,sign_rate_in,sign_rate_out,cluster"
    assert clustered.read_text().splitlines()[:2] == [header, "0.9,0.1,0.6,0.5,0"]
    assert read_clustered(clustered)[list(VARIABLES)].equals(rows()[list(VARIABLES)])
    first = stats.read_text().splitlines()[0]
    assert first == "mean_c0,std_c0,ratio_c0,mean_c1,std_c1,ratio_c1,mean_c2,std_c2,ratio_c2,variable"
    tidy = read_stats(stats)
    assert tidy[(tidy.cluster == 1) & (tidy.variable == "prune_rate_in")][["mean", "sd", "ratio"]].to_numpy()[
        0
    ] == pytest.approx([0.8, 0.1, 0.25])
    assert published_stats(rows()).variable.to_list() == list(VARIABLES)


def test_other_files_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    for read in (read_clustered, read_stats):
        with pytest.raises(TombolaError, match=r"other\.csv"):
            read(other)
        with pytest.raises(TombolaError, match="cannot be read"):
            read(tmp_path / "none.csv")
