"""Inspected networks as tables: complete, consistent, and means that weigh replicates, not repetitions."""

import json
import math

import pytest
import torch
from torch import nn

from tombola.analysis import Structure, inspect_mask, structure_document, structure_table
from tombola.analysis.inspect_scores import ScoreMass
from tombola.analysis.inspect_tables import COLUMNS, WHOLE, mean_rows, mean_table
from tombola.networks import layer_graph
from tombola.pruning import Mask
from tombola.store import JobId

MODULE = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 30))
GRAPH = layer_graph(MODULE, (1, 2, 2))


def network(first: int, last: int, job: JobId | None = None, *, graph: bool = True, **options: object) -> Structure:
    """A network that keeps so many weights of its layers, the first ones in flat order."""
    keep = {"1.weight": torch.arange(12).view(3, 4) < first, "3.weight": torch.arange(90).view(30, 3) < last}
    return inspect_mask(Mask(keep), GRAPH if graph else None, job=job, run="mine", **options)  # type: ignore[arg-type]


def test_a_row_for_the_whole_and_one_per_layer() -> None:
    scores = {"1.weight": ScoreMass(1, 0, 12, 1, 0, 12), "3.weight": ScoreMass(-1, 0, -36, 1, 0, 36)}
    table = structure_table([network(5, 30, JobId(1, 2), scores=scores), network(12, 90)])
    assert list(table.columns) == list(COLUMNS)
    assert list(table.layer) == [WHOLE, "1.weight", "3.weight"] * 2
    whole, first, last = (row for _, row in table.iloc[:3].iterrows())
    assert (whole.run, whole.replicate, whole.level, whole.control) == ("mine", 1, 2, "none")
    for name in ("kept", "total", "units", "active_units", "empty_units", "unread_units", "path"):
        assert whole[name] == first[name] + last[name], name
    assert (first.density, whole.density) == (5 / 12, 35 / 102)
    assert (first.relative, last.relative, whole.relative) == (5 / 35, 30 / 35, 1)
    assert (whole.flops, whole.sparse_flops, first.sparse_flops) == (105, 38, 5)
    assert (first.fan_in_min, first.fan_in_median, first.fan_in_max) == (0, 1, 4)
    assert (first.score_sum, first.score_abs_sum, first.score_share) == (12, 12, 0.25)
    assert (whole.score_sum, whole.score_share) == (-24, 1)
    assert math.isnan(first.nominal)
    assert math.isnan(table.iloc[3].level)
    assert table.iloc[3].path == 102


def test_collapse_of_layers_and_of_the_network() -> None:
    table = structure_table([network(0, 90), network(12, 90), network(0, 90, graph=False)])
    assert list(table.collapsed[:6]) == [1, 1, 0, 0, 0, 0]
    assert math.isnan(table.collapsed[6])
    assert list(table.collapsed[7:]) == [1, 0]


def test_means_weigh_replicates_alike() -> None:
    """Replicate 0 has two repetitions of the control, replicate 1 has one."""
    jobs = [JobId(0, 1, "shuffle", 0), JobId(0, 1, "shuffle", 1), JobId(1, 1, "shuffle", 0), JobId(0, 1), JobId(1, 1)]
    found = [network(12, kept, job) for kept, job in zip((10, 20, 45, 1, 2), jobs, strict=True)]
    means = mean_table(structure_table(found))
    last = means[means.layer == "3.weight"].set_index("control")
    assert last.kept["shuffle"] == 30
    assert last.kept["none"] == 1.5
    assert list(last.n) == [2, 2]
    rows = mean_rows([network(0, 0, JobId(0, 3)), network(12, 0, JobId(1, 3))])
    assert [(row["level"], row["n"], row["layers_lost"]) for row in rows] == [(3, 2, 2)] * 3
    assert mean_rows([network(1, 1)])[0]["level"] is None


def test_documents_are_plain_and_say_the_same_as_tables() -> None:
    found = [network(5, 30, JobId(0, 1)), network(12, 90, graph=False, why="it is odd")]
    documents = json.loads(json.dumps(structure_document(found), allow_nan=False))
    table = structure_table(found)
    assert (documents[0]["active_inputs"], documents[0]["inputs"], documents[0]["outputs"]) == (4, 4, 30)
    assert documents[0]["without_paths"] is None
    assert documents[1]["without_paths"] == "it is odd"
    assert documents[1]["path"] is None
    assert "inputs" not in documents[1]
    assert documents[0]["collapsed_layers"] == []
    for document, rows in zip(documents, (table[:3], table[3:]), strict=True):
        assert [layer["kept"] for layer in document["layers"]] == list(rows.kept[1:])
        for layer in document["layers"]:
            histogram = layer["fan_in"]
            assert sum(histogram["units"]) == layer["units"]
            assert len(histogram["edges"]) == len(histogram["units"]) + 1
    assert documents[0]["layers"][0]["fan_in"] == {"edges": [0, 1, 2, 3, 4, 5], "units": [1, 1, 0, 0, 1]}


@pytest.mark.parametrize("most", [19, 20, 1000])
def test_histograms_have_few_bins_that_hold_every_unit(most: int) -> None:
    keep = torch.arange(most).expand(50, most) < torch.linspace(0, most, 50)[:, None]
    (layer,) = structure_document([inspect_mask(Mask({"0.weight": keep}), None)])[0]["layers"]
    assert sum(layer["fan_in"]["units"]) == 50
    assert len(layer["fan_in"]["units"]) == 20
