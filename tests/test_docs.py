"""The Python in the documentation runs as it stands, and what the pages point to exists."""

import re
from pathlib import Path

import pytest

from tombola.experiments import controls
from tombola.networks import networks
from tombola.pruning import scores

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
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
