from collections.abc import Callable
from typing import Any

import pytest
import torch

from tombola.experiments.controls.signs import deviation


@pytest.mark.parametrize("name", ["reinit-constant", "reinit-constant-keep-signs"])
def test_every_survivor_has_one_magnitude_the_layers_initial_deviation(name: str, finish: Callable[..., Any]) -> None:
    # field.md 2.2: ± standard deviation of the layer's initial weights, pruned ones included
    made = finish()
    dense, control = made.run.ticket(0, 0), made.trial(name).ticket
    for layer, keep in control.mask.items():
        expected = dense.initial[layer].std(correction=0)
        assert torch.equal(control.initial[layer][keep].abs().unique(), expected.view(1))
    wide = control.mask["output.weight"].shape
    glorot = (2 / sum(wide)) ** 0.5
    assert abs(float(control.initial["output.weight"].abs().max()) / glorot - 1) < 0.2


def test_constants_of_rewound_tickets_take_signs_from_step_k_and_size_from_step_0(finish: Callable[..., Any]) -> None:
    made = finish(prune={"rewind": "step:5"})
    dense, control = made.run.ticket(0, 0), made.trial("reinit-constant-keep-signs").ticket
    flipped = 0
    for layer, keep in control.mask.items():
        assert torch.equal(control.initial[layer][keep].sign(), dense.rewind[layer][keep].sign())
        assert torch.equal(control.initial[layer][keep].abs().unique(), dense.initial[layer].std(correction=0).view(1))
        flipped += int((dense.rewind[layer].sign() != dense.initial[layer].sign()).sum())
    assert flipped, "the test tells steps apart only where signs changed"


def test_repetitions_of_constants_differ_in_biases_only(finish: Callable[..., Any]) -> None:
    made = finish()
    one, two = (made.trial("reinit-constant-keep-signs", repetition=number).ticket.initial for number in range(2))
    differ = {name for name in one if not torch.equal(one[name], two[name])}
    assert differ == {name for name in one if name.endswith("bias") and ".1." not in name}


def test_a_layer_without_spread_keeps_its_magnitude() -> None:
    assert float(deviation(torch.tensor([[-0.5]]))) == 0.5
    assert float(deviation(torch.tensor([1.0, -1.0, 3.0, -3.0]))) == pytest.approx(5**0.5)
