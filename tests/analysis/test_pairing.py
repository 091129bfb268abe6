from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest
import torch

from tombola.analysis.pairing import pairing
from tombola.store import Run

Make = Callable[..., Any]


def with_environment(run: Run, **data: Any) -> Run:
    """Overwrite what the run recorded of its data."""
    recorded = run.environment
    run.__dict__["environment"] = recorded | {"data": recorded["data"] | data}
    return run


def test_same_seed_split_network_are_pairs(make_run: Make) -> None:
    found = pairing(make_run(replicates=3), make_run(replicates=5, name="other", train={"lr": 0.1}))
    assert found.kind == "paired"
    assert found.replicates == (0, 1, 2)
    assert "replicates 0, 1 and 2" in found.sentence
    assert "2 further replicates of the other run have no partner" in found.sentence


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"seed": 3}, "the seeds differ (0 and 3)"),
        ({"network": {"linear": (300, 100), "activation": "relu"}}, "network.activation differs"),
        ({"network": {"linear": (20,), "bias_init": "zeros"}}, "network.linear and network.bias_init differ"),
    ],
)
def test_other_experiments_are_independent_samples(fields: dict[str, Any], reason: str, make_run: Make) -> None:
    found = pairing(make_run(), make_run(**fields))
    assert found.kind == "unpaired"
    assert found.replicates == ()
    assert reason in found.sentence


def test_another_split_is_no_pair(make_run: Make) -> None:
    found = pairing(make_run(), with_environment(make_run(), split_digest="other", digest="other"))
    assert found.kind == "unpaired"
    assert "split differently" in found.sentence
    unknown = make_run()
    unknown.__dict__["environment"] = {}
    assert pairing(make_run(), unknown).kind == "paired", "the specs say the same"
    less = make_run(data={"name": "mnist", "train": 100})
    less.__dict__["environment"] = {}
    assert pairing(make_run(), less).kind == "unpaired"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda make: make(data={"name": "digits"}), "the image sets differ (mnist and digits)"),
        (lambda make: make(data={"name": "mnist", "size": 14}), "data.size = None and 14"),
        (lambda make: with_environment(make(), digest="xyz"), "digest abc and xyz"),
        (lambda make: with_environment(make(), split_digest="z", test=500), "10,000 and 500 images"),
    ],
)
def test_other_images_are_not_compared(change: Callable[[Make], Run], reason: str, make_run: Make) -> None:
    found = pairing(make_run(), change(make_run))
    assert found.kind == "apart"
    assert reason in found.sentence


class Start:
    """A ticket that has an initial state and nothing else."""

    def __init__(self, value: float) -> None:
        self.value = value

    @cached_property
    def initial(self) -> dict[str, torch.Tensor]:
        return {"weight": torch.tensor([1.0, self.value])}


def test_initial_weights_are_looked_at(make_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spec can claim anything (an imported run, an edited file): replicate 1 starts elsewhere and is no pair."""
    first, other = make_run(replicates=3), make_run(replicates=3)
    monkeypatch.setattr(first, "ticket", lambda replicate, level: Start(0.0), raising=False)
    monkeypatch.setattr(other, "ticket", lambda replicate, level: Start(float(replicate == 1)), raising=False)
    found = pairing(first, other)
    assert found.replicates == (0, 2)
    assert "Replicate 1 left out: initial weights differ." in found.sentence
    monkeypatch.setattr(other, "ticket", lambda replicate, level: Start(5.0), raising=False)
    assert pairing(first, other).kind == "unpaired"
