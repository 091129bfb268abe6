"""Torch files written opcode by opcode, with whatever a file could hold, classes that do not exist included."""

import io
import struct
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


@dataclass
class Global:
    module: str
    name: str


@dataclass
class Call:
    function: Any
    arguments: tuple[Any, ...]


@dataclass
class New:
    kind: Any
    arguments: tuple[Any, ...] = ()


@dataclass
class Build:
    target: Any
    state: Any


@dataclass
class Outside:
    reference: Any


@dataclass
class Raw:
    opcodes: bytes


def opcodes(value: Any) -> bytes:
    """Protocol 2, without a memo."""
    match value:
        case Raw():
            return value.opcodes
        case Global():
            return f"c{value.module}\n{value.name}\n".encode()
        case Call():
            return opcodes(value.function) + opcodes(value.arguments) + b"R"
        case New():
            return opcodes(value.kind) + opcodes(value.arguments) + b"\x81"
        case Build():
            return opcodes(value.target) + opcodes(value.state) + b"b"
        case Outside():
            return opcodes(value.reference) + b"Q"
        case None:
            return b"N"
        case bool():
            return b"\x88" if value else b"\x89"
        case int():
            return b"\x8a\x10" + value.to_bytes(16, "little", signed=True)
        case float():
            return b"G" + struct.pack(">d", value)
        case str():
            return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
        case bytes():
            return opcodes(Call(Global("_codecs", "encode"), (value.decode("latin1"), "latin1")))
        case tuple():
            return b"(" + b"".join(map(opcodes, value)) + b"t"
        case list():
            return b"](" + b"".join(map(opcodes, value)) + b"e"
        case dict():
            return b"}(" + b"".join(opcodes(part) for item in value.items() for part in item) + b"u"
    raise TypeError(value)


def pickled(value: Any) -> bytes:
    return b"\x80\x02" + opcodes(value) + b"."


class Store:
    """The storages of a file in the making."""

    def __init__(self, *, stream: bool = False, location: str = "cpu") -> None:
        self.raw: dict[str, tuple[int, bytes]] = {}
        self.stream = stream
        self.location = location

    def storage(self, kind: str, count: int, raw: bytes, key: str | None = None) -> Outside:
        key = str(len(self.raw)) if key is None else key
        self.raw[key] = count, raw
        reference = ("storage", Global("torch", kind), key, self.location, count)
        return Outside((*reference, None) if self.stream else reference)

    def tensor(self, values: Any) -> Call:
        tensor = torch.as_tensor(values).contiguous()
        kind = {torch.float32: "FloatStorage", torch.int64: "LongStorage", torch.int32: "IntStorage"}[tensor.dtype]
        storage = self.storage(kind, tensor.numel(), tensor.numpy().tobytes())
        return rebuilt(storage, tuple(tensor.shape), tensor.stride())

    def file(self, content: bytes, root: str = "archive") -> bytes:
        """The whole file around a pickle."""
        if self.stream:
            machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}
            head = MAGIC + pickled(1001) + pickled(machine) + content + pickled(sorted(self.raw))
            return head + b"".join(struct.pack("<q", n) + raw for _, (n, raw) in sorted(self.raw.items()))
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(f"{root}/data.pkl", content)
            for key, (_, raw) in self.raw.items():
                archive.writestr(f"{root}/data/{key}", raw)
            archive.writestr(f"{root}/version", b"3\n")
        return buffer.getvalue()


def rebuilt(storage: Any, size: Any, stride: Any, offset: Any = 0) -> Call:
    arguments = (storage, offset, size, stride, False, Call(Global("collections", "OrderedDict"), ()))
    return Call(Global("torch._utils", "_rebuild_tensor_v2"), arguments)


def ordered(items: dict[str, Any]) -> Build:
    """An ordered dict as torch pickles it, `_metadata` included."""
    empty = opcodes(Call(Global("collections", "OrderedDict"), ()))
    filled = empty + b"(" + b"".join(opcodes(part) for item in items.items() for part in item) + b"u"
    return Build(Raw(filled), {"_metadata": {"": {"version": 1}}})


def array(values: Any, core: str = "numpy.core.multiarray") -> Build:
    """A NumPy array as protocol 2 pickles it; lists become arrays of objects."""
    blank = Call(Global(core, "_reconstruct"), (Global("numpy", "ndarray"), (0,), b"b"))
    if isinstance(values, list):
        kind = Build(Call(Global("numpy", "dtype"), ("O8", 0, 1)), (3, "|", None, None, None, -1, -1, 63))
        return Build(blank, (1, (len(values),), kind, False, values))
    values = np.ascontiguousarray(values)
    kind = Build(Call(Global("numpy", "dtype"), (values.dtype.str[1:], 0, 1)), (3, "<", None, None, None, -1, -1, 0))
    return Build(blank, (1, values.shape, kind, False, values.tobytes()))
