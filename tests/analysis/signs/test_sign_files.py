from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tombola.analysis.material import NetworkView
from tombola.analysis.signs import all_pair_sets, distances, sign_table
from tombola.analysis.signs.published_distributions import (
    read_dead,
    read_distribution,
    read_distributions,
    write_distributions,
)
from tombola.analysis.signs.published_similarities import (
    lists_of,
    means_table,
    read_all_similarities,
    read_means,
    read_similarities,
    write_similarities,
)
from tombola.analysis.signs.published_training import read_all_training, read_training, write_training
from tombola.errors import TombolaError

HEADER = "pos_in,pos_out,neg_in,neg_out,prune_rate_in,prune_rate_out,sign_rate_in,sign_rate_out,layer"
FIRST = "794,96,625,104,0.91339111328125,0.21875,0.5595489781536294,0.48,dense1"  # reference/signs.md 2.4


@pytest.fixture
def tickets(generated: Callable[..., dict[str, np.ndarray]]) -> pd.DataFrame:
    views = [
        NetworkView.of_arrays(f"t{k}", generated(k, 0.2, (30, 20, 15, 5)), condition=condition)
        for k, condition in ((1, "CIFAR"), (2, "CIFAR"), (3, "CINIC"))
    ]
    return sign_table(views)


def test_golden_row_is_read_and_written_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "CIFAR_IMP_0_sign_distr.csv"
    path.write_text(f"{HEADER}\n{FIRST}\n")
    table = read_distribution(path)
    row = table.iloc[0]
    assert (row.condition, row.replicate, row.stage, row.fan_in, row.fan_out) == ("CIFAR", 0, "initial", 16384, 256)
    assert (row.pos_in + row.neg_in, row.pos_out + row.neg_out) == (1419, 200)
    assert table.neuron.isna().all()
    write_distributions(table, tmp_path / "again")
    assert (tmp_path / "again" / path.name).read_text() == path.read_text()


def test_networks_are_exported_as_published(tickets: pd.DataFrame, tmp_path: Path) -> None:
    written = write_distributions(tickets, tmp_path)
    assert [path.name for path in written] == [
        *("CIFAR_IMP_0_sign_distr.csv", "CIFAR_IMP_1_sign_distr.csv", "CIFAR_IMP_unconnected_statistic.csv"),
        *("CINIC_IMP_0_sign_distr.csv", "CINIC_IMP_unconnected_statistic.csv"),
    ]
    assert written[0].read_text().splitlines()[0] == HEADER
    again = read_distributions(tmp_path)
    living = tickets[(tickets.dead == "") & (tickets.kind == "linear")]
    for column in HEADER.split(",")[:-1]:
        assert again[column].tolist() == living[column].tolist()
    assert set(again.layer) == {"dense1", "dense2"}
    assert again.fan_in.tolist() == living.fan_in.tolist()
    dead = read_dead(tmp_path / "CIFAR_IMP_unconnected_statistic.csv")
    assert dead.columns.tolist() == ["no_incomming", "no_outgoing", "no_total_conncetions", "layer", "model"]
    assert dead.model.tolist() == ["WT_CIFAR_IMP_0"] * 2 + ["WT_CIFAR_IMP_1"] * 2
    expected = ((tickets.dead != "") & (tickets.condition == "CIFAR") & (tickets.kind == "linear")).sum()
    assert dead.iloc[:, :3].to_numpy().sum() == expected > 0


def test_series_over_levels_is_read_by_its_names(tmp_path: Path) -> None:
    """reference/signs.md 10: the number in the name is the rounded percentage that is pruned."""
    (tmp_path / "CIFAR_IMP83_2_sign_distr.csv").write_text(f"{HEADER}\n{FIRST}\n")
    row = read_distributions(tmp_path).iloc[0]
    assert (row.condition, row.replicate, row.pruned_percent) == ("CIFAR", 2, 83)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("other.csv", HEADER, "not named like"),
        ("RSN_0_sign_distr.csv", "a,b\n1,2", "other columns"),
        ("RSN_0_sign_distr.csv", f"{HEADER}\n{FIRST.replace('.48', '.49')}", "rates of row 1"),
        ("RSN_0_sign_distr.csv", f"{HEADER}\n{FIRST.replace('794', '795')}", "rates of row 1"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(TombolaError, match=message):
        read_distribution(tmp_path / name)


def test_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="holds no sign distributions"):
        read_distributions(tmp_path)


