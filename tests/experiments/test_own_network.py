"""A network of one's own by import path, through run, key, trust and resume."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.specs import ExperimentSpec, resolve
from tombola.store import Run, open_run

SOURCE = """
from torch import nn

class Attentive(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.embed = nn.Linear(8, 16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.norm = nn.GroupNorm(2, 16)
        self.head = nn.Linear(16, classes)

    def forward(self, images):
        rows = self.embed(images.squeeze(1))
        mixed, _ = self.attention(rows, rows, rows, need_weights=False)
        return self.head(self.norm(mixed.mean(1)))

def attentive(input_shape, classes):
    return Attentive(classes)
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExperimentSpec:
    (tmp_path / "my_network.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("my_network", None)
    changes = {
        "network": {"factory": "my_network:attentive"},
        "train": {"steps": 20, "record_every": 10},
        "replicates": 1,
        "prune": {"procedure": "at-init", "score": "snip", "allocation": "global", "densities": [0.5]},
        "controls": ["reinit:1"],
    }
    return resolve("lenet-digits", changes=changes)


def test_attention_and_group_norm_are_pruned_trained_and_kept(
    spec: ExperimentSpec, execute: Callable[..., Run]
) -> None:
    opened = execute(spec)
    assert {info.status for info in opened.jobs.values()} == {"done"}
    ticket = open_run(opened.path, trust=True).ticket(0, 1)
    assert "attention.in_proj_weight" in ticket.mask
    assert ticket.mask.count == round(ticket.mask.size / 2)
    for name, keep in ticket.mask.items():
        assert not ticket.trained[name][~keep].any()
    assert ticket.module().training is False
    assert "my_network" in opened.environment["plugins"]


def test_nothing_is_imported_without_trust(spec: ExperimentSpec, execute: Callable[..., Run]) -> None:
    path = execute(spec).path
    with pytest.raises(TombolaError, match="trust=True"):
        open_run(path).ticket(0, 1).module()


def test_another_source_is_another_run(spec: ExperimentSpec, tmp_path: Path) -> None:
    first = run(spec, tmp_path / "runs").path
    (tmp_path / "my_network.py").write_text(SOURCE.replace("nn.Linear(8, 16)", "nn.Linear(8, 16, bias=False)"))
    sys.modules.pop("my_network")
    import linecache

    linecache.clearcache()
    assert run(spec, tmp_path / "runs").path != first
