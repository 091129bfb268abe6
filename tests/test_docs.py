"""The Python in the documentation runs as it stands, and what the pages point to exists."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from tombola.cli.main import COMMANDS
from tombola.experiments import controls
from tombola.networks import networks
from tombola.pruning import scores
from tombola.specs import preset_names

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCE = ROOT / "src"
EXAMPLES = [path for path in sorted(SOURCE.rglob("*.py")) if ">>> " in path.read_text()]
RUNNABLE = ["README.md", "guide.md"]


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)


CASES = [
    pytest.param(block, id=f"{page.name}-{i}")
    for page in PAGES
    if page.name in RUNNABLE
    for i, block in enumerate(blocks(page))
]


@pytest.mark.parametrize("block", CASES)
def test_python_blocks_run(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    registries = (scores, controls, networks)
    before = [dict(registry._items) for registry in registries]  # type: ignore[attr-defined]
    try:
        exec(
            compile("import tombola\nimport torch\n" + block.replace("steps=2000", "steps=200"), "block", "exec"),
            {"__name__": "__main__"},
        )
    finally:
        for registry, items in zip(registries, before, strict=True):
            registry._items = items  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_of_docstrings_hold(path: Path) -> None:
    module = import_module(".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"))
    with np.printoptions(legacy="1.25"):  # numbers, not their types
        assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_import_of_python_blocks_is_there(page: Path) -> None:
    for block in blocks(page):
        for module, names in re.findall(r"^from (tombola[\w.]*) import ([\w, ]+)$", block, flags=re.MULTILINE):
            exec(f"from {module} import {names}", {})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_presets_exist(page: Path) -> None:
    text = page.read_text()
    assert set(re.findall(r"(?:`|^|\$ )tombola ([a-z]+)", text, flags=re.MULTILINE)) <= set(COMMANDS)
    assert set(re.findall(r"tombola run ([a-z][\w-]+)", text)) <= set(preset_names())
