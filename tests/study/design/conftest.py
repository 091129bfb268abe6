from collections.abc import Iterator
from pathlib import Path

import pytest

from tombola.experiments import run
from tombola.specs import resolve
from tombola.store import Run, open_run


@pytest.fixture(scope="session")
def conv_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A real run of a small convolutional network on the embedded digits: two replicates, density 1 and 1/2."""
    changes = {
        "name": "digits-conv",
        "replicates": 2,
        "controls": [],
        "network": {"family": "conv", "conv": ["8", "M", "16"], "linear": ["32"]},
        "train": {"steps": 150, "record_every": 150, "lr": 4e-3},
        "prune": {"densities": [0.5]},
    }
    spec = resolve("lenet-digits", changes=changes)
    folder: Path = tmp_path_factory.mktemp("runs")
    return open_run(run(spec, folder).path)
