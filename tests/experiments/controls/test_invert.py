from collections.abc import Callable
from typing import Any

import torch
from hypothesis import given
from hypothesis import strategies as st

from tombola.experiments.controls.invert import opposite


@given(st.lists(st.booleans(), min_size=1, max_size=50), st.integers(0, 5))
def test_as_many_from_what_was_pruned_as_there_are(bits: list[bool], seed: int) -> None:
    keep = torch.tensor(bits)
    inverted = opposite(keep, torch.Generator().manual_seed(seed))
    kept, pruned = sum(bits), len(bits) - sum(bits)
    assert int(inverted.sum()) == kept
    assert int((inverted & ~keep).sum()) == min(kept, pruned)


def test_layers_of_less_than_half_density_share_nothing(finish: Callable[..., Any]) -> None:
    # sparse_analysis 4.2: inversion
    tickets = finish(prune={"procedure": "one-shot", "densities": [0.6, 0.2], "levels": 2})
    for level in (1, 2):
        trial, mask = tickets.trial("invert-layerwise", level=level), tickets.run.ticket(0, level).mask
        shared = {name: int((trial.ticket.mask[name] & mask[name]).sum()) for name in mask}
        assert trial.found == {"not_inverted": {name: count for name, count in shared.items() if count}}
        for name, count in mask.remaining().items():
            assert shared[name] == max(0, 2 * count - mask[name].numel())
        assert bool(trial.found["not_inverted"]) == (level == 1)
