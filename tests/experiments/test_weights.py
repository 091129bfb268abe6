"""Starting from weights that others trained (explainability reference, sections 1.1, 1.2 and R1; defects B8 and B9)."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.experiments.plan import make_plan
from tombola.experiments.trial import Shape
from tombola.experiments.weights import read_given
from tombola.interop.customary_names import renamed
from tombola.interop.state_dict_safetensors import write_safetensors
from tombola.networks import build, initialise
from tombola.pruning import Mask
from tombola.pruning.rounding import survivors_at
from tombola.specs import ExperimentSpec, NetworkSpec, resolve
from tombola.store import open_run

CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
NETWORK = {"family": "conv", "conv": ["4B", "M"], "linear": [12]}


def spec_of(weights: Path | None, **more: Any) -> ExperimentSpec:
    changes = {
        "network": NETWORK | ({"weights": str(weights)} if weights else {}),
        "train": {"steps": 10, "record_every": 5},
        "prune": {"procedure": "gradual", "rates": "2"},
        "controls": [],
        "replicates": 2,
    }
    return resolve("lenet-digits", changes=changes).with_(**more)


def state_of(classes: int = 10, seed: int = 3) -> dict[str, torch.Tensor]:
    spec = NetworkSpec(**NETWORK)
    module = build(spec, (1, 8, 8), classes)
    initialise(module, spec, torch.Generator().manual_seed(seed))
    return {name: value.clone() for name, value in module.state_dict().items()}


def saved(path: Path, state: Any) -> Path:
    torch.save(state, path)
    return path


def test_training_starts_from_the_file(tmp_path: Path) -> None:
    state = state_of()
    opened = open_run(run(spec_of(saved(tmp_path / "w.pth", state)), tmp_path / "runs").path)
    for replicate in (0, 1):
        initial = opened.ticket(replicate, 0).initial
        assert all(torch.equal(initial[name], state[name]) for name in state)
    assert "taken from network.weights" in opened.ticket(0, 0).info.found["weights"]
    assert not torch.equal(opened.ticket(0, 0).trained["conv.0.weight"], opened.ticket(1, 0).trained["conv.0.weight"])


def test_safetensors_work_as_well(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(state_of(), tmp_path / "w.safetensors")
    given = read_given(spec_of(tmp_path / "w.safetensors").network, Shape((1, 8, 8), 10))
    assert torch.equal(given.state["conv.0.weight"], state_of()["conv.0.weight"])


def test_an_output_layer_for_other_classes_is_drawn_and_that_is_said(tmp_path: Path) -> None:
    state = state_of(classes=1000)
    opened = open_run(run(spec_of(saved(tmp_path / "w.pth", state)), tmp_path / "runs").path)
    first, second = (opened.ticket(replicate, 0).initial for replicate in (0, 1))
    assert first["output.weight"].shape == (10, 12)
    assert not torch.equal(first["output.weight"], second["output.weight"]), "of each replicate's own stream"
    assert float(first["output.weight"].abs().max()) <= 12**-0.5, "as the layer draws itself"
    assert torch.equal(first["linear.0.weight"], state["linear.0.weight"])
    assert "output.weight, output.bias drawn anew" in opened.ticket(0, 0).info.found["weights"]


def test_the_files_bytes_are_in_the_key_and_its_place_is_not(tmp_path: Path) -> None:
    first = saved(tmp_path / "one.pth", state_of())
    (tmp_path / "copy.pth").write_bytes(first.read_bytes())
    paths = [make_plan(spec_of(path), tmp_path).folder.path for path in (first, tmp_path / "copy.pth")]
    other = make_plan(spec_of(saved(tmp_path / "two.pth", state_of(seed=4))), tmp_path).folder.path
    drawn = make_plan(spec_of(None), tmp_path).folder.path
    assert paths[0] == paths[1]
    assert len({paths[0], other, drawn}) == 3


def test_pairs_of_torch_pruning_fold_to_weights_and_mask(tmp_path: Path) -> None:
    state = state_of()
    weight = state.pop("linear.0.weight")
    keep = torch.arange(weight.numel()).view(weight.shape) % 4 != 0
    state |= {"linear.0.weight_orig": weight, "linear.0.weight_mask": keep.float()}
    opened = open_run(run(spec_of(saved(tmp_path / "w.pth", state)), tmp_path / "runs").path)
    dense = opened.ticket(0, 0)
    assert torch.equal(dense.mask["linear.0.weight"], keep)
    assert torch.equal(dense.initial["linear.0.weight"], torch.where(keep, weight, 0.0))
    assert not dense.trained["linear.0.weight"][~keep].any(), "what the file prunes stays pruned"
    assert opened.ticket(0, 1).mask.is_within(dense.mask)


def test_levels_denser_than_a_pruned_file_are_refused(tmp_path: Path) -> None:
    state = state_of()
    weight = state.pop("linear.0.weight")
    state |= {"linear.0.weight_orig": weight, "linear.0.weight_mask": torch.zeros_like(weight)}
    with pytest.raises(TombolaError, match=r"level 1 keeps .* weights, and the file, which is pruned, has"):
        make_plan(spec_of(saved(tmp_path / "w.pth", state)), tmp_path)


def half_pruned(path: Path) -> Path:
    state = state_of()
    pruned = {name: state.pop(name) for name in ("conv.0.weight", "linear.0.weight", "output.weight")}
    for name, weight in pruned.items():
        state[f"{name}_orig"] = weight
        state[f"{name}_mask"] = (torch.arange(weight.numel()) % 2).float().view(weight.shape)
    return saved(path, state)


@pytest.mark.parametrize("score", ["random", "magnitude"])
def test_pruning_at_initialisation_stays_within_a_pruned_file(score: str, tmp_path: Path) -> None:
    prune = {"procedure": "at-init", "score": score, "rates": [4, 8], "allocation": "global", "rounds": 3}
    spec = spec_of(half_pruned(tmp_path / "w.pth"), prune=prune | {"rewind": "init"}, replicates=1)
    opened = open_run(run(spec, tmp_path / "runs").path)
    dense = opened.ticket(0, 0)
    for level in (1, 2):
        ticket = opened.ticket(0, level)
        assert ticket.mask.count == survivors_at(dense.mask.size, Fraction(2 ** (level + 1)))
        assert ticket.mask.is_within(dense.mask)
        assert all(bool((ticket.initial[name][keep] != 0).all()) for name, keep in ticket.mask.items())


@pytest.mark.parametrize(
    "prune",
    [
        {"procedure": "rigl"},
        {"procedure": "set"},
        {"procedure": "edge-popup"},
        {"procedure": "gem-miner"},
        {"procedure": "probabilistic"},
        {"procedure": "at-init", "shuffle": True},
    ],
    ids=lambda prune: prune["procedure"],
)
def test_procedures_that_let_a_files_pruned_weights_return_are_refused(prune: dict[str, Any], tmp_path: Path) -> None:
    spec = spec_of(half_pruned(tmp_path / "w.pth"), prune={"rewind": "init", "rates": [5], **prune})
    with pytest.raises(TombolaError, match="the file is pruned"):
        make_plan(spec, tmp_path)


def test_controls_that_let_a_files_pruned_weights_return_fail_with_the_reason(tmp_path: Path) -> None:
    controls = ["shuffle-layerwise", "invert-layerwise", "weights-shuffled", "magnitude-at-init", "random"]
    prune = {"procedure": "iterative", "rewind": "init", "rates": [4]}
    spec = spec_of(half_pruned(tmp_path / "w.pth"), prune=prune, replicates=1, controls=controls)
    outcome = run(spec, tmp_path / "runs")
    assert {info.control for info in outcome.failed} == {"shuffle-layerwise", "invert-layerwise"}
    assert all("has no value of" in info.reason for info in outcome.failed)
    opened = open_run(outcome.path)
    for control in ("weights-shuffled", "magnitude-at-init", "random"):
        ticket = opened.ticket(0, 1, control)
        assert all(bool((ticket.initial[name][keep] != 0).all()) for name, keep in ticket.mask.items())


def test_a_file_that_holds_pruned_weights_at_values_is_refused(tmp_path: Path) -> None:
    state = state_of()
    mask = Mask({"linear.0.weight": torch.rand(12, 64, generator=torch.Generator().manual_seed(0)) < 0.5})
    write_safetensors(tmp_path / "w.safetensors", state, mask, {})
    with pytest.raises(TombolaError, match=r"holds pruned weights of 'linear.0.weight' at other values than zero"):
        make_plan(spec_of(tmp_path / "w.safetensors"), tmp_path)


def test_an_output_layer_that_is_drawn_is_not_pruned_as_the_file_is(tmp_path: Path) -> None:
    state = state_of(classes=20)
    weight = state.pop("output.weight")
    state |= {"output.weight_orig": weight, "output.weight_mask": torch.zeros_like(weight)}
    given = read_given(spec_of(saved(tmp_path / "w.pth", state)).network, Shape((1, 8, 8), 10))
    assert given.mask is not None
    assert given.mask.density == 1


def test_a_whole_network_is_refused_with_the_way_to_convert_it(tmp_path: Path) -> None:
    """Defect B9: nothing in such a file is run."""
    path = saved(tmp_path / "whole.pt", torch.nn.Linear(2, 2))
    with pytest.raises(TombolaError, match=r"may run code.*torch\.save\(network\.state_dict\(\), FILE\)"):
        make_plan(spec_of(path), tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.pop("linear.0.bias"), "the file lacks 'linear.0.bias'"),
        (lambda s: s.update(extra=torch.ones(1)), "the file holds 'extra'"),
        (lambda s: s.update({"linear.0.weight": torch.ones(3, 3)}), r"'linear.0.weight' is \[3, 3\] in the file"),
    ],
)
def test_weights_of_another_network_are_refused(change: Any, said: str, tmp_path: Path) -> None:
    state = state_of()
    change(state)
    with pytest.raises(TombolaError, match=said):
        make_plan(spec_of(saved(tmp_path / "w.pth", state)), tmp_path)


def test_a_counter_that_older_files_lack_is_no_reason_to_refuse(tmp_path: Path) -> None:
    state = {name: value for name, value in state_of().items() if not name.endswith("num_batches_tracked")}
    opened = open_run(run(spec_of(saved(tmp_path / "w.pth", state), replicates=1), tmp_path / "runs").path)
    assert int(opened.ticket(0, 0).initial["conv.1.num_batches_tracked"]) == 0


def test_no_file_and_no_published_weights_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TombolaError, match="there is no such file"):
        make_plan(spec_of(tmp_path / "absent.pth"), tmp_path)
    spec = spec_of(None).with_(network={"weights": "imagenet"})
    with pytest.raises(TombolaError, match="no published weights of 'plan'"):
        make_plan(spec, tmp_path)
    spec = resolve("resnet18-imagenette").with_(data={"name": "digits"})
    with pytest.raises(TombolaError, match="tombola data pull resnet18-imagenet"):
        make_plan(spec, tmp_path)


@pytest.mark.parametrize("classes", [1000, 10])
def test_customary_vgg_names(classes: int) -> None:
    """Section 1.2: features.0.weight ... classifier.6.bias, every one of them."""
    module = build(NetworkSpec(architecture="vgg16-imagenet"), (3, 224, 224), classes, device="meta")
    customary = [f"features.{number}.{what}" for number in CONVOLUTIONS for what in ("weight", "bias")]
    customary += [f"classifier.{number}.{what}" for number in (0, 3, 6) for what in ("weight", "bias")]
    ours = renamed("vgg16-imagenet", {name: torch.empty(0) for name in customary})
    assert list(ours) == list(module.state_dict())
    assert renamed("resnet18-imagenet", {"conv1.weight": torch.empty(0)}).keys() == {"conv1.weight"}
