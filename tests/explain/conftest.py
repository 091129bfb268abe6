import runpy
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def zoo() -> dict[str, Any]:
    """What networks.py defines: `make(kind)`, `some_images(shape, count)`, `InPlace`."""
    return runpy.run_path(str(Path(__file__).parent / "networks.py"))
