from pathlib import Path

import pytest
from matplotlib.figure import Figure

from tombola.errors import TombolaError
from tombola.plots import save_figure
from tombola.plots.saving import format_of
from tombola.store.files import write_bytes


@pytest.mark.parametrize(("name", "begins"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("deep/er/a.PDF", b"%PDF")])
def test_suffixes_name_formats(tmp_path: Path, name: str, begins: bytes) -> None:
    figure = Figure()
    figure.subplots().plot([1, 2])
    assert save_figure(figure, tmp_path / name) == tmp_path / name
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert [path.name for path in (tmp_path / name).parent.iterdir()] == [Path(name).name], "nothing is left beside it"


def test_a_format_may_be_given(tmp_path: Path) -> None:
    assert format_of(Path("curves"), "svg") == "svg"
    with pytest.raises(TombolaError, match=r"ends in \.png, and the format asked for is svg"):
        format_of(Path("a.png"), "svg")
    with pytest.raises(TombolaError, match="ends in no known format: 'jpg'"):
        format_of(Path("a.jpg"))
    with pytest.raises(TombolaError, match="'gif'"):
        format_of(Path("a.gif"))


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tombola.store.files.sync", fail)
    with pytest.raises(TombolaError, match="the disk is full"):
        write_bytes(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
