import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SEEDS = Path("shared", "data", "seeds", "signs")


@pytest.fixture(scope="session")
def fixtures() -> dict[str, Any]:
    """What generator.py defines."""
    return runpy.run_path(str(Path(__file__).parent / "generator.py"))


@pytest.fixture(scope="session")
def generated(fixtures: dict[str, Any]) -> Callable[..., dict[str, np.ndarray]]:
    """G(seed, density) of reference/sparse_analysis.md section 13."""
    return fixtures["generated"]


@pytest.fixture(scope="session")
def f1_rates(fixtures: dict[str, Any]) -> Callable[[int, int], np.ndarray]:
    """The four rates of network k of group 0 or 1 of fixture F1 (reference/signs.md 3.1)."""
    return fixtures["f1_rates"]


@pytest.fixture(scope="session")
def published() -> Path:
    """The published files of the signs work."""
    folder = Path(__file__).resolve().parents[3].parent / SEEDS
    if not folder.is_dir():
        pytest.skip("the published files of the signs work do not lie beside the project (../shared/data/seeds)")
    return folder
