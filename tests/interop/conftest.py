import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from tombola.experiments import run
from tombola.specs import resolve
from tombola.store import Run, open_run

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def craft() -> SimpleNamespace:
    """What crafting.py defines: torch files written opcode by opcode."""
    return SimpleNamespace(**runpy.run_path(str(HERE / "crafting.py")))


@pytest.fixture(scope="session")
def playground() -> SimpleNamespace:
    """What playground_files.py defines: experiments as the playground framework writes them."""
    return SimpleNamespace(**runpy.run_path(str(HERE / "playground_files.py")))


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with batch normalisation, a control, and a state that levels were rewound to."""
    changes = {
        "network": {"family": "conv", "conv": ["4B", "M", "6"], "linear": ["16"]},
        "train": {"steps": 20, "record_every": 10},
        "prune": {"levels": 2, "rewind": "step:5", "conv_rate": 0.4},
        "replicates": 1,
        "controls": ["reinit:1"],
    }
    return open_run(run(resolve("lenet-digits", changes=changes), tmp_path_factory.mktemp("small")).path)
