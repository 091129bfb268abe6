"""Tickets and runs, inspected: what is known, what is not and why, and what is wrong."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import tombola
from tombola.analysis import inspect_mask, inspect_run, inspect_ticket
from tombola.analysis.inspect_networks import chosen_jobs
from tombola.analysis.inspect_scores import read_scores
from tombola.analysis.inspect_wording import digits, large, reasons, warnings
from tombola.errors import TombolaError
from tombola.networks import layer_graph, prunable_layers
from tombola.pruning import Mask, Ticket, path_mask
from tombola.store import JobId, Run, open_run
from tombola.store.states import save_ticket

SHORT = {"train": {"steps": 12, "record_every": 4}, "replicates": 2, "prune": {"levels": 2}, "store": {"keep": "masks"}}
HEADER = "module,parameter,density,size,shape,flops,score mean,score variance,score sum,"
HEADER += "score abs mean,score abs variance,score abs sum,prunable\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A convolutional run that keeps masks only."""
    network = {"family": "conv", "conv": ["3B", "M", "2"], "linear": []}
    spec = tombola.resolve("lenet-digits", changes=SHORT | {"network": network, "controls": ["shuffle-layerwise:2"]})
    return open_run(tombola.run(spec, out=tmp_path_factory.mktemp("runs")).path)


