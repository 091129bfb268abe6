import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tombola.specs import ExperimentSpec, resolve

REPOSITORY = Path(__file__).resolve().parent.parent
DATA_ROOTS = (REPOSITORY.parent / "data", REPOSITORY.parent / "shared" / "data")

# Workers share the machine's cores. With a pool of all cores each, idle threads spin and the suite takes twice as long.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    share = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, share)))  # before torch is loaded, and for child processes

# one run of the suite is like the next, on slow machines too; `--hypothesis-profile default` looks for new examples
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """A folder that holds real image sets, for tests marked `data`."""
    for root in DATA_ROOTS:
        if (root / "mnist").is_dir():
            return root
    pytest.skip("no real image sets lie beside the project (../data or ../shared/data)")


@pytest.fixture(scope="session")
def beside() -> Callable[[str], Path]:
    """Find a published file or folder (`seeds/…`) under any data root; a test without it is skipped, saying so."""

    def find(name: str) -> Path:
        for root in DATA_ROOTS:
            if (root / name).exists():
                return root / name
        pytest.skip(f"{name} does not lie beside the project (../data or ../shared/data)")

    return find


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the user's own caches."""
    monkeypatch.delenv("TOMBOLA_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def tiny_spec() -> ExperimentSpec:
    """An experiment of a second: two replicates, two levels, one control, on the embedded digits."""
    return resolve("lenet-digits", changes={"train": {"steps": 30, "record_every": 10}, "prune": {"levels": 2}})
