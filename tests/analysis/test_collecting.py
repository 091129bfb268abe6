"""Networks of runs as analyses see them."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tombola.analysis.collecting import collect, labelled
from tombola.analysis.conditions import collect_conditions, runs_of
from tombola.analysis.material import NetworkView, common_layers
from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.specs import resolve
from tombola.store import Run, open_run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    changes = {
        "train": {"steps": 20, "record_every": 10},
        "replicates": 2,
        "prune": {"levels": 2},
        "controls": ["reinit:1"],
        "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12]},
    }
    return open_run(run(resolve("lenet-digits", changes=changes), tmp_path_factory.mktemp("runs")).path)


def test_the_last_level_is_taken_by_default(finished: Run) -> None:
    views = collect([finished])
    assert [(view.replicate, view.level, view.control) for view in views] == [(0, 2, "none"), (1, 2, "none")]
    assert {view.condition for view in views} == {finished.spec.name}


def test_weights_are_those_of_the_stage_and_zero_where_pruned(finished: Run) -> None:
    ticket = finished.ticket(1, 2)
    for stage in ("initial", "trained", "early_stop"):
        view = collect([finished], replicates=[1], stage=stage)[0]  # type: ignore[arg-type]
        for layer in view.layers:
            weights, keep = view.weights(layer.name), view.keep(layer.name)
            assert not weights[~keep].any()
            assert np.array_equal(weights, getattr(ticket, stage)[layer.name].numpy())
    images = torch.rand(3, *ticket.provenance["input_shape"])
    assert torch.equal(view.module()(images), ticket.module("early_stop")(images))


def test_controls_and_levels_are_conditions_of_their_own(finished: Run) -> None:
    views = collect([finished], levels=[0, 2], controls=["reinit"])
    assert {view.condition for view in views} == {"level 0", "level 2", "level 2, reinit"}
    assert {view.condition for view in collect([finished])} == {finished.spec.name}
    assert len({view.label for view in views}) == len(views)
    shared = {view.replicate: view.initial_digest for view in views if view.control == "none"}
    assert len(set(shared.values())) == 2
    drawn = {view.initial_digest for view in views if view.control == "reinit"}
    assert len(drawn) == 2
    assert not drawn & {*shared.values(), None}


def test_a_control_that_no_chosen_level_has_is_not_left_out_in_silence(finished: Run) -> None:
    with pytest.raises(TombolaError, match="no network of control 'reinit' is finished at the chosen levels"):
        collect([finished], levels=[0], controls=["reinit"])


def test_trusted_code_without_a_layer_graph_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "normed.py").write_text(
        "from torch import nn\n\n\ndef make():\n"
        "    parts = nn.Flatten(), nn.Linear(64, 6), nn.GroupNorm(2, 6), nn.ReLU(), nn.Linear(6, 10)\n"
        "    return nn.Sequential(*parts)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    changes = {
        "network": {"factory": "normed:make"},
        "train": {"steps": 1, "record_every": 1},
        "replicates": 1,
        "prune": {"levels": 1},
        "controls": [],
    }
    path = run(resolve("lenet-digits", changes=changes), tmp_path / "runs").path
    trusted, other = (collect([open_run(path, trust=trust)], trust=trust)[0] for trust in (True, False))
    assert trusted.graph is None
    assert torch.equal(trusted.module()[1].weight, trusted.state["1.weight"])  # type: ignore[index]
    with pytest.raises(TombolaError, match="cannot be built"):
        other.module()


def test_conditions_from_a_file(finished: Run, tmp_path: Path) -> None:
    file = tmp_path / "conditions.yml"
    file.write_text(
        f"tickets: {{run: '{finished.path}', levels: [1, 2]}}\n"
        f"drawn anew: {{run: '{finished.path}', controls: [reinit], replicates: [0]}}\n"
    )
    views = collect_conditions(file)
    assert [view.condition for view in views] == ["tickets"] * 4 + ["drawn anew"]
    assert runs_of(file) == [finished.path] * 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- a", "names no conditions"),
        ("a: 3", "names no run"),
        ("a: {run: x, level: 3}", "unknown key 'level'"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_wrong_conditions_file_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text(text)
    with pytest.raises(TombolaError, match=sentence):
        collect_conditions(tmp_path / "c.yml")


def test_networks_of_arrays_compute_what_their_arrays_say() -> None:
    generator = np.random.default_rng(3)
    weights = {
        "conv": generator.normal(size=(3, 2, 3, 3)).astype(np.float32),
        "dense": generator.normal(size=(5, 3 * 16)).astype(np.float32),
        "out": generator.normal(size=(4, 5)).astype(np.float32),
    }
    weights["dense"][:, ::2] = 0
    view = NetworkView.of_arrays("mine", weights)
    assert view.mask.remaining() == {"conv.weight": 54, "dense.weight": 120, "out.weight": 20}
    assert [layer.kind for layer in view.layers] == ["conv", "linear", "output"]
    assert view.graph is not None
    assert view.graph.input_shape == (2, 4, 4)
    images = torch.rand(2, 2, 4, 4)
    hidden = torch.relu(torch.conv2d(images, torch.from_numpy(weights["conv"]), padding=1)).flatten(1)
    wanted = torch.relu(hidden @ torch.from_numpy(weights["dense"]).T) @ torch.from_numpy(weights["out"]).T
    assert torch.allclose(view.module()(images), wanted, atol=1e-5)


def test_names_of_arrays_may_be_paths_and_nobody_s_parts_get_in_their_way() -> None:
    random = np.random.default_rng(0)
    sizes = {"layers.0": (5, 6), "layers.1.inner": (5, 5), "relu0": (4, 5), "flatten.0": (3, 4)}
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in sizes.items()}
    view = NetworkView.of_arrays("nested", weights, biases={"layers.0": np.ones(5, np.float32)})
    assert [layer.name for layer in view.layers] == [f"{name}.weight" for name in sizes]
    assert {*view.state} == {"layers.0.bias", *(f"{name}.weight" for name in sizes)}
    assert np.array_equal(view.weights("layers.1.inner.weight"), weights["layers.1.inner"])
    values = torch.rand(2, 1, 1, 6)
    wanted = values.flatten(1) @ torch.from_numpy(weights["layers.0"]).T + 1
    for name in [*sizes][1:]:
        wanted = torch.relu(wanted) @ torch.from_numpy(weights[name]).T
    assert torch.allclose(view.module()(values), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("a", "a.b"), "'a.b' cannot lie inside layer 'a'"),
        (("a.b", "a"), "'a.b' cannot lie inside layer 'a'"),
        (("a..b",), r"cannot be called 'a..b'"),
        (("",), "cannot be called ''"),
        (("train",), "'train' already exists"),
        ((), "weights of one layer at least"),
    ],
)
def test_names_that_no_layer_can_have(names: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(TombolaError, match=sentence):
        NetworkView.of_arrays("x", {name: np.ones((2, 2), np.float32) for name in names})


def test_different_networks_are_not_analysed_together(finished: Run) -> None:
    other = NetworkView.of_arrays("other", {"a": np.ones((3, 2), np.float32)})
    with pytest.raises(TombolaError, match="different networks"):
        common_layers([*collect([finished]), other])
    with pytest.raises(TombolaError, match="no networks"):
        common_layers([])


def test_labels_leave_out_keys_where_names_are_enough(finished: Run) -> None:
    assert [view.label for view in collect([finished])] == [f"{finished.spec.name}/{r}/2" for r in (0, 1)]
    other = replace(collect([finished])[0], run=f"{finished.spec.name}-0123456789ab")
    labels = [view.label for view in labelled([*collect([finished]), other])]
    assert len(set(labels)) == 3
    assert all(label.count("-") > finished.spec.name.count("-") for label in labels)


def test_a_run_without_its_dense_level_can_be_analysed(finished: Run, tmp_path: Path) -> None:
    shutil.copytree(finished.path, tmp_path / finished.path.name)
    shutil.rmtree(tmp_path / finished.path.name / "jobs" / "0" / "0")
    views = collect([tmp_path / finished.path.name])
    assert [view.initial_digest is None for view in views] == [True, False]
