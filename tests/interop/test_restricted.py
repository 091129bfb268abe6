"""Torch files come back as they were saved, in both forms; damaged ones are refused in one sentence."""

import io
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from tombola.errors import TombolaError
from tombola.interop.restricted import read_tensors, read_torch
from tombola.interop.restricted_arrays import ARRAYS, Array
from tombola.interop.restricted_builders import NUMBERS


def state_dict() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
    return module.state_dict()


def saved(value: object, *, zipped: bool = True) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


@pytest.fixture(params=[True, False], ids=["zip", "stream"])
def zipped(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def place(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "net0.pth"
        path.write_bytes(content)
        return path

    return write


def same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        assert found[name].is_contiguous()
        assert torch.equal(found[name], value)


def test_a_state_dict_comes_back(place: Callable[[bytes], Path], zipped: bool) -> None:
    state = state_dict()
    assert hasattr(state, "_metadata")  # which files carry through a BUILD opcode
    same(read_torch(place(saved(state, zipped=zipped))), state)


def test_views_of_one_storage_come_back_apart(place: Callable[[bytes], Path], zipped: bool) -> None:
    whole = torch.arange(24.0).reshape(4, 6)
    value = {"whole": whole, "transposed": whole.T, "part": whole[1:3, ::2], "scalar": whole[2, 3], "empty": whole[:0]}
    found = read_torch(place(saved(value, zipped=zipped)))
    same(found, value)
    found["whole"].zero_()
    assert found["part"].sum() == whole[1:3, ::2].sum()


def test_containers_and_plain_values_come_back(place: Callable[[bytes], Path], zipped: bool) -> None:
    value = {"list": [1, -2.5, "text", None, True], "tuple": (1, (2, (3, 4, 5, 6))), 3: 2**70, "deep": {}}
    assert read_torch(place(saved(value, zipped=zipped))) == value


def test_other_numbers_need_to_be_expected(place: Callable[[bytes], Path], zipped: bool) -> None:
    value = {str(kind): torch.ones(3).to(kind) for kind in (torch.int32, torch.bool, torch.bfloat16, torch.float64)}
    path = place(saved(value, zipped=zipped))
    same(read_torch(path, globals=NUMBERS), value)
    with pytest.raises(TombolaError, match=r"names torch\.\w+Storage, which is not needed"):
        read_torch(path)


def test_parameters_are_read_as_tensors(place: Callable[[bytes], Path]) -> None:
    parameter = nn.Parameter(torch.tensor([1.0, 2.0]))
    same(read_tensors(place(saved({"weight": parameter}))), {"weight": parameter.detach()})


def test_where_a_tensor_was_does_not_matter(place: Callable[[bytes], Path]) -> None:
    content = saved(OrderedDict(weight=torch.tensor([1.0, 2.0, 3.0])), zipped=False)
    on_gpu = content.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
    assert on_gpu != content
    assert read_torch(place(on_gpu))["weight"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_arrays_where_they_are_expected(place: Callable[[bytes], Path], zipped: bool, module: bytes) -> None:
    objects = np.empty(3, dtype=object)
    objects[:] = [OrderedDict(w=torch.ones(2)), None, "x"]
    value = {"indices": np.array([[5, -1], [7, 8]]), "objects": objects, "fortran": np.asfortranarray(np.eye(3)[:2])}
    path = place(saved(value, zipped=zipped))
    found = read_torch(path, globals=ARRAYS)
    assert all(isinstance(array, Array) for array in found.values())
    assert found["indices"].numbers.tolist() == [[5, -1], [7, 8]]
    assert np.array_equal(found["fortran"].numbers, value["fortran"])
    assert torch.equal(found["objects"].objects[0]["w"], torch.ones(2))
    assert found["objects"].objects[1:] == [None, "x"]
    with pytest.raises(TombolaError, match=r"numpy\._?core\.multiarray\._reconstruct"):
        read_torch(path)


def test_a_state_dict_is_nothing_else(place: Callable[[bytes], Path]) -> None:
    for value in ([torch.ones(2)], {"epoch": 3}, {0: torch.ones(2)}):
        with pytest.raises(TombolaError, match="holds no state dict"):
            read_tensors(place(saved(value)))


def test_every_cut_is_refused(place: Callable[[bytes], Path], zipped: bool) -> None:
    content = saved(OrderedDict(weight=torch.arange(50.0)), zipped=zipped)
    for end in [*range(0, len(content) - 1, max(len(content) // 60, 1)), len(content) - 1]:
        with pytest.raises(TombolaError) as caught:
            read_torch(place(content[:end]))
        assert "net0.pth" in str(caught.value)
        assert "\n" not in str(caught.value)


def rewritten(content: bytes, change: Callable[[str, bytes], list[tuple[str, bytes]]], **options: Any) -> bytes:
    """A torch zip with its members changed: name and content -> the members that take its place."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(buffer, "w", **options) as after:
        for name in before.namelist():
            for new_name, data in change(name, before.read(name)):
                after.writestr(new_name, data)
    return buffer.getvalue()


WEIGHT = OrderedDict(weight=torch.arange(6.0).reshape(2, 3))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        (lambda n, d: [(n, d), (n, d)], {}, "2 members named"),
        (lambda n, d: [(f"../{n}", d)], {}, "a path outside of it"),
        (lambda n, d: [(f"/{n}", d)], {}, "a path outside of it"),
        (lambda n, d: [(n.replace("/", "\\"), d)], {}, "a path outside of it"),
        (lambda n, d: [(f"C:/{n}", d)], {}, "a path outside of it"),
        (lambda n, d: [(n, d), (f"{n}/../x", d)], {}, "a path outside of it"),
        (lambda n, d: [(n, d)], {"compression": zipfile.ZIP_DEFLATED}, "compressed or encrypted"),
        (lambda n, d: [(n, d), (f"other{n}", d)], {}, "one folder with a data.pkl is missing"),
        (lambda n, d: [] if n.endswith("data.pkl") else [(n, d)], {}, "one folder with a data.pkl is missing"),
        (lambda n, d: [] if n.endswith("data/0") else [(n, d)], {}, "lacks storage 0"),
        (
            lambda n, d: [(n, d[:-4] if n.endswith("data/0") else d)],
            {},
            "20 bytes where 6 numbers of type float32 need",
        ),
        (lambda n, d: [(n, d + d if n.endswith("data/0") else d)], {}, "48 bytes where 6 numbers"),
        (lambda n, d: [(n, b"big" if n.endswith("byteorder") else d)], {}, "big-endian"),
        (lambda n, d: [(n, bytes(5 << 20) if n.endswith("data.pkl") else d)], {}, "pickle of more than"),
    ],
)
def test_zips_that_torch_never_writes(
    place: Callable[[bytes], Path], change: Any, options: dict[str, Any], sentence: str
) -> None:
    path = place(rewritten(saved(WEIGHT), change, **options))
    with pytest.raises(TombolaError, match=sentence):
        read_torch(path)


def test_a_compressed_bomb_is_not_unpacked(place: Callable[[bytes], Path]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net0/data.pkl", bytes(200 << 20))
    assert len(buffer.getvalue()) < 300_000
    with pytest.raises(TombolaError, match="compressed"):
        read_torch(place(buffer.getvalue()))


def test_members_that_share_their_bytes_are_refused(place: Callable[[bytes], Path]) -> None:
    # a bomb without compression: many entries of the directory point to the same bytes
    content = saved(OrderedDict(weight=torch.zeros(20_000)))
    start = content.rindex(b"PK\x05\x06")
    entries, size, offset = struct.unpack("<HLL", content[start + 10 : start + 20])
    directory = content[offset : offset + size]
    storage = next(part for part in directory.split(b"PK\x01\x02") if b"/data/0" in part)
    more = b"".join(b"PK\x01\x02" + storage.replace(b"/data/0", b"/data/%d" % n) for n in range(1, 9))
    end = struct.pack("<HHLL", entries + 8, entries + 8, size + len(more), offset)
    path = place(content[: offset + size] + more + b"PK\x05\x06\0\0\0\0" + end + b"\0\0")
    with pytest.raises(TombolaError, match="overlap"):
        read_torch(path)


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [
        *[((7,), (1,), 0), ((2, 3), (3, 1), 1), ((2, 3), (300, 1), 0), ((10**6,), (0,), 0), ((2,), (1, 1), 0)],
        *[((-1,), (1,), 0), ((2,), (-1,), 0), ((2,), (1,), -1), ((2.0,), (1,), 0), ((True,), (1,), 0)],
        *[((1 << 60,), (1,), 0), ([2], [1], 0), ((2,), 1, 0)],
    ],
)
def test_tensors_that_reach_beyond_their_storage(
    place: Callable[[bytes], Path], craft: Any, zipped: bool, size: Any, stride: Any, offset: int
) -> None:
    store = craft.Store(stream=not zipped)
    storage = store.storage("FloatStorage", 6, bytes(24))
    good, bad = craft.rebuilt(storage, (2, 3), (3, 1)), craft.rebuilt(storage, size, stride, offset)
    assert read_torch(place(store.file(craft.pickled([good]), "net 0")))[0].shape == (2, 3)
    with pytest.raises(TombolaError, match=r"is damaged: (a tensor|the|shape)"):
        read_torch(place(store.file(craft.pickled([good, bad]))))


@pytest.mark.parametrize(
    ("kind", "key", "count", "sentence"),
    [
        ("FloatStorage", "../0", 6, "names a storage that is no number"),
        ("FloatStorage", "0/../0", 6, "names a storage that is no number"),
        ("FloatStorage", "0", 7, "is damaged"),
        ("FloatStorage", "0", 5, "is damaged"),
        ("LongStorage", "0", 6, "is damaged"),
        ("FloatStorage", "0", -6, "size of storage 0 is impossible"),
        ("FloatStorage", "0", 1 << 62, "size of storage 0 is impossible"),
        ("UntypedStorage", "0", 24, "names torch.UntypedStorage"),
    ],
)
def test_storages_that_are_described_wrongly(
    place: Callable[[bytes], Path], craft: Any, zipped: bool, kind: str, key: str, count: int, sentence: str
) -> None:
    store = craft.Store(stream=not zipped)
    store.storage("FloatStorage", 6, bytes(24))
    reference = ("storage", craft.Global("torch", kind), key, "cpu", count, *(() if zipped else (None,)))
    tensor = craft.rebuilt(craft.Outside(reference), (2,), (1,))
    with pytest.raises(TombolaError, match=sentence):
        read_torch(place(store.file(craft.pickled({"w": tensor}))))


def test_numbers_beyond_the_limit(place: Callable[[bytes], Path], zipped: bool) -> None:
    path = place(saved({f"w{n}": WEIGHT["weight"] for n in range(100)}, zipped=zipped))
    size = path.stat().st_size
    assert len(read_torch(path, limit=100 * 24 + size)) == 100
    with pytest.raises(TombolaError, match=f"is {size:,} bytes large, more than the limit"):
        read_torch(path, limit=size - 1)


def test_many_tensors_of_one_storage_are_counted(place: Callable[[bytes], Path], zipped: bool) -> None:
    whole = torch.zeros(10_000)
    path = place(saved([whole[:] for _ in range(50)], zipped=zipped))
    with pytest.raises(TombolaError, match="tensors of more than 100,000 bytes"):
        read_torch(path, limit=100_000)


def test_files_of_another_kind(place: Callable[[bytes], Path], tmp_path: Path) -> None:
    for content in (b"", b"PK", b"text", bytes(100), b"\x80\x02}."):
        with pytest.raises(TombolaError, match="is no torch file"):
            read_torch(place(content))
    with pytest.raises(TombolaError, match=r"cannot read .*: No such file"):
        read_torch(tmp_path / "missing.pth")
    with pytest.raises(TombolaError, match="cannot read"):
        read_torch(tmp_path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_flipped_bytes_never_do_harm(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    zipped = data.draw(st.booleans())
    content = bytearray(FUZZED[zipped])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "fuzzed.pth"
    path.write_bytes(content)
    try:
        read_torch(path, globals=dict(ARRAYS) | dict(NUMBERS), limit=1 << 20)
    except TombolaError as error:
        assert "\n" not in str(error)  # noqa: PT017 - most examples are refused, some still mean something


def _fuzzed() -> dict[bool, bytes]:
    value = {"state": WEIGHT, "indices": np.arange(3), "names": ("a", ["b"], 1.5, 10**20)}
    return {zipped: saved(value, zipped=zipped) for zipped in (True, False)}


FUZZED = _fuzzed()
