import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tombola import fit, load_data
from tombola.experiments import run
from tombola.explain.pictures import Pictures, pictures
from tombola.networks import build, initialise
from tombola.specs import NetworkSpec, resolve
from tombola.store import Run, open_run


@pytest.fixture(scope="session")
def zoo() -> dict[str, Any]:
    """What networks.py defines: `make(kind)`, `some_images(shape, count)`, `InPlace`."""
    return runpy.run_path(str(Path(__file__).parent / "networks.py"))


@pytest.fixture(scope="session")
def shapes() -> Pictures:
    """Twelve test images of the synthetic shapes, whose objects are known."""
    return pictures(load_data("shapes", normalisation="imagenet"), most=12)


@pytest.fixture(scope="session")
def trained() -> nn.Module:
    """A small network that knows the shapes (about nine in ten), trained in some seconds."""
    data = load_data("shapes", normalisation="imagenet")
    spec = NetworkSpec(conv=("16", "M", "24", "M", "32"), linear=(), activation="relu")
    module = build(spec, data.input_shape, len(data.classes))
    initialise(module, spec, torch.Generator().manual_seed(0))
    fit(module, data, steps=200, batch_size=50, lr=4e-3, record_every=200)
    return module.eval()


@pytest.fixture(scope="session")
def short_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two replicates of a small convolutional network on digits: dense, two levels, a control."""
    changes = {
        "network": {"family": "conv", "conv": ["6", "M"], "linear": ["10"]},
        "train": {"steps": 60, "record_every": 30},
        "prune": {"levels": 2, "conv_rate": 0.5},
        "controls": ["reinit:1"],
    }
    spec = resolve("lenet-digits", changes=changes)
    return open_run(run(spec, tmp_path_factory.mktemp("runs")).path)
