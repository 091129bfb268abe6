"""Sanity checks: what must pass passes, and what must fail fails (explainability reference, section 13.2)."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tombola.data import load_data
from tombola.errors import TombolaError
from tombola.explain import attribute
from tombola.explain.pictures import Pictures
from tombola.explain.sanity import Finding, Question, check_sanity, checks, default_checks, failures
from tombola.explain.sanity.labels import permuted_labels, permuted_network
from tombola.explain.sanity.question import alike
from tombola.explain.sanity.weights import layers_from_the_top, shuffle
from tombola.explain.sheets import warning
from tombola.explain.tables import sanity_table, standing


@pytest.mark.parametrize("method", ["grad-cam", "input-x-gradient"])
def test_methods_that_look_at_the_network_pass(trained: nn.Module, shapes: Pictures, method: str) -> None:
    findings = check_sanity(Question(trained, shapes.images, method))
    assert [finding.check for finding in findings] == default_checks()
    assert failures(findings) == []
    assert standing(findings) == "passes"
    steps = next(finding for finding in findings if finding.check == "weights").steps
    assert list(steps) == ["trained", "output", "conv.6", "conv.3", "conv.0"]  # from the top down
    assert steps["trained"] == 1
    assert steps["conv.0"] < 0.5


@pytest.mark.parametrize(
    ("baseline", "failed"),
    [
        ("edge-detector", ["edges", "weights"]),
        ("centre-gaussian", ["centre", "weights"]),
        ("random", ["weights"]),
        ("constant", ["constant", "weights"]),
    ],
)
def test_baselines_fail(trained: nn.Module, shapes: Pictures, baseline: str, failed: list[str]) -> None:
    findings = check_sanity(Question(trained, shapes.images, baseline))
    assert failures(findings) == failed
    assert standing(findings) == f"fails: {', '.join(failed)}"
    found = {finding.check: finding for finding in findings}
    assert set(found["weights"].steps.values()) == {1.0}
    assert f"{baseline} fails: " in found["weights"].sentence
    table = sanity_table(findings)
    assert not table[table.check == "weights"].passed.any()


def test_a_network_of_permuted_labels_is_explained_otherwise(trained: nn.Module, shapes: Pictures) -> None:
    other = attribute(trained, shapes.images).targets  # the same classes are explained

    def permuted() -> nn.Module:
        module = nn.Sequential(nn.Conv2d(3, 4, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 6))
        return module.eval()

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        question = Question(trained, shapes.images, "input-x-gradient", permuted=permuted)
        finding = check_sanity(question, ["labels"])[0]
    assert finding.passed
    assert np.array_equal(question.original.targets, other)
    asked: list[int] = []
    same = [Question(trained, shapes.images, permuted=lambda k=k: asked.append(k) or trained) for k in range(3)]  # type: ignore[misc, func-returns-value]
    found = check_sanity(same, ["labels"])[0]
    assert not found.passed
    assert (asked, found.networks) == ([0], 1)  # training is dear: one network is enough
    assert check_sanity(same, ["edges"])[0].networks == 3
    with pytest.raises(TombolaError, match="permuted_network"):
        check_sanity(Question(trained, shapes.images), ["labels"])


def test_permuted_networks_are_trained_on_permuted_labels(short_run: Any) -> None:
    data = load_data("digits")
    other = permuted_labels(data, 3)
    assert not torch.equal(other.train.labels, data.train.labels)
    assert torch.equal(other.train.labels.bincount(), data.train.labels.bincount())
    assert torch.equal(other.test.labels, data.test.labels)
    module = permuted_network(short_run)
    first = short_run.ticket(0, 0)
    weights, trained, initial = module.state_dict(), first.trained, first.initial
    assert weights.keys() == trained.keys()
    name = next(name for name in weights if name.endswith("weight"))
    assert not torch.equal(weights[name], trained[name])
    assert not torch.equal(weights[name], initial[name])
    # the same start: a short training stays near it
    assert (weights[name] - initial[name]).norm() < 0.5 * initial[name].norm()


def test_shuffling_keeps_values_and_leaves_the_network_asked_about_alone(trained: nn.Module, shapes: Pictures) -> None:
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    first = check_sanity(Question(trained, shapes.images), ["weights"])
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())
    assert first == check_sanity(Question(trained, shapes.images), ["weights"])  # the same twice
    layer = nn.Conv2d(3, 5, 3)
    kept = layer.weight.clone()
    shuffle(layer, torch.Generator().manual_seed(1))
    assert not torch.equal(layer.weight, kept)
    assert torch.equal(layer.weight.flatten().sort().values, kept.flatten().sort().values)
    assert layers_from_the_top(trained, Question(trained, shapes.images))[0] == "output"


def test_constant_maps_are_alike_only_to_each_other() -> None:
    flat, other = np.ones((1, 3, 3)), np.arange(9.0).reshape(1, 3, 3)
    assert alike(flat, 0 * flat) == 1
    assert alike(flat, other) == 0
    assert alike(other, other) == pytest.approx(1)


@pytest.mark.parametrize("name", list(checks))
def test_they_are_documented(name: str) -> None:
    assert checks[name].summary.endswith((".", ")"))
    assert 0 < checks[name].limit < 1
    assert (name in default_checks()) is (name != "labels")


def test_unknown_checks_are_told(trained: nn.Module, shapes: Pictures) -> None:
    with pytest.raises(TombolaError, match="did you mean 'weights'"):
        check_sanity(Question(trained, shapes.images), ["weight"])


def test_failing_somewhere_is_not_failing_everywhere() -> None:
    def finding(check: str, value: float, where: str) -> Finding:
        return Finding(check, "grad-cam", value, 0.5, {"all": value}, 3, 16, where)

    mixed = [finding("weights", 0.1, "level 0"), finding("weights", 0.7, "level 5")]
    assert standing(mixed) == "fails: weights at level 5"
    assert standing([finding("weights", 0.6, "level 0"), *mixed[1:]]) == "fails: weights"
    assert standing(mixed[:1]) == "passes"
    assert not finding("weights", 0.5, "").passed  # the limit itself fails
    assert not finding("weights", float("nan"), "").passed


def test_the_warning_says_where() -> None:
    assert warning("fails: weights, edges") == (
        "This method fails: weights, edges. Do not take its maps for explanations."
    )
    assert "maps there for" in warning("fails: constant at level 6, weights at level 6")
    assert "maps for" in warning("fails: edges, weights at level 6")
