import math
from collections.abc import Callable
from typing import Any

import pytest
import torch


def test_weights_are_kaiming_normal_whatever_the_tickets_were(finish: Callable[..., Any]) -> None:
    # sparse_analysis 4.2
    tickets = finish(network={"family": "conv", "conv": ["32B", "M"], "linear": [64], "weight_init": "signed-kaiming"})
    trial, ticket = tickets.trial("reinit-kaiming", level=1), tickets.run.ticket(0, 1)
    assert trial.ticket.mask == ticket.mask
    for name, keep in ticket.mask.items():
        fan_in = keep[0].numel()
        values = trial.ticket.initial[name][keep]
        assert float(values.std()) == pytest.approx(math.sqrt(2 / fan_in), rel=0.1)
        assert len(torch.unique(values)) > 0.9 * len(values)
        assert len(torch.unique(ticket.initial[name][keep].abs())) == 1
