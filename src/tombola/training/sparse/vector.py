"""Tiles: a few vectors of 16 floats that a kernel keeps in registers, and what can be done with them.

Numba has no vector type, and LLVM's own vectorisation neither finds these kernels nor keeps their sums in registers. A
`Tile` of n vectors is a value like any other in compiled code; LLVM maps its vectors to whatever registers the
processor has
(one of AVX-512, two of AVX2, four of NEON or SSE). Functions take a tile as their first argument ("like") to say how
many
vectors they work on, so that one kernel serves all widths.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

LANES = 16
"""Floats of a vector."""

FLOAT = ir.FloatType()
VECTOR = ir.VectorType(FLOAT, LANES)
INT32 = ir.IntType(32)
INT64 = ir.IntType(64)


def compiled(function: Callable[..., Any]) -> Any:
    """Make a function that writes its own LLVM code: Numba's `intrinsic`, without a type of its own."""
    return intrinsic(function)


class Tile(types.Type):
    """The type of `vectors` vectors of 16 floats each."""

    def __init__(self, vectors: int) -> None:
        self.vectors = vectors
        super().__init__(name=f"Tile({vectors})")


@register_model(Tile)
class _TileModel(models.PrimitiveModel):
    def __init__(self, manager: Any, tile: Tile) -> None:
        super().__init__(manager, tile, ir.ArrayType(VECTOR, tile.vectors))  # type: ignore[no-untyped-call]


def pointer(context: Any, builder: Any, array_type: Any, array: Any, offset: Any, element: Any = FLOAT) -> Any:
    """Return the address of an array's element."""
    data = context.make_array(array_type)(context, builder, value=array).data
    return builder.gep(data, [offset], source_etype=element)


def load_vector(builder: Any, address: Any, position: int, kind: Any = VECTOR) -> Any:
    """Return the vector that lies `position` vectors behind an address."""
    moved = builder.gep(address, [INT64(position * kind.count)], source_etype=kind.element)
    return builder.load(builder.bitcast(moved, kind.as_pointer()), align=4, typ=kind)


def store_vector(builder: Any, value: Any, address: Any, position: int) -> None:
    """Store a vector `position` vectors behind an address."""
    moved = builder.gep(address, [INT64(position * value.type.count)], source_etype=FLOAT)
    builder.store(value, builder.bitcast(moved, value.type.as_pointer()), align=4)


def splat_vector(builder: Any, scalar: Any, kind: Any = VECTOR) -> Any:
    """Return a vector with the same value in all lanes."""
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, INT32(0))
    lanes = ir.Constant(ir.VectorType(INT32, kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), lanes)


def constant_vector(value: float) -> Any:
    """Return a vector of a constant."""
    return ir.Constant(VECTOR, [value] * LANES)


def call(builder: Any, name: str, *operands: Any) -> Any:
    """Call an LLVM intrinsic on vectors of one type."""
    kind = operands[0].type
    suffix = f"v{kind.count}f32"
    function = builder.module.declare_intrinsic(
        f"llvm.{name}.{suffix}", (), ir.FunctionType(kind, [kind] * len(operands))
    )
    return builder.call(function, operands)


def multiply_add(builder: Any, left: Any, right: Any, addend: Any) -> Any:
    """Return left * right + addend; one instruction, rounded once, where the processor has it."""
    return call(builder, "fmuladd", left, right, addend)


def make_tile(builder: Any, tile: Tile, vectors: list[Any]) -> Any:
    """Return a tile of given vectors."""
    value = ir.Constant(ir.ArrayType(VECTOR, tile.vectors), ir.Undefined)
    for position, vector in enumerate(vectors):
        value = builder.insert_value(value, vector, position)
    return value


def vectors_of(builder: Any, tile: Tile, value: Any) -> list[Any]:
    """Return the vectors of a tile."""
    return [builder.extract_value(value, position) for position in range(tile.vectors)]


def to_float(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return a number as a 32-bit float."""
    return context.cast(builder, value, kind, types.float32)


def fold(builder: Any, vector: Any, down_to: int = 1) -> Any:
    """Add the halves of a vector until `down_to` lanes are left; one lane is returned as a scalar."""
    while vector.type.count > down_to:
        half = vector.type.count // 2
        undefined = ir.Constant(vector.type, ir.Undefined)
        low, high = (
            builder.shuffle_vector(vector, undefined, ir.Constant(ir.VectorType(INT32, half), list(lanes)))
            for lanes in (range(half), range(half, 2 * half))
        )
        vector = builder.fadd(low, high)
    return builder.extract_element(vector, INT32(0)) if down_to == 1 else vector


def elementwise(emit: Callable[..., Any], operands: int) -> Any:
    """Make a function on tiles (of one width) from one on vectors, given as LLVM code."""

    def generator(tile: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            columns = [vectors_of(builder, tile, argument) for argument in arguments]
            return make_tile(builder, tile, [emit(builder, *vectors) for vectors in zip(*columns, strict=True)])

        return generate

    if operands == 1:

        @compiled
        def unary(typing: Any, tile: Any) -> Any:
            return tile(tile), generator(tile)

        return unary
    if operands == 2:

        @compiled
        def binary(typing: Any, left: Any, right: Any) -> Any:
            return left(left, right), generator(left)

        return binary

    @compiled
    def ternary(typing: Any, first: Any, second: Any, third: Any) -> Any:
        return first(first, second, third), generator(first)

    return ternary
