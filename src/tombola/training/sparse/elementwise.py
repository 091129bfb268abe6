"""Copies between views, sums of two, activations and derivatives where they cannot be part of another operation."""

from tombola.training.sparse import fields as at
from tombola.training.sparse.epilogue import activated, slope_applied
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.sums import Floats, Operation
from tombola.training.sparse.tiles import add, load, store, tile1


@kernel
def map_elements(op: Operation, arena: Floats) -> None:
    """Set target = derivative(activation(source + addend), values), element by element.

    Either function may be the identity, and the addend nothing; it may lie where the target does.
    """
    like = tile1(0.0)
    activation, slope, adding = op[at.ACTIVATION], op[at.SLOPE], op[at.ADDEND] >= 0
    for group in range(op[at.GROUPS]):
        for channel in range(op[at.ROWS]):
            for y in range(op[at.HEIGHT]):
                source = (
                    op[at.SOURCE] + group * op[at.SOURCE_GROUP] + channel * op[at.SOURCE_CHANNEL] + y * op[at.SOURCE_Y]
                )
                target = (
                    op[at.TARGET] + group * op[at.TARGET_GROUP] + channel * op[at.TARGET_CHANNEL] + y * op[at.TARGET_Y]
                )
                values = (
                    op[at.VALUES] + group * op[at.VALUES_GROUP] + channel * op[at.VALUES_CHANNEL] + y * op[at.VALUES_Y]
                )
                addend = (
                    op[at.ADDEND] + group * op[at.ADDEND_GROUP] + channel * op[at.ADDEND_CHANNEL] + y * op[at.ADDEND_Y]
                )
                for x in range(op[at.WIDTH]):
                    result = load(like, arena, source + x * op[at.SOURCE_X])
                    if adding:
                        result = add(result, load(like, arena, addend + x * op[at.ADDEND_X]))
                    result = activated(activation, result)
                    if slope:
                        result = slope_applied(slope, result, load(like, arena, values + x * op[at.VALUES_X]))
                    store(result, arena, target + x * op[at.TARGET_X])
