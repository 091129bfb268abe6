import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from tombola.cli.main import main
from tombola.specs import resolve

MAKE: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[1] / "store" / "test_listing.py"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four runs, one of them damaged, in two folders."""
    write_run, spec = MAKE["write_run"], MAKE["SPEC"]
    write_run(tmp_path / "mine-0123456789ab", spec)
    write_run(tmp_path / "deep" / "short-0123456789ab", spec.with_(name="short"), lambda job: job.level == 0)
    digits = resolve("lenet-digits").with_(replicates=1, prune={"levels": 1})
    write_run(tmp_path / "deep" / "lenet-digits-0123456789ab", digits)
    broken = write_run(tmp_path / "broken-0123456789ab", spec)
    (broken / "spec.yaml").write_text("schema: 1\nname: [")
    return tmp_path


def listed(root: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["list", str(root), "--json", *arguments]) == 0
    return [entry["name"] for entry in json.loads(capsys.readouterr().out)]


def test_one_line_each(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", str(root)]) == 0
    text = capsys.readouterr().out
    assert "mine-0123456789ab" in text
    assert "92.05%" in text
    assert "1/2" not in text
    assert text.count("complete") == 2
    assert text.count("damaged: ") == 1
    assert "broken-0123456789ab: its spec.yaml is no YAML" in text


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ((), ["broken", "lenet-digits", "short", "mine"]),
        (("--name", "m*"), ["mine"]),
        (("--data", "digits"), ["lenet-digits"]),
        (("--network", "300*"), ["short", "mine"]),
        (("--status", "partial"), ["short"]),
        (("--status", "damaged"), ["broken"]),
        (("--preset", "lenet-digits"), ["lenet-digits"]),
        (("--preset", "lenet-mnist"), []),
    ],
)
def test_filters(arguments: tuple[str, ...], names: list[str], root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(root, capsys, *arguments) == names


def test_nothing_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", str(tmp_path)]) == 0
    assert "holds no run" in capsys.readouterr().out
    assert main(["list", str(tmp_path / "x")]) == 2
    assert "is no folder" in capsys.readouterr().err
    assert main(["list", str(tmp_path), "--preset", "lenet-minst"]) == 2
    assert "did you mean 'lenet-mnist'" in capsys.readouterr().err
