"""The notebooks of docs/tutorials: committed clean, and they run from top to bottom in an empty folder."""

import ast
import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

import tombola
from tombola.store import open_run
from tombola.store.finding import run_folders
from tombola.store.listing import describe
from tombola.study.design import open_study

TUTORIALS = Path(__file__).resolve().parent.parent / "docs" / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))
MAGIC = "%%writefile mylab.py\n"


def _cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def _execute(name: str, folder: Path) -> None:
    """Run a notebook in a folder, with the interpreter and the package of the tests."""
    pytest.importorskip("ipykernel", reason="the notebooks extra is not installed")
    nbclient = pytest.importorskip("nbclient", reason="the notebooks extra is not installed")
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    notebook = nbformat.read(TUTORIALS / name, as_version=4)
    # without folders of specs the kernel is this interpreter's own, whatever "python3" is on this machine
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = nbclient.NotebookClient(notebook, km=manager, timeout=300, resources={"metadata": {"path": str(folder)}})
    package = str(Path(tombola.__file__).resolve().parents[1])  # PYTHONPATH may be relative, and the folder is another
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))

    async def execute() -> None:
        try:
            await client.async_execute(env=os.environ | {"PYTHONPATH": path, "IPYTHONDIR": str(folder / ".ipython")})
        finally:
            await manager.shutdown_kernel(now=True)  # a kernel that is handed in is not ended by nbclient

    asyncio.run(execute())


def test_run_an_experiment(tmp_path: Path) -> None:
    _execute("1-run-an-experiment.ipynb", tmp_path)
    runs = {entry.name: entry for entry in map(describe, run_folders(tmp_path / "runs"))}
    assert {name: (entry.status, entry.jobs) for name, entry in runs.items()} == {
        "first": ("complete", 3 * (1 + 4 * 3)),
        "first-one-shot": ("complete", 3 * (1 + 4)),
    }
    assert (runs["first"].path / "report.html").is_file()


def test_evaluate_it(tmp_path: Path) -> None:
    _execute("2-evaluate-it.ipynb", tmp_path)
    assert (tmp_path / "figures" / "controls.pdf").read_bytes().startswith(b"%PDF")


def test_your_own(tmp_path: Path) -> None:
    _execute("3-your-own.ipynb", tmp_path)
    runs = {entry.name: entry for entry in map(describe, run_folders(tmp_path / "runs"))}
    assert {entry.status for entry in runs.values()} == {"complete"}
    run = open_run(runs["mylab"].path)
    assert run.spec.network.architecture == "my-separable"
    assert run.spec.prune.score == "my-relative"
    assert set(run.spec.control_repetitions()) == {"reinit", "my-random-signs"}
    assert "my-random-signs" in (run.path / "report.html").read_text()
    # the score decided: plain magnitude keeps as many weights, and others
    other = open_run(runs["magnitude"].path)
    mine, theirs = run.ticket(0, 1).mask, other.ticket(0, 1).mask
    assert mine.density == theirs.density
    assert mine.remaining() != theirs.remaining()
    # the control changed signs only
    ticket, control = run.ticket(0, 1), run.ticket(0, 1, "my-random-signs")
    for name, keep in ticket.mask.items():
        before, after = ticket.initial[name], control.initial[name]
        assert (control.mask[name] == keep).all()
        assert (before.abs() == after.abs()).all()
    assert any((ticket.initial[name] != control.initial[name]).any() for name in ticket.mask)


def test_how_much_is_too_much(tmp_path: Path) -> None:
    pytest.importorskip("fastapi", reason="the study extra is not installed")
    _execute("4-how-much-is-too-much.ipynb", tmp_path)
    (run,) = map(describe, run_folders(tmp_path / "runs"))
    assert (run.status, run.jobs) == ("complete", 7)
    assert open_study(tmp_path / "study").spec.task == "pairwise"


def test_everything_of_your_own_takes_less_than_twenty_lines() -> None:
    (source,) = ("".join(c["source"]) for c in _cells(TUTORIALS / "3-your-own.ipynb", "code") if MAGIC in c["source"])
    parts = [node for node in ast.parse(source.removeprefix(MAGIC)).body if isinstance(node, ast.FunctionDef)]
    assert {part.name for part in parts} >= {"my_separable", "my_relative", "my_random_signs"}
    for part in parts:
        assert part.end_lineno is not None
        assert part.end_lineno - part.lineno < 19


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_clean(path: Path) -> None:
    notebook = json.loads(path.read_text())
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    for cell in _cells(path, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    assert not re.search(r"[\"'(\s]/(home|Users|tmp|content|work|mnt)\b|[A-Z]:\\\\", text)
    links = re.findall(r"\]\(([\w./-]+)\)", text)
    assert all((path.parent / link).is_file() for link in links)


def test_all_notebooks_are_tested() -> None:
    assert [path.name for path in NOTEBOOKS] == [
        "1-run-an-experiment.ipynb",
        "2-evaluate-it.ipynb",
        "3-your-own.ipynb",
        "4-how-much-is-too-much.ipynb",
    ]
