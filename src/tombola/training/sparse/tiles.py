"""What kernels do with tiles: make, load, store, multiply and add, sum up."""

from typing import Any

from numba import types

from tombola.training.sparse.vector import (
    Tile,
    call,
    compiled,
    elementwise,
    fold,
    load_vector,
    make_tile,
    multiply_add,
    pointer,
    splat_vector,
    store_vector,
    to_float,
    vectors_of,
)


def _constructor(vectors: int) -> Any:
    @compiled
    def tile(typing: Any, value: Any) -> Any:
        kind = Tile(vectors)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            scalar = splat_vector(builder, to_float(context, builder, signature.args[0], arguments[0]))
            return make_tile(builder, kind, [scalar] * vectors)

        return kind(value), generate

    return tile


tile1, tile2, tile4, tile8, tile16 = (_constructor(vectors) for vectors in (1, 2, 4, 8, 16))


@compiled
def splat(typing: Any, like: Any, value: Any) -> Any:
    """Return a tile with `value` everywhere."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = splat_vector(builder, to_float(context, builder, signature.args[1], arguments[1]))
        return make_tile(builder, like, [vector] * like.vectors)

    return like(like, value), generate


@compiled
def load(typing: Any, like: Any, array: Any, offset: Any) -> Any:
    """Return the tile at ``array[offset:]``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = pointer(context, builder, array, arguments[1], arguments[2])
        vectors = [load_vector(builder, address, position) for position in range(like.vectors)]
        return make_tile(builder, like, vectors)

    return like(like, array, types.int64), generate


@compiled
def store(typing: Any, tile: Any, array: Any, offset: Any) -> Any:
    """Store a tile at ``array[offset:]``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = pointer(context, builder, array, arguments[1], arguments[2])
        for position, vector in enumerate(vectors_of(builder, tile, arguments[0])):
            store_vector(builder, vector, address, position)
        return context.get_dummy_value()

    return types.void(tile, array, types.int64), generate


@compiled
def add_scaled(typing: Any, tile: Any, factor: Any, array: Any, offset: Any) -> Any:
    """Return ``tile + factor * array[offset:]``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        scale = splat_vector(builder, arguments[1])
        address = pointer(context, builder, array, arguments[2], arguments[3])
        vectors = [
            multiply_add(builder, scale, load_vector(builder, address, position), vector)
            for position, vector in enumerate(vectors_of(builder, tile, arguments[0]))
        ]
        return make_tile(builder, tile, vectors)

    return tile(tile, types.float32, array, types.int64), generate


@compiled
def element(typing: Any, array: Any, offset: Any) -> Any:
    """Return ``array[offset]`` without Numba's test for negative offsets, which costs as much as the work."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(array.dtype)
        return builder.load(pointer(context, builder, array, arguments[0], arguments[1], kind), typ=kind)

    return array.dtype(array, types.int64), generate


@compiled
def total(typing: Any, tile: Any) -> Any:
    """Return the sum of a tile's elements, added pairwise in a fixed order."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vectors = vectors_of(builder, tile, arguments[0])
        while len(vectors) > 1:
            rest = vectors[len(vectors) // 2 * 2 :]
            vectors = [builder.fadd(a, b) for a, b in zip(vectors[::2], vectors[1::2], strict=False)] + rest
        return fold(builder, vectors[0])

    return types.float32(tile), generate


add = elementwise(lambda builder, a, b: builder.fadd(a, b), 2)
subtract = elementwise(lambda builder, a, b: builder.fsub(a, b), 2)
multiply = elementwise(lambda builder, a, b: builder.fmul(a, b), 2)
divide = elementwise(lambda builder, a, b: builder.fdiv(a, b), 2)
fused = elementwise(multiply_add, 3)
root = elementwise(lambda builder, a: call(builder, "sqrt", a), 1)
