"""The cost model of this machine: measured at first use, kept in the user's cache until what it rests on changes."""

import contextlib
import hashlib
import json
import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from tombola.data.files import written
from tombola.data.places import user_cache
from tombola.errors import TombolaError
from tombola.training.cost.model import CostModel

FORMAT = 1


def cost_model(threads: int = 1, *, measure: bool = True) -> CostModel | None:
    """Return what this machine's engines cost.

    Parameters
    ----------
    threads
        Threads of one job; the sparse engine trains a network on one whatever their number.
    measure
        Whether to measure (under two seconds; kernels are compiled first where they are not) if nothing is kept.

    Returns
    -------
    CostModel or None
        None if nothing is kept and nothing may be measured.
    """
    path = book_file(threads)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        return CostModel.from_json(json.loads(path.read_text()))
    if not measure:
        return None
    model = measured(threads)
    with contextlib.suppress(TombolaError), written(path) as file:  # a cache that cannot be written stops nothing
        file.write((json.dumps(model.as_json(), indent=1) + "\n").encode())
    return model


def measured(threads: int) -> CostModel:
    """Measure this machine now."""
    from tombola.training.cost.dense_rates import measure_dense
    from tombola.training.cost.kernels import compile_kernels
    from tombola.training.cost.sparse_rates import measure_sparse

    compile_kernels()
    with torch.random.fork_rng([]):  # layers draw their first weights from the global generator
        return CostModel(measure_dense(threads), measure_sparse())


def book_file(threads: int) -> Path:
    """Return where the model of this machine is kept: named by everything that it rests on."""
    content = json.dumps([FORMAT, threads, processor(), _versions(), sources()])
    return user_cache() / "cost" / f"{hashlib.sha256(content.encode()).hexdigest()[:16]}.json"


def processor() -> str:
    """Return the processor's name and the number of cores at hand."""
    info, name = Path("/proc/cpuinfo"), platform.processor() or platform.machine()
    if info.is_file():
        lines = info.read_text().splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()}"


def _versions() -> list[str]:
    found = []
    for package in ("torch", "numba"):
        try:
            found.append(version(package))
        except PackageNotFoundError:
            found.append("absent")
    return found


@cache
def sources() -> str:
    """Return a digest of the sources of the engines and of this model."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
