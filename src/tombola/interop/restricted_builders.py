"""What the names in a torch file stand for: inert functions of our own. Nothing that a file names is ever looked up."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch


class MalformedError(ValueError):
    """A file that cannot be what it claims to be; the text continues a sentence that begins with the file's path."""


@dataclass(frozen=True)
class Builder:
    """Stands for one global name while a file is read.

    Attributes
    ----------
    name
        The name as files spell it, with its module.
    call
        Arguments -> what calling the name gives; None where a file has no reason to call it.
    new
        Nothing -> a fresh inert object; None where a file has no reason to make one.
    dtype
        For storage types: of the numbers.
    """

    name: str
    call: Callable[[tuple[Any, ...]], Any] | None = field(default=None, repr=False)
    new: Callable[[], Any] | None = field(default=None, repr=False)
    dtype: torch.dtype | None = None


class Inert:
    """Base of what may take a state from a file: our own stand-ins, without behaviour."""

    def build(self, state: Any) -> None:
        """Take the state that the file gives.

        Raises
        ------
        MalformedError
            If it is not what such an object has.
        """
        raise NotImplementedError


@dataclass
class Record(Inert):
    """An object of somebody's class, read as its bare fields: no method of that class exists here."""

    name: str
    fields: dict[str, Any] = field(default_factory=dict)

    def build(self, state: Any) -> None:
        """Take fields by name."""
        if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
            raise MalformedError(f"is damaged: the fields of a {self.name} are no mapping of names")
        self.fields.update(state)


class Storage(ABC):
    """Numbers that a file holds outside of its pickle."""

    @abstractmethod
    def tensor(self, offset: Any, size: Any, stride: Any) -> torch.Tensor:
        """Return a tensor of its own memory made of some of the numbers, or raise `MalformedError`."""


Globals = Mapping[str, Builder]
"""Dotted name -> what it stands for."""


def named(*builders: Builder) -> Globals:
    """Return builders as a read-only table by name."""
    return MappingProxyType({builder.name: builder for builder in builders})


def record(name: str) -> Builder:
    """Return the builder that reads objects of a class as bare fields."""
    return Builder(name, new=lambda: Record(name))


def storage(name: str, dtype: torch.dtype) -> Builder:
    """Return the builder of a storage type."""
    return Builder(f"torch.{name}", dtype=dtype)


def _ordered_dict(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    if arguments:
        raise MalformedError("is damaged: an ordered mapping is made with arguments")
    return {}


def _rebuild_tensor(arguments: tuple[Any, ...]) -> torch.Tensor:
    if not 4 <= len(arguments) <= 7 or not isinstance(arguments[0], Storage):
        raise MalformedError("is damaged: a tensor without a storage")
    return arguments[0].tensor(*arguments[1:4])


def _rebuild_parameter(arguments: tuple[Any, ...]) -> torch.Tensor:
    if not arguments or not isinstance(arguments[0], torch.Tensor):
        raise MalformedError("is damaged: a parameter without a tensor")
    return arguments[0]


TENSORS = named(
    Builder("collections.OrderedDict", _ordered_dict),
    Builder("torch._utils._rebuild_tensor_v2", _rebuild_tensor),
    storage("FloatStorage", torch.float32),
    storage("LongStorage", torch.int64),
)
"""What every state dict consists of; always allowed."""

NUMBERS = named(
    storage("BoolStorage", torch.bool),
    storage("ByteStorage", torch.uint8),
    storage("CharStorage", torch.int8),
    storage("ShortStorage", torch.int16),
    storage("IntStorage", torch.int32),
    storage("HalfStorage", torch.float16),
    storage("BFloat16Storage", torch.bfloat16),
    storage("DoubleStorage", torch.float64),
)
"""Storages of other numbers, where such tensors are expected."""

PARAMETERS = named(Builder("torch._utils._rebuild_parameter", _rebuild_parameter))
"""Parameters kept as such in a state dict; read as plain tensors."""


def short(error: Exception) -> str:
    """Return what a library says of a damaged file, on one line."""
    return " ".join(str(error).split())[:120] or type(error).__name__