def small() -> tuple[nn.Module, dict[str, torch.Tensor]]:
    """Four inputs, three units of which one is empty and one unread, two outputs."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    first = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]).bool()
    return module, {"1.weight": first, "3.weight": torch.tensor([[1, 1, 0], [0, 1, 0]]).bool()}


def test_every_number_of_a_network_done_by_hand() -> None:
    module, keep = small()
    found = inspect_mask(Mask(keep), layer_graph(module, (1, 2, 2)), nominal={"1.weight": 4, "3.weight": 3})
    first, last = found.layers
    assert (first.kept, first.total, first.density, first.relative) == (3, 12, 0.25, 0.5)
    assert (first.path, first.active, first.empty, first.unread, first.units) == (2, 1, 1, 1, 3)
    assert (last.kept, last.path, last.active, last.empty, last.unread) == (3, 1, 1, 0, 0)
    assert first.fan_in.tolist() == [2, 0, 1]
    assert (first.flops, first.sparse_flops, found.flops, found.sparse_flops) == (12, 3, 18, 6)
    assert (found.kept, found.total, found.path, found.nominal) == (6, 18, 3, 7)
    assert found.differs
    assert found.collapsed is False
    assert found.paths is not None
    assert (int(found.paths.inputs.sum()), int(found.paths.outputs.sum())) == (2, 1)


def test_nominal_within_one_percent_is_no_alarm() -> None:
    keep = {"0.weight": torch.ones(10, 20, dtype=torch.bool)}
    for nominal, differs in ((200, False), (199, False), (202, False), (198, True), (203, True)):
        assert inspect_mask(Mask(keep), None, nominal={"0.weight": nominal}).differs == differs
    assert inspect_mask(Mask(keep), None, nominal={"other": 3}).nominal is None


def test_networks_of_a_run(run: Run) -> None:
    found = inspect_run(run)
    assert [network.job for network in found] == [JobId(r, level) for r in range(2) for level in range(3)]
    for network in found:
        assert network.job is not None
        ticket = run.ticket(*network.job[:2])
        assert network.density == ticket.mask.density
        assert {layer.name: layer.kept for layer in network.layers} == ticket.mask.remaining()
        assert network.why == ""
        assert network.path is not None
        assert network.path <= network.kept
        assert network.sparse_flops is not None
        assert network.run == run.path.name
    assert found[0].flops == found[0].sparse_flops == 8 * 8 * 27 + 3 * 64 + 4 * 4 * 54 + 10 * 32


def test_choices_from_a_run(run: Run) -> None:
    found = inspect_run(run.path, replicates=[1], levels=[2], controls=["shuffle-layerwise"])
    assert [network.job for network in found] == [
        JobId(1, 2), JobId(1, 2, "shuffle-layerwise", 0), JobId(1, 2, "shuffle-layerwise", 1)
    ]  # fmt: skip
    counts = [[layer.kept for layer in network.layers] for network in found]
    assert counts[0] == counts[1] == counts[2]
    for options, sentence in (
        ({"replicates": [2]}, "has no replicate 2; its replicates go from 0 to 1"),
        ({"levels": [-1]}, "has no level -1; its levels go from 0 to 2"),
        (
            {"controls": ["shufle-layerwise"]},
            r"has no control 'shufle-layerwise' \(did you mean 'shuffle-layerwise'\?\)",
        ),
    ):
        with pytest.raises(TombolaError, match=sentence):
            inspect_run(run, **options)  # type: ignore[arg-type]
    assert chosen_jobs(run, None, [0], ()) == [JobId(0, 0), JobId(1, 0)]


def test_one_ticket_however_it_is_named(run: Run, tmp_path: Path) -> None:
    stored = run.ticket(1, 2)
    wanted = [(layer.kept, layer.path) for layer in inspect_run(run, replicates=[1], levels=[2])[0].layers]
    for name in (stored, stored.path, str(stored.path / "ticket.safetensors")):
        found = inspect_ticket(name)
        assert [(layer.kept, layer.path) for layer in found.layers] == wanted
        assert (found.run, found.job) == (run.path.name, JobId(1, 2))
    moved = tmp_path / "ticket.safetensors"
    moved.write_bytes((stored.path / "ticket.safetensors").read_bytes())
    assert [(layer.kept, layer.path) for layer in inspect_ticket(moved).layers] == wanted
    assert inspect_ticket(moved).run == ""
    for wrong in (tmp_path / "absent.safetensors", tmp_path / "absent", run.path, run.path / "spec.yaml"):
        with pytest.raises(TombolaError, match="is no ticket"):
            inspect_ticket(wrong)


def test_masks_with_a_network_of_ones_own() -> None:
    module, keep = small()
    found = inspect_ticket(Mask(keep), module, (1, 2, 2))
    assert found.paths is not None
    assert found.paths.mask == path_mask(Mask(keep), module, (1, 2, 2))
    ticket = Ticket({}, Mask(keep), {"input_shape": [1, 2, 2], "nominal": {"1.weight": 3, "3.weight": 3}})
    assert inspect_ticket(ticket, module).nominal == 6
    with pytest.raises(TombolaError, match="give input_shape as well"):
        inspect_ticket(Mask(keep), module)
    with pytest.raises(TombolaError, match="belongs to another network"):
        inspect_ticket(Mask({"9.weight": keep["1.weight"]}), module, (1, 2, 2))


@pytest.mark.parametrize(
    ("provenance", "sentence"),
    [
        ({}, "does not say which network it is of"),
        ({"network": {"archtecture": "plan"}}, "words of another version"),
        ({"network": {"architecture": "never-registered"}}, "unknown network 'never-registered'"),
        ({"network": {"factory": "malicious_module:build"}}, "imported where that is asked for only"),
        ({"network": {"linear": [5]}}, "belongs to another network"),
    ],
)
def test_without_a_layer_graph_there_is_a_reason(provenance: dict[str, object], sentence: str, tmp_path: Path) -> None:
    _, keep = small()
    told = {"input_shape": [1, 2, 2], "classes": 2} | provenance if provenance else {}
    save_ticket(tmp_path / "ticket.safetensors", Ticket({}, Mask(keep), told))
    found = inspect_ticket(tmp_path)
    assert sentence in found.why
    assert reasons([found, found]) == [f"Paths and multiply-adds are not known: {found.why}."]
    assert (found.path, found.flops, found.collapsed, found.paths) == (None, None, None, None)
    assert (found.kept, found.layers[0].empty, found.layers[0].active) == (6, 1, None)


def test_attention_has_no_layer_graph_but_densities() -> None:
    module = nn.MultiheadAttention(4, 2)
    dense = Mask.dense(prunable_layers(module))
    found = inspect_ticket(dense)
    assert found.density == 1
    assert found.why
    with pytest.raises(TombolaError, match="no layer graph"):
        inspect_ticket(dense, module, (1, 2, 2))


def test_scores_beside_a_ticket(tmp_path: Path) -> None:
    _, keep = small()
    save_ticket(tmp_path / "ticket.safetensors", Ticket({}, Mask(keep), {}))
    assert read_scores(tmp_path) == {}
    rows = '1,weight,.25,12,"(3, 4)",12,1,2,12,1,2,12,True\n1,bias,1,3,"(3,)",3,,,,,,,False\n'
    (tmp_path / "scores.csv").write_text(HEADER + rows)
    first, last = inspect_ticket(tmp_path).layers
    assert first.scores is not None
    assert (first.scores.mean, first.scores.variance, first.scores.abs_sum) == (1, 2, 12)
    assert last.scores is None
    assert np.isnan(read_scores(tmp_path)["1.bias"].sum)
    for damaged in ("a,b\n1,2\n", HEADER + "1,weight,1,1,1,1,x,1,1,1,1,1,True\n"):
        (tmp_path / "scores.csv").write_text(damaged)
        with pytest.raises(TombolaError, match="is no table of scores"):
            inspect_ticket(tmp_path)


def test_warnings_name_replicates_and_levels_once() -> None:
    module, keep = small()
    graph = layer_graph(module, (1, 2, 2))
    lost = {name: bits & False for name, bits in keep.items()}
    networks = [inspect_mask(Mask(lost), graph, job=JobId(r, level)) for r in range(2) for level in (2, 3, 4)]
    assert warnings(networks) == [
        f"Replicate {r}, levels 2 to 4: no path leads from input to output, the network has collapsed."
        for r in range(2)
    ]
    partly = inspect_mask(Mask(keep | {"3.weight": lost["3.weight"]}), None, nominal={"1.weight": 30, "3.weight": 0})
    assert warnings([partly]) == [
        "This network: the effective density 0.167 is more than 1 % off the nominal 1.67.",
        "This network: nothing remains of 3.",
    ]
    control = inspect_mask(Mask(lost), graph, job=JobId(0, 1, "reinit", 2))
    assert warnings([control])[0].startswith("Replicate 0, level 1, reinit 2: no path")


def test_numbers_as_people_read_them() -> None:
    assert [digits(x) for x in (0, 0.5, 0.99949, 0.034912, 6.12e-5, 1.18e-8, 99.96, 100.4, 12345)] == [
        "0", "0.5", "0.999", "0.0349", "0.0000612", "1e-08", "100", "100", "12,345"
    ]  # fmt: skip
    assert [large(x) for x in (0, 999, 999.6, 12_345, 2.5e12)] == ["0", "999", "1 k", "12.3 k", "2.5 T"]
