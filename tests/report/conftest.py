import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BUILDER = Path(__file__).parents[1] / "report" / "synthetic.py"


@pytest.fixture(scope="session")
def synthetic() -> dict[str, Any]:
    """What synthetic.py defines."""
    return runpy.run_path(str(BUILDER))


@pytest.fixture
def make_run(tmp_path: Path, synthetic: dict[str, Any]) -> Callable[..., Any]:
    """Make runs in memory: `make_run(replicates=3, levels=6, controls=("reinit:1",), quality=…)`, see synthetic.py."""
    return lambda **options: synthetic["synthetic_run"](tmp_path / "synthetic-0123456789ab", **options)
