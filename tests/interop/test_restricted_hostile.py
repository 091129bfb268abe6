"""Files that want to run code: each is refused by name, and nothing runs (a canary file would show it)."""

import io
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tombola.errors import TombolaError
from tombola.interop.restricted import read_torch
from tombola.interop.restricted_arrays import ARRAYS
from tombola.interop.restricted_builders import NUMBERS, PARAMETERS, Record, named, record
from tombola.interop.restricted_opcodes import load

EVERYTHING = dict(ARRAYS) | dict(NUMBERS) | dict(PARAMETERS) | dict(named(record("their.module.Class")))
CANARY = "CANARY"


class Evil:
    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> object:
        return self.call


class EvilState:
    def __reduce__(self) -> object:
        return torch.nn.Linear, (2, 2), {"__setstate__": Evil(os.system, f"touch {CANARY}")}


class EvilItems:
    def __reduce__(self) -> object:
        return list, (), None, iter([Evil(os.system, f"touch {CANARY}")])


def code(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


OPEN = code(f"open('{CANARY}', 'w')")
TOUCH = code(f"touch {CANARY}")

PICKLES: dict[str, tuple[bytes, str]] = {
    "reduce-system": (pickle.dumps(Evil(os.system, f"touch {CANARY}"), 2), "posix.system"),
    "reduce-eval": (pickle.dumps({"w": Evil(eval, f"open('{CANARY}', 'w')")}, 2), "builtin"),
    "reduce-popen": (pickle.dumps(Evil(subprocess.Popen, ["touch", CANARY]), 4), "subprocess.Popen"),
    "reduce-getattr": (pickle.dumps(Evil(getattr, "x", "y"), 2), "builtin"),
    "reduce-load": (pickle.dumps(Evil(torch.load, "x"), 2), "torch.serialization.load"),
    "reduce-numpy": (pickle.dumps(Evil(np.load, "x"), 4), "numpy.load"),
    "setstate": (pickle.dumps(EvilState(), 2), "torch.nn.modules.linear.Linear"),
    "items": (pickle.dumps(EvilItems(), 2), "builtin"),
    "global": (b"\x80\x02cos\nsystem\n.", "names os.system"),
    "stack-global": (b"\x80\x04" + code("os") + code("system") + b"\x93" + TOUCH + b"\x85R.", "names os.system"),
    "stack-global-dotted": (b"\x80\x04" + code("collections") + code("OrderedDict.fromkeys") + b"\x93.", "fromkeys"),
    "stack-global-of-tuples": (b"\x80\x04)" + b"2\x86" * 200 + b"2\x93.", "damaged"),
    "inst": (b"(" + TOUCH + b"ios\nsystem\n.", "names os.system"),
    "inst-allowed": (b"(icollections\nOrderedDict\n.", "names collections.OrderedDict"),
    "obj": (b"(cos\nsystem\n" + TOUCH + b"o.", "names os.system"),
    "obj-allowed": (b"(ccollections\nOrderedDict\no.", "opcode OBJ"),
    "newobj": (b"\x80\x02cos\nsystem\n" + TOUCH + b"\x85\x81.", "names os.system"),
    "newobj-allowed": (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "makes an object of collections.OrderedDict"),
    "newobj-arguments": (b"\x80\x02ctheir.module\nClass\nK\x01\x85\x81.", "makes an object of their.module.Class"),
    "newobj-ex": (b"\x80\x04ctheir.module\nClass\n)}\x92.", "opcode NEWOBJ_EX"),
    "reduce-record": (b"\x80\x02ctheir.module\nClass\n)R.", "calls their.module.Class"),
    "reduce-storage": (b"\x80\x02ctorch\nFloatStorage\nK\x04\x85R.", "calls torch.FloatStorage"),
    "reduce-ndarray": (b"\x80\x02cnumpy\nndarray\nK\x04\x85R.", "calls numpy.ndarray"),
    "reduce-text": (b"\x80\x02" + TOUCH + b")R.", "calls a str"),
    "build-builder": (b"\x80\x02ccollections\nOrderedDict\n}" + code("call") + OPEN + b"sb.", "sets attributes of"),
    "build-setstate": (b"\x80\x02cos\nsystem\n}" + code("__setstate__") + TOUCH + b"sb.", "names os.system"),
    "build-list": (b"\x80\x02]}b.", "sets attributes of a list"),
    "build-text": (b"\x80\x02" + TOUCH + b"}b.", "sets attributes of a str"),
    "build-record-keys": (b"\x80\x02ctheir.module\nClass\n)\x81}K\x01K\x02sb.", "no mapping of names"),
    "ext1": (b"\x80\x02\x82\x01.", "opcode EXT1"),
    "ext4": (b"\x80\x02\x84\x01\0\0\0.", "opcode EXT4"),
    "persid": (b"P0\n.", "opcode PERSID"),
    "binpersid": (b"\x80\x02" + TOUCH + b"Q.", "refers to something that is no storage"),
    "module-persid": (b"\x80\x02(" + code("module") + b"K\x01K\x02tQ.", "refers to something that is no storage"),
    "encode-codec": (b"\x80\x02c_codecs\nencode\n" + TOUCH + code("rot13") + b"\x86R.", "something else than Latin-1"),
    "dtype": (b"\x80\x02cnumpy\ndtype\n" + code("V8") + b"\x85R.", "something else than numbers"),
    "reconstruct": (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncos\nsystem\n)R.", "names os.system"),
    "line-break-in-name": (b"\x80\x04" + code("os\nsystem") + code("x") + b"\x93.", "names 'os"),
    "next-buffer": (b"\x80\x05\x97.", "opcode NEXT_BUFFER"),
    "bytearray": (b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x0f.", "damaged"),
    "huge-text": (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "damaged"),
    "huge-bytes": (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "damaged"),
    "huge-number": (b"\x80\x02\x8b\xff\xff\xff\x7f\x01.", "damaged"),
    "digits": (b"I" + b"9" * 100_000 + b"\n.", "damaged"),
    "nested-key": (b"\x80\x02})" + b"2\x86" * 200 + b"K\x01s.", "damaged"),
    "no-stop": (b"\x80\x02]", "damaged"),
    "underflow": (b"\x80\x020.", "damaged"),
    "mark-as-value": (b"\x80\x02(.", "damaged"),
    "no-mark": (b"\x80\x02]t.", "damaged"),
    "two-values": (b"\x80\x02]].", "damaged"),
    "memo": (b"\x80\x02h\x05.", "damaged"),
}


@pytest.fixture(params=["zip", "stream"])
def hostile(request: pytest.FixtureRequest, craft: Any, tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "net0.pth"
        path.write_bytes(craft.Store(stream=request.param == "stream").file(content))
        return path

    return write


@pytest.mark.parametrize("name", PICKLES)
def test_nothing_is_run(
    hostile: Callable[[bytes], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    content, offending = PICKLES[name]
    path = hostile(content)
    before = set(sys.modules)
    with pytest.raises(TombolaError) as caught:
        read_torch(path, globals=EVERYTHING)
    assert offending in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]
    assert not any(new.startswith("their") for new in set(sys.modules) - before)


@pytest.mark.parametrize("name", ["reduce-system", "reduce-eval", "reduce-popen"])
def test_the_canary_would_sing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    # the same bytes, given to an ordinary unpickler: what the tests above guard against is real
    monkeypatch.chdir(tmp_path)
    result = pickle.loads(PICKLES[name][0])
    if isinstance(result, subprocess.Popen):
        result.wait()
    assert (tmp_path / CANARY).exists()


def test_any_pickle_of_the_stream_form_may_be_hostile(
    tmp_path: Path, craft: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    evil = PICKLES["reduce-system"][0]
    good = [
        craft.MAGIC,
        craft.pickled(1001),
        craft.pickled({"little_endian": True}),
        craft.pickled({}),
        craft.pickled([]),
    ]
    path = tmp_path / "net0.pth"
    path.write_bytes(b"".join(good))
    assert read_torch(path) == {}
    for place in range(1, len(good)):
        path.write_bytes(b"".join([*good[:place], evil, *good[place + 1 :]]))
        with pytest.raises(TombolaError, match=r"posix\.system"):
            read_torch(path)
    assert list(tmp_path.iterdir()) == [path]


def test_other_members_of_a_zip_are_never_unpickled(
    tmp_path: Path, craft: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    buffer = io.BytesIO(craft.Store().file(craft.pickled({"a": 1})))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("archive/constants.pkl", PICKLES["reduce-system"][0])
    path = tmp_path / "net0.pth"
    path.write_bytes(buffer.getvalue())
    assert read_torch(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_record_is_only_its_fields(tmp_path: Path, craft: Any) -> None:
    kind = craft.Global("their.module", "Class")
    value = craft.Build(craft.New(kind), {"__class__": "x", "__setstate__": "y", "name": "z", "losses": [1.5]})
    path = tmp_path / "record.pth"
    path.write_bytes(craft.Store().file(craft.pickled(value)))
    found = read_torch(path, globals=named(record("their.module.Class")))
    assert type(found) is Record
    assert found.fields == {"__class__": "x", "__setstate__": "y", "name": "z", "losses": [1.5]}
    with pytest.raises(TombolaError, match=r"names their\.module\.Class"):
        read_torch(path)


def test_deep_nesting_costs_no_stack() -> None:
    value, used = load(b"\x80\x02)" + b"\x85" * 100_000 + b".", {})
    assert used == 100_004
    assert isinstance(value, tuple)
