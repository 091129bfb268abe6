"""What is imported when: reading a run, its tables and a study needs no torch."""

import subprocess
import sys

import pytest

import tombola
import tombola.analysis
import tombola.store
from tombola.lazy import importer

LIGHT = [
    "tombola.store",
    "tombola.analysis",
    "tombola.study.statistics",
    "tombola.cli.show_view",
    "tombola.cli.list_view",
]


@pytest.mark.parametrize("package", [tombola, tombola.analysis, tombola.store], ids=lambda package: package.__name__)
def test_every_public_name_is_there(package) -> None:
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'ticket'"):
        package.ticket  # noqa: B018


def test_names_come_from_their_homes() -> None:
    find = importer("here", {"Ticket": "tombola.pruning"})
    assert find("Ticket") is tombola.Ticket


def test_reading_runs_and_studies_loads_no_torch() -> None:
    code = f"import sys, {', '.join(LIGHT)}; print({{'torch', 'sklearn', 'matplotlib'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_study_is_served_without_torch() -> None:
    pytest.importorskip("fastapi", reason="the study extra is not installed")
    code = "import sys, tombola.study.server.app; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
