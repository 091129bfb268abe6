import os
import pickle
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tombola.data.unpickle import _Reader, read_arrays
from tombola.errors import TombolaError


class Evil:
    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> object:
        return self.call


@pytest.mark.parametrize("protocol", range(5))
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.uint8).reshape(3, 4),
        np.asfortranarray(np.arange(12, dtype=np.uint8).reshape(3, 4)),
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.linspace(0, 1, 5),
    ],
    ids=["bytes", "fortran", "big-endian", "floats"],
)
def test_arrays_of_every_protocol_come_back(tmp_path: Path, array: np.ndarray, protocol: int) -> None:
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps({"data": array, b"labels": [1, 2], "name": "x"}, protocol=protocol))
    content = read_arrays(path)
    assert np.array_equal(content["data"], array)
    assert content["labels"] == [1, 2]


def test_python_2_files_are_read(tmp_path: Path) -> None:
    # as the official CIFAR files are: protocol 2, numpy.core, raw bytes as a Python 2 string

    raw = (
        b"\x80\x02}q\x00U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02K\x02\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x04\x01\x02\x03\xfetbs."
    )
    path = tmp_path / "data_batch_1"
    path.write_bytes(raw)
    assert read_arrays(path)["data"].tolist() == [[1, 2], [3, 254]]


@pytest.mark.parametrize(
    ("function", "arguments", "named"),
    [
        (os.system, ("touch OWNED",), f"{os.system.__module__}.system"),
        (eval, ("open('OWNED', 'w')",), "builtins.eval"),
        (subprocess.Popen, (["touch", "OWNED"],), "subprocess.Popen"),
        (np.load, ("x",), "numpy.load"),
        (getattr, ("x", "y"), "builtins.getattr"),
    ],
)
def test_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: object, arguments: tuple[object, ...], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "data_batch_1"
    path.write_bytes(pickle.dumps({"data": Evil(function, *arguments)}))
    with pytest.raises(TombolaError) as caught:
        read_arrays(path, "cifar10")
    assert named in str(caught.value)
    assert str(path) in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


def test_objects_within_arrays_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps({"data": np.array([{}, []], dtype=object)}))
    with pytest.raises(TombolaError, match="other than numbers"):
        read_arrays(path)


def test_a_file_cannot_change_how_the_next_one_is_read(tmp_path: Path) -> None:
    # BUILD sets attributes of whatever a name resolves to, so no two files may share a stand-in
    tampering = b"cnumpy.core.multiarray\n_reconstruct\n}X\x04\x00\x00\x00markK\x01sb."
    reader, other = (_Reader(tampering, tmp_path) for _ in range(2))
    assert reader.load().mark == 1
    for name, stand_in in other._known.items():
        assert not hasattr(stand_in, "mark"), name


@pytest.mark.parametrize("content", [b"", b"\x80", b"garbage", pickle.dumps([1, 2]), pickle.dumps({"a": 1})[:-3]])
def test_damage_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "train"
    path.write_bytes(content)
    with pytest.raises(TombolaError, match=r"tombola data pull cifar100") as caught:
        read_arrays(path, "cifar100")
    assert str(path) in str(caught.value)


def test_persistent_references_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "train"
    path.write_bytes(b"Pwhatever\n.")
    with pytest.raises(TombolaError, match="outside of itself"):
        read_arrays(path)
