from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments.plan import make_plan
from tombola.specs import ExperimentSpec


@pytest.mark.parametrize("name", ["reinit", "reinit-keep-signs"])
def test_weights_only_is_the_named_defect(name: str, finish: Callable[..., Any]) -> None:
    # playground.md B2: the reference framework's random retrain keeps trained biases and normalisation
    made = finish(prune={"control_init": "weights-only"})
    ticket, control = made.run.ticket(0, 2), made.trial(name).ticket
    for tensor, value in control.initial.items():
        if tensor in control.mask:
            kept = control.mask[tensor]
            for other in (ticket.initial, ticket.trained, ticket.early_stop):
                assert not (value[kept] == other[tensor][kept]).any()
        else:
            assert torch.equal(value, ticket.early_stop[tensor]), tensor
            assert not torch.equal(value, ticket.initial[tensor]), tensor


@pytest.mark.parametrize("name", ["reinit", "reinit-constant", "reinit-keep-signs"])
def test_weights_only_needs_early_stop_states_and_says_so(name: str, tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    spec = tiny_spec.with_(prune={"control_init": "weights-only"}, store={"keep": "masks"}, controls=[name])
    with pytest.raises(TombolaError, match=r"'weights-only'.* store\.keep = 'masks' drops; set store\.keep to"):
        make_plan(spec, tmp_path)
    make_plan(spec.with_(store={"keep": "early-stop"}), tmp_path)
    make_plan(spec.with_(prune={"control_init": "full"}), tmp_path)


def test_layers_left_out_of_pruning_are_drawn_anew_too(finish: Callable[..., Any]) -> None:
    made = finish(network={"prunable": ["hidden"]}, prune={"control_init": "weights-only"})
    ticket, control = made.run.ticket(0, 2), made.trial("reinit").ticket
    assert "output.weight" not in control.mask
    assert not (control.initial["output.weight"] == ticket.early_stop["output.weight"]).any()
    assert torch.equal(control.initial["output.bias"], ticket.early_stop["output.bias"])
