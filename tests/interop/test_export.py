"""Writing exports: whole or not at all, and nothing is replaced unasked."""

from pathlib import Path

import pytest

from tombola.errors import TombolaError
from tombola.interop import ExportOptions, export, export_formats, exporter
from tombola.interop.export import metadata
from tombola.interop.export_extras import needs
from tombola.interop.export_files import replacing
from tombola.store import Run, StoredTicket


def test_what_is_there_is_replaced_only_when_asked(small_run: Run, tmp_path: Path) -> None:
    path, ticket = tmp_path / "sub/masks.npz", small_run.ticket(0, 1)
    export(ticket, "masks-npz", path)
    first = path.read_bytes()
    with pytest.raises(TombolaError, match=r"masks\.npz exists; give --overwrite"):
        export(small_run.ticket(0, 2), "masks-npz", path)
    assert path.read_bytes() == first
    export(small_run.ticket(0, 2), "masks-npz", path, overwrite=True)
    assert path.read_bytes() != first
    assert [file.name for file in path.parent.iterdir()] == ["masks.npz"]


def test_a_failing_export_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")

    def fail() -> None:
        with replacing(target, overwrite=True) as aside:
            aside.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert target.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_folders_of_other_things_are_never_replaced(small_run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "level_0").mkdir(parents=True)
    (home / "thesis.tex").write_text("years of work")
    with pytest.raises(TombolaError, match=r"home is a folder of something else .it holds thesis.tex. and is not"):
        export(small_run.ticket(0, 1), "open-lth", home, overwrite=True)
    with pytest.raises(TombolaError, match="home is a folder of something else"):
        export(small_run.ticket(0, 1), "masks-npz", home, overwrite=True)
    assert (home / "thesis.tex").read_text() == "years of work"
    (tmp_path / "file").write_text("")
    with pytest.raises(TombolaError, match="is a file where a folder is to be written"):
        export(small_run.ticket(0, 1), "open-lth", tmp_path / "file", overwrite=True)


def test_a_folder_of_its_own_kind_is_replaced_whole(small_run: Run, tmp_path: Path) -> None:
    levels = [small_run.ticket(0, level) for level in range(3)]
    export(levels, "open-lth", tmp_path / "lth")
    export(levels[:1], "open-lth", tmp_path / "lth", overwrite=True)
    assert [file.name for file in (tmp_path / "lth").iterdir()] == ["level_0"]
    assert [file.name for file in tmp_path.iterdir()] == ["lth"]


def test_a_full_disk_is_one_sentence(small_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.savez_compressed", full)
    with pytest.raises(TombolaError, match=r"cannot write .*file: the disk is full"):
        export(small_run.ticket(0, 1), "masks-npz", tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_mistakes_are_told_before_anything_is_written(small_run: Run, tmp_path: Path) -> None:
    ticket = small_run.ticket(0, 1)
    with pytest.raises(TombolaError, match=r"unknown export format 'onxx' .did you mean 'onnx'"):
        export(ticket, "onxx", tmp_path / "it")
    with pytest.raises(TombolaError, match=r"unknown state 'trainde' .did you mean 'trained'"):
        export(ticket, "safetensors", tmp_path / "it", ExportOptions(state="trainde"))
    with pytest.raises(TombolaError, match="safetensors holds one ticket, not 2"):
        export([ticket, ticket], "safetensors", tmp_path / "it")
    with pytest.raises(TombolaError, match=r"this format needs surely_not_there: pip install 'tombola.export.'"):
        needs("export", "json", "surely_not_there")
    assert not list(tmp_path.iterdir())


def test_a_format_of_the_users_own(small_run: Run, tmp_path: Path) -> None:
    @exporter("densities", "one number per layer", suffix=".txt", stateless=True)
    def densities(ticket: StoredTicket, path: Path, options: ExportOptions) -> str:
        path.write_text("\n".join(f"{name} {count}" for name, count in ticket.mask.remaining().items()))
        return "in words"

    try:
        written = export(small_run.ticket(0, 1), "densities", tmp_path / "d.txt")
        assert written.remark == "in words"
        assert len((tmp_path / "d.txt").read_text().splitlines()) == 4
    finally:
        del export_formats._items["densities"]


def test_masks_that_hold_other_values_than_zero(small_run: Run, tmp_path: Path) -> None:
    """Weights held at their initial value (Zhou 2019): kept where the format can say so, refused elsewhere."""
    import copy

    import torch

    from tombola.interop import read_state_dict

    ticket = copy.copy(small_run.ticket(0, 2))
    dense = small_run.ticket(0, 0).initial
    held = ticket.mask.holding(dense)
    state = {name: value.clone() for name, value in ticket.trained.items()}
    held.apply_(state)
    ticket.__dict__["_ticket"] = type(ticket._ticket)(state, held, ticket.provenance)
    export(ticket, "safetensors", tmp_path / "held.safetensors", ExportOptions(state="initial"))
    found, mask = read_state_dict(tmp_path / "held.safetensors")
    assert mask is not None
    assert all(torch.equal(found[name], state[name]) for name in state)
    assert mask == held
    assert all(torch.equal(mask.held[name], values) for name, values in held.held.items())
    with pytest.raises(TombolaError, match="held at other values than zero"):
        export(ticket, "open-lth", tmp_path / "lth")
    options = ExportOptions(state="initial", pruning_format="torch")
    with pytest.raises(TombolaError, match="held at other values than zero"):
        export(ticket, "state-dict", tmp_path / "x.pth", options)


def test_metadata_names_no_place(small_run: Run) -> None:
    note = metadata(small_run.ticket(0, 1), ExportOptions.of(small_run))
    assert note["experiment"] == "lenet-digits"
    assert note["remaining"] == small_run.ticket(0, 1).mask.remaining()
    assert str(small_run.path) not in str(note)
