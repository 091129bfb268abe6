"""Every registered export format: writes, can be read back, names no place, and gives equal bytes again."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from safetensors import safe_open

from tombola.errors import TombolaError
from tombola.interop import ExportOptions, export, export_formats, export_records, read_state_dict, records_formats
from tombola.records import MEASURES
from tombola.store import Run, StoredTicket, open_run

STATES = ("initial", "trained", "early_stop")


def equal(state: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return state.keys() == other.keys() and all(torch.equal(state[name], other[name]) for name in state)


def read_safetensors(path: Path, ticket: StoredTicket, state: str) -> None:
    found, mask = read_state_dict(path)
    assert mask == ticket.mask
    assert equal(found, getattr(ticket, state))
    with safe_open(path, framework="numpy") as file:  # without Tombola, as docs/export.md says
        note = json.loads(file.metadata()["tombola"])
        for name, shape in note["shapes"].items():
            keep = np.unpackbits(file.get_tensor(f"mask/{name}"), count=int(np.prod(shape))).reshape(shape)
            np.testing.assert_array_equal(keep, ticket.mask[name].numpy())
            np.testing.assert_array_equal(file.get_tensor(name), getattr(ticket, state)[name].numpy())
    assert (note["state"], note["mask_digest"]) == (state, ticket.mask.digest())


def read_plain(path: Path, ticket: StoredTicket, state: str) -> None:
    assert equal(torch.load(path, weights_only=True), getattr(ticket, state))
    assert equal(read_state_dict(path)[0], getattr(ticket, state))


def read_masks(path: Path, ticket: StoredTicket, state: str) -> None:
    with np.load(path, allow_pickle=False) as arrays:
        assert list(arrays) == list(ticket.mask)
        for name, keep in arrays.items():
            assert keep.dtype == np.bool_
            np.testing.assert_array_equal(keep, ticket.mask[name].numpy())


def read_onnx(path: Path, ticket: StoredTicket, state: str) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="the export extra is not installed")
    session = runtime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    images = torch.rand(5, *ticket.provenance["input_shape"], generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = ticket.module(state)(images)  # type: ignore[arg-type]
    found = session.run(None, {"images": images.numpy()})[0]
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-5)


def read_open_lth(path: Path, ticket: StoredTicket, state: str) -> None:
    folder = path / f"level_{ticket.info.level}" / "main"
    keep = torch.load(folder / "mask.pth", weights_only=True)
    assert {name: value.dtype for name, value in keep.items()} == dict.fromkeys(ticket.mask, torch.int32)
    assert all(torch.equal(value.bool(), ticket.mask[name]) for name, value in keep.items())
    models = [torch.load(file, weights_only=True) for file in folder.glob("model_*.pth")]
    assert any(equal(model, getattr(ticket, state)) for model in models)


READERS: dict[str, Callable[[Path, StoredTicket, str], None]] = {
    "safetensors": read_safetensors,
    "state-dict": read_plain,
    "masks-npz": read_masks,
    "onnx": read_onnx,
    "open-lth": read_open_lth,
}


def write(ticket: StoredTicket, run: Run, to: str, path: Path, state: str = "trained") -> None:
    if to == "onnx":
        pytest.importorskip("onnxruntime", reason="the export extra is not installed")
        pytest.importorskip("onnxscript", reason="the export extra is not installed")
    export(ticket, to, path, ExportOptions.of(run, state))


def content(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path.parent)): file.read_bytes() for file in files}


def test_every_format_has_a_reader_here() -> None:
    assert set(READERS) == set(export_formats)


@pytest.mark.parametrize(
    ("to", "state"),
    # an export to ONNX takes seconds: one is enough here
    [(to, state) for to in export_formats for state in STATES if to != "onnx" or state == "trained"],
)
def test_reads_back_bit_for_bit(to: str, state: str, small_run: Run, tmp_path: Path) -> None:
    ticket = small_run.ticket(0, 2)
    write(ticket, small_run, to, tmp_path / "it", state)
    READERS[to](tmp_path / "it", ticket, state)


@pytest.mark.parametrize("to", export_formats)
def test_equal_tickets_give_equal_bytes_and_name_no_place(to: str, small_run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(open_run(small_run.path).ticket(0, 1), small_run, to, tmp_path / name / "it")
    one, two = content(tmp_path / "one/it"), content(tmp_path / "two/it")
    assert one == two
    places = [str(small_run.path), str(tmp_path), str(Path(torch.__file__).parent), str(Path.home()), str(Path.cwd())]
    for name, written in one.items():
        for place in places:
            assert place.encode() not in written, f"{name} names {place}"


@pytest.mark.parametrize("to", [name for name in export_formats if not export_formats[name].stateless])
def test_a_state_that_was_not_kept_is_one_sentence_and_no_file(to: str, small_run: Run, tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match=r"rewind .* was not kept"):
        export(small_run.ticket(0, 1), to, tmp_path / "it", ExportOptions(state="rewind"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("to", [name for name in export_formats if name != "onnx"])
def test_controls_can_be_exported(to: str, small_run: Run, tmp_path: Path) -> None:
    ticket = small_run.ticket(0, 1, "reinit", 0)
    export(ticket, to, tmp_path / "it", ExportOptions.of(small_run))
    if to == "open-lth":
        assert (tmp_path / "it/level_1/reinit_0/mask.pth").is_file()
    else:
        READERS[to](tmp_path / "it", ticket, "trained")


def read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)


def read_zarr(path: Path) -> pd.DataFrame:
    pytest.importorskip("zarr", reason="the export extra is not installed")
    return _flat(xr.open_zarr(path))


def read_netcdf(path: Path) -> pd.DataFrame:
    return _flat(xr.open_dataset(path, engine="scipy"))


def _flat(data: xr.Dataset) -> pd.DataFrame:
    table = data[[*MEASURES, "status"]].to_dataframe().reset_index()
    done = table.status.isin(["done", b"done"])
    return table[done & table[list(MEASURES)].notna().any(axis=1)]


RECORDS_READERS = {"records-csv": read_csv, "records-zarr": read_zarr, "records-netcdf": read_netcdf}


def test_every_records_format_has_a_reader_here() -> None:
    assert set(RECORDS_READERS) == set(records_formats)


@pytest.mark.parametrize("to", records_formats)
def test_records_read_back_bit_for_bit(to: str, small_run: Run, tmp_path: Path) -> None:
    from tombola.store.jobs import read_records

    if to == "records-zarr":
        pytest.importorskip("zarr", reason="the export extra is not installed")
    export_records(small_run, to, tmp_path / "records")
    table = RECORDS_READERS[to](tmp_path / "records")
    table["control"] = [name.decode() if isinstance(name, bytes) else name for name in table.control]
    count = 0
    for job in small_run.jobs:
        records = read_records(small_run.folder.job(job))
        mine = table[(table[list(job._fields)] == list(job)).all(axis=1)].sort_values("step")
        assert mine.step.tolist() == records.step.tolist()
        assert mine.on_grid.astype(bool).tolist() == ((records.flags & 1) > 0).tolist()
        for name in MEASURES:
            np.testing.assert_array_equal(mine[name].to_numpy(), getattr(records, name))
        count += len(mine)
    assert count == len(table)
    again = tmp_path / "elsewhere"
    again.mkdir()
    export_records(open_run(small_run.path), to, again / "records")
    assert content(again / "records") == content(tmp_path / "records")
    for written in content(again / "records").values():
        assert str(small_run.path.parent).encode() not in written