def test_distance_lists_are_written_and_read_again(tickets: pd.DataFrame, tmp_path: Path) -> None:
    found = distances(tickets, ["jsd-signs2024", "wsd-signs2024", "hc-signs2024", "w1"], splits=0)
    lists = lists_of(found, all_pair_sets(["CIFAR", "CINIC"]))
    assert {key[2] for key in lists} == {"jsd", "wsd", "hc"}
    named = {(layer.removesuffix(".weight"), *rest): sets for (layer, *rest), sets in lists.items()}
    write_similarities(named, tmp_path)
    assert (tmp_path / "js_divergence" / "linear0_sign_rate_in_jsd_similarities.txt").is_file()
    assert read_all_similarities(tmp_path) == named
    means = read_means(tmp_path / "mean_std_similarities.csv")
    pd.testing.assert_frame_equal(means, means_table(named))
    values = named["linear0", "sign_rate_in", "jsd"]["CIFAR_CINIC"]
    row = means[(means.similarity_measure == "js_divergence") & (means.layer == "linear0")].loc["CIFAR_CINIC"].iloc[2]
    assert (row["mean"], row["std"]) == (pytest.approx(np.mean(values)), pytest.approx(np.std(values)))


def test_nan_is_a_number_and_nothing_is_run(tmp_path: Path) -> None:
    path = tmp_path / "x_similarities.txt"
    path.write_text("{'CIFAR': [0.5, nan, -1, inf], 'RSN': []}")
    values = read_similarities(path)["CIFAR"]
    assert values[0] == 0.5
    assert np.isnan(values[1])
    assert values[2:] == [-1, np.inf]
    for content in (
        "{'a': [__import__('os').getpid()]}",
        "[1]",
        "{1: [2]}",
        "{'a': 3}",
        "{'a': [True]}",
        "{**{}}",
        "{",
    ):
        path.write_text(content)
        with pytest.raises(TombolaError, match="no mapping of pair sets"):
            read_similarities(path)


def history(network: str, data: str = "CIFAR") -> str:
    header = "test loss,training loss,test accuracy,training accuracy,model_nr,Sparsity,epochs,dataset"
    rows = [f"1.25,1.5,0.{5 + epoch}5,0.5,{nr},{network},{epoch},{data}" for nr in (0, 1) for epoch in (0, 1)]
    return "\n".join([header, *rows]) + "\n"


def test_histories_are_read_and_written_as_published(tmp_path: Path) -> None:
    files = {"CIFAR_original": "original", "CIFAR_WT(CIFAR)": "WT", "CIFAR_WT(CINIC)": "WT(CINIC)", "CIFAR_RSN": "RSN"}
    for name, network in files.items():
        (tmp_path / f"{name}_training_stats.csv").write_text(history(network))
    table = read_all_training(tmp_path)
    assert set(table.network) == {"original", "WT(CIFAR)", "WT(CINIC)", "RSN"}
    assert sorted(set(table.epoch)) == [1, 2]
    write_training(table, tmp_path / "again")
    for name in files:
        file = f"{name}_training_stats.csv"
        assert (tmp_path / "again" / file).read_text() == (tmp_path / file).read_text()
    together = read_training(tmp_path / "again" / "CIFAR_collective_training_stats.csv")
    assert list(dict.fromkeys(together.network)) == ["original", "WT(CIFAR)", "RSN", "WT(CINIC)"]
    assert len(together) == 16


@pytest.mark.data
def test_all_published_distributions_are_written_byte_for_byte(published: Path, tmp_path: Path) -> None:
    source = published / "sign_distributions"
    table = read_distributions(source)
    assert table.network_id.nunique() == 60
    for condition, suffix in (("CIFAR", "_IMP"), ("CINIC", "_IMP"), ("SVHN", "_IMP"), ("RSN", "")):
        write_distributions(table[table.condition == condition], tmp_path, suffix)
    files = sorted(path.name for path in source.glob("*_sign_distr.csv"))
    assert len(files) == 60
    assert all((tmp_path / name).read_bytes() == (source / name).read_bytes() for name in files)
