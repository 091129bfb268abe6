"""Pickle without pickle: a small interpreter of its opcodes that builds plain values and can call nothing.

``pickletools.genops`` only cuts bytes into opcodes. What they mean is decided here: a name resolves in a table of inert
builders or the file is refused, attributes are set on our own records only, and opcodes that make arbitrary objects do
not exist. No recursion, so no depth of nesting matters; memory grows with the bytes of the pickle, which are limited.
"""

import io
import pickletools
from collections.abc import Callable
from typing import Any

from tombola.interop.restricted_builders import Builder, Globals, Inert, MalformedError
from tombola.interop.restricted_tables import CONSTANTS, GETS, LITERALS, MARK, PUTS, SHORT_TUPLES, SILENT

PICKLE_LIMIT = 4 << 20
"""Bytes of one pickle. Numbers lie outside of it, so the largest published state dicts need a tenth of this."""


def load(content: bytes, allowed: Globals, persistent: Callable[[Any], Any] | None = None) -> tuple[Any, int]:
    """Return the value that a pickle describes, and the number of bytes it took.

    Parameters
    ----------
    content
        Bytes that begin with a pickle.
    allowed
        The names it may use, and what they stand for.
    persistent
        Turns references to what lies outside of the pickle into values; None refuses them.

    Raises
    ------
    MalformedError
        If it names anything else, or is no pickle.
    """
    machine = _Machine(allowed, persistent)
    file = io.BytesIO(content[:PICKLE_LIMIT])
    try:
        for opcode, argument, _ in pickletools.genops(file):
            if opcode.name == "STOP":
                return machine.result(), file.tell()
            machine.step(opcode.name, argument)
    except MalformedError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, AssertionError, MemoryError) as error:
        if len(content) > PICKLE_LIMIT:
            raise MalformedError(
                f"holds a pickle of more than {PICKLE_LIMIT:,} bytes, which no state dict needs"
            ) from error
        raise MalformedError(f"is damaged: {_reason(error)}") from error
    raise MalformedError("is damaged: its pickle does not end")


def _reason(error: Exception) -> str:
    return "its pickle holds something that cannot be" if isinstance(error, KeyError | TypeError) else str(error)[:120]


class _Machine:
    """The stack and the memo, and what each opcode does to them."""

    def __init__(self, allowed: Globals, persistent: Callable[[Any], Any] | None) -> None:
        self._allowed = allowed
        self._persistent = persistent
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._verbs: dict[str, Callable[[Any], None]] = {
            "POP": lambda _: self._discard(self._stack.pop()),
            "POP_MARK": lambda _: self._discard(self._above_mark()),
            "DUP": lambda _: self._stack.append(self._top()),
            "TUPLE": lambda _: self._stack.append(tuple(self._above_mark())),
            "LIST": lambda _: self._stack.append(self._above_mark()),
            "DICT": lambda _: self._set_items(self._above_mark(), {}),
            "APPEND": lambda _: self._append([self._pop()]),
            "APPENDS": lambda _: self._append(self._above_mark()),
            "SETITEM": lambda _: self._set_items(self._pop_many(2)),
            "SETITEMS": lambda _: self._set_items(self._above_mark()),
            "MEMOIZE": lambda _: self._memo.update({len(self._memo): self._top()}),
            "GLOBAL": lambda name: self._stack.append(self._find(str(name).replace(" ", ".", 1))),
            "STACK_GLOBAL": lambda _: self._stack.append(self._find(self._joined(self._pop_many(2)))),
            "INST": lambda name: self._refuse(str(name).replace(" ", ".", 1)),
            "REDUCE": lambda _: self._call(),
            "NEWOBJ": lambda _: self._new(),
            "BUILD": lambda _: self._build(),
            "BINPERSID": lambda _: self._stack.append(self._outside(self._pop())),
        }

    def step(self, name: str, argument: Any) -> None:
        """Do what one opcode says."""
        if name in LITERALS:
            self._stack.append(argument)
        elif name in CONSTANTS:
            self._stack.append(CONSTANTS[name]())
        elif name in SHORT_TUPLES:
            self._stack.append(tuple(self._pop_many(SHORT_TUPLES[name])))
        elif name in PUTS:
            self._memo[argument] = self._top()
        elif name in GETS:
            self._stack.append(self._memo[argument])
        elif name in self._verbs:
            self._verbs[name](argument)
        elif name not in SILENT:
            raise MalformedError(f"uses the pickle opcode {name}, which no file of tensors needs; do not trust it")

    def result(self) -> Any:
        """Return what the pickle describes."""
        if len(self._stack) != 1:
            raise ValueError("its pickle leaves more or less than one value")
        return self._pop()

    def _pop(self) -> Any:
        if self._top() is MARK:
            raise ValueError("its pickle takes a mark for a value")
        return self._stack.pop()

    def _top(self) -> Any:
        return self._stack[-1]

    def _pop_many(self, count: int) -> list[Any]:
        return [self._pop() for _ in range(count)][::-1]

    def _discard(self, _: object) -> None:
        """Forget a value."""

    def _above_mark(self) -> list[Any]:
        above: list[Any] = []
        while (value := self._stack.pop()) is not MARK:
            above.append(value)
        return above[::-1]

    def _append(self, values: list[Any]) -> None:
        target = self._top()
        if type(target) is not list:
            raise TypeError("append to something else than a list")
        target.extend(values)

    def _set_items(self, flat: list[Any], target: dict[Any, Any] | None = None) -> None:
        if target is not None:
            self._stack.append(target)
        mapping = self._top()
        if type(mapping) is not dict or len(flat) % 2:
            raise TypeError("set items of something else than a mapping")
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            if not isinstance(key, str | int | bytes):  # hashing nested tuples can take for ever
                raise TypeError("a key that is neither text nor number")
            mapping[key] = value

    def _joined(self, parts: list[Any]) -> str:
        if not all(type(part) is str for part in parts):  # the text of nested tuples can take for ever
            raise TypeError("a name that is no text")
        return ".".join(parts)

    def _find(self, name: str) -> Builder:
        if name not in self._allowed:
            self._refuse(name)
        return self._allowed[name]

    def _refuse(self, name: str) -> None:
        shown = name if name.isprintable() and len(name) < 200 else repr(name[:200])
        raise MalformedError(f"names {shown}, which is not needed to hold tensors and may run code; nothing was run")

    def _call(self) -> None:
        function, arguments = self._pop_many(2)
        if not isinstance(function, Builder) or function.call is None or type(arguments) is not tuple:
            raise MalformedError(f"calls {_described(function)}, which is nothing to be called; do not trust it")
        self._stack.append(function.call(arguments))

    def _new(self) -> None:
        kind, arguments = self._pop_many(2)
        if not isinstance(kind, Builder) or kind.new is None or type(arguments) is not tuple or arguments:
            raise MalformedError(f"makes an object of {_described(kind)}, which is no record; do not trust it")
        self._stack.append(kind.new())

    def _build(self) -> None:
        state = self._pop()
        target = self._top()
        if type(target) is dict:  # the `_metadata` of a state dict
            return
        if not isinstance(target, Inert):
            raise MalformedError(f"sets attributes of {_described(target)}; do not trust it")
        target.build(state)

    def _outside(self, reference: Any) -> Any:
        if self._persistent is None:
            raise MalformedError("refers to something outside of itself; do not trust it")
        return self._persistent(reference)


def _described(value: Any) -> str:
    return value.name if isinstance(value, Builder) else f"a {type(value).__name__}"
