from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """`own_networks` can be imported, as a module beside a user's experiments can."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
