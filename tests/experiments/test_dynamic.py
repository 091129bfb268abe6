"""SET and RigL as experiments: what is stored of a mask that moved."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments.procedures.dynamic import Rule, at_random
from tombola.networks.state import State
from tombola.specs import ExperimentSpec, resolve
from tombola.store import Run

SHORT = {
    "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12]},
    "train": {"steps": 40, "record_every": 5, "lr": 0.01},
    "dynamic": {"update_every": 6, "distribution": "layerwise"},
    "replicates": 1,
    "controls": [],
}


def spec_of(procedure: str, **changes: object) -> ExperimentSpec:
    return resolve("lenet-digits", changes=SHORT | {"prune": {"procedure": procedure, "densities": [0.3]}} | changes)


@pytest.mark.parametrize("procedure", ["rigl", "set"])
def test_a_ticket_has_the_last_mask_over_the_initial_weights(procedure: str, execute: Callable[..., Run]) -> None:
    run = execute(spec_of(procedure))
    ticket, dense = run.ticket(0, 1), run.ticket(0, 0)
    moved = pd.read_csv(ticket.path / "moves.csv")
    assert moved.step.tolist() == [6, 12, 18, 24]  # until .75 of 40 steps
    assert ticket.info.found["moves"] == 4
    assert ticket.info.found["explored"] > ticket.mask.density
    assert ticket.provenance["first_mask"] != ticket.mask.digest()
    _holds(ticket.initial, dict(ticket.mask))
    _holds(ticket.trained, dict(ticket.mask))
    for name, keep in ticket.mask.items():
        assert torch.equal(ticket.initial[name][keep], dense.initial[name][keep])
    assert ticket.module("early_stop") is not None


def _holds(state: State, mask: dict[str, torch.Tensor]) -> None:
    for name, keep in mask.items():
        assert not state[name][~keep].any()
        assert (state[name][keep] != 0).any()


def test_rigl_and_set_differ_and_begin_alike(execute: Callable[..., Run]) -> None:
    rigl, set_ = (execute(spec_of(name), name).ticket(0, 1) for name in ("rigl", "set"))
    assert rigl.provenance["first_mask"] == set_.provenance["first_mask"]
    assert rigl.mask != set_.mask


def test_a_run_repeats_bit_by_bit(execute: Callable[..., Run], results: Callable[[Path], dict[str, str]]) -> None:
    assert results(execute(spec_of("rigl"), "one").path) == results(execute(spec_of("rigl"), "two").path)


def test_an_early_stop_state_before_the_last_move_reads_back(execute: Callable[..., Run]) -> None:
    changes = {"train": SHORT["train"] | {"lr": 1.0, "optimiser": "sgd", "momentum": 0.9}}  # type: ignore[operator]
    run = execute(spec_of("set", **changes))
    ticket = run.ticket(0, 1)
    assert ticket.info.early_stop_step is not None
    assert ticket.info.early_stop_step < 24
    assert any((ticket.early_stop[name][~keep] != 0).any() for name, keep in ticket.mask.items())
    assert sum(int((ticket.early_stop[name] != 0).sum()) for name in ticket.mask) <= ticket.mask.count


def test_the_share_falls_as_published() -> None:
    """Evci et al. 2020, section 3: f(t) = a / 2 (1 + cos(pi t / T_end))."""
    rule = Rule(at_random, 0, 0, 1, 0.3, "cosine", 100)
    assert [round(float(rule.share(step)), 6) for step in (0, 50, 100)] == [0.3, 0.15, 0.0]
    assert Rule(at_random, 0, 0, 1, 0.3, "constant", 100).share(50) == Fraction(3, 10)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"prune": {"procedure": "rigl", "rewind": "lr"}}, "prune.rewind is 'lr'"),
        ({"prune": {"procedure": "set", "pruned": "initial"}}, "start at zero"),
        ({"prune": {"procedure": "set"}, "engine": "stacked"}, "masks cannot move"),
        ({"prune": {"procedure": "set"}, "dynamic": {"distribution": "erkk"}}, "unknown allocation 'erkk'"),
        ({"prune": {"procedure": "set"}, "dynamic": {"update_every": "0st"}}, "at least one step"),
    ],
)
def test_what_does_not_go_together_is_refused_up_front(
    changes: dict[str, object], sentence: str, execute: Callable[..., Run]
) -> None:
    with pytest.raises(TombolaError, match=sentence):
        execute(resolve("lenet-digits", changes=SHORT | changes))
