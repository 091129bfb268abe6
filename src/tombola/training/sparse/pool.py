"""Max and average pooling without padding; windows do not overlap, incomplete ones are dropped."""

from tombola.training.sparse import fields as at
from tombola.training.sparse.epilogue import slope_applied
from tombola.training.sparse.functions import maximum, where_different, where_equal
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.sums import Floats, Operation
from tombola.training.sparse.tiles import add, load, multiply, splat, store, tile1

MAX, AVERAGE = 0, 1


@kernel
def pool(op: Operation, arena: Floats) -> None:
    """Pool `source` into `target`; HEIGHT and WIDTH are the target's, COUNT the window, SIZE the stride."""
    like = tile1(0.0)
    window, stride = op[at.COUNT], op[at.SIZE]
    share = splat(like, 1.0 / (window * window))
    for group in range(op[at.GROUPS]):
        for channel in range(op[at.ROWS]):
            for y in range(op[at.HEIGHT]):
                source = op[at.SOURCE] + group * op[at.SOURCE_GROUP] + channel * op[at.SOURCE_CHANNEL]
                source += y * stride * op[at.SOURCE_Y]
                target = (
                    op[at.TARGET] + group * op[at.TARGET_GROUP] + channel * op[at.TARGET_CHANNEL] + y * op[at.TARGET_Y]
                )
                for x in range(op[at.WIDTH]):
                    corner = source + x * stride * op[at.SOURCE_X]
                    result = load(like, arena, corner)
                    for i in range(window):
                        for j in range(0 if i else 1, window):
                            value = load(like, arena, corner + i * op[at.SOURCE_Y] + j * op[at.SOURCE_X])
                            result = maximum(result, value) if op[at.ACTIVATION] == MAX else add(result, value)
                    if op[at.ACTIVATION] == AVERAGE:
                        result = multiply(result, share)
                    store(result, arena, target + x * op[at.TARGET_X])


@kernel
def pool_back(op: Operation, arena: Floats) -> None:
    """Spread the gradient of the pooled map (`values`) over that of its input (`target`).

    The first of equal maxima gets it all, as in PyTorch. `source` is the input itself, whose own activation is
    differentiated on the way.
    """
    like = tile1(0.0)
    window, stride, slope = op[at.COUNT], op[at.SIZE], op[at.SLOPE]
    share = splat(like, 1.0 / (window * window))
    for group in range(op[at.GROUPS]):
        for channel in range(op[at.ROWS]):
            for y in range(op[at.HEIGHT]):
                source = op[at.SOURCE] + group * op[at.SOURCE_GROUP] + channel * op[at.SOURCE_CHANNEL]
                target = op[at.TARGET] + group * op[at.TARGET_GROUP] + channel * op[at.TARGET_CHANNEL]
                values = (
                    op[at.VALUES] + group * op[at.VALUES_GROUP] + channel * op[at.VALUES_CHANNEL] + y * op[at.VALUES_Y]
                )
                source += y * stride * op[at.SOURCE_Y]
                target += y * stride * op[at.TARGET_Y]
                for x in range(op[at.WIDTH]):
                    gradient = load(like, arena, values + x * op[at.VALUES_X])
                    corner = source + x * stride * op[at.SOURCE_X]
                    largest = load(like, arena, corner)
                    if op[at.ACTIVATION] == AVERAGE:
                        gradient = multiply(gradient, share)
                    else:
                        for i in range(window):
                            for j in range(0 if i else 1, window):
                                value = load(like, arena, corner + i * op[at.SOURCE_Y] + j * op[at.SOURCE_X])
                                largest = maximum(largest, value)
                    for i in range(window):
                        for j in range(window):
                            value = load(like, arena, corner + i * op[at.SOURCE_Y] + j * op[at.SOURCE_X])
                            part = gradient
                            if op[at.ACTIVATION] == MAX:
                                # what has been given away is not given twice: the rest of the window gets 0
                                part = where_equal(value, largest, gradient)
                                gradient = where_different(value, largest, gradient)
                            part = slope_applied(slope, part, value)
                            store(part, arena, target + (x * stride + j) * op[at.TARGET_X] + i * op[at.TARGET_Y])
