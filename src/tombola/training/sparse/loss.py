"""Softmax cross-entropy: loss, correct answers and the gradient of the logits, 16 samples at a time."""

import math

import numpy as np
from numpy.typing import NDArray

from tombola.training.sparse import fields as at
from tombola.training.sparse.functions import exp, maximum
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.sums import Floats, Operation
from tombola.training.sparse.tiles import add, divide, load, multiply, splat, store, subtract, tile1


@kernel
def cross_entropy(
    op: Operation, arena: Floats, labels: NDArray[np.int64], samples: NDArray[np.int64], totals: NDArray[np.float64]
) -> None:
    """Add loss and correct answers of a batch to `totals`; where TARGET is given, set the mean loss's gradient there.

    Parameters
    ----------
    op
        SOURCE: logits (ROWS classes, GROUPS * 16 samples); TARGET: their gradient or -1; SIZE: room for 16 floats.
    arena
        All floats.
    labels
        Of all images.
    samples
        Indices of the batch's images; lanes beyond them are padding and get no gradient.
    totals
        Sum of losses and number of correct answers (first largest logit; NaN counts as largest).
    """
    like, classes, lanes, valid = tile1(0.0), op[at.ROWS], op[at.GROUPS] * 16, len(samples)
    for group in range(op[at.GROUPS]):
        source, target = op[at.SOURCE] + group * 16, op[at.TARGET] + group * 16
        largest = load(like, arena, source)
        for row in range(1, classes):
            largest = maximum(largest, load(like, arena, source + row * lanes))
        sums = splat(like, 0.0)
        for row in range(classes):
            power = exp(subtract(load(like, arena, source + row * lanes), largest))
            sums = add(sums, power)
            if op[at.TARGET] >= 0:
                store(power, arena, target + row * lanes)
        store(sums, arena, op[at.SIZE])
        store(largest, arena, op[at.SIZE] + 16)
        if op[at.TARGET] >= 0:
            factor = divide(splat(like, 1.0 / valid), sums)
            for row in range(classes):
                store(multiply(load(like, arena, target + row * lanes), factor), arena, target + row * lanes)
        for lane in range(16):
            number = group * 16 + lane
            if number < valid:
                label = labels[samples[number]]
                logit, top = arena[source + lane + label * lanes], arena[op[at.SIZE] + 16 + lane]
                totals[0] += math.log(arena[op[at.SIZE] + lane]) + (float(top) - float(logit))
                best = 0
                # up to the first that equals the largest, or to the first NaN where that is the largest
                value = arena[source + lane]
                while best < classes - 1 and value == value and value != top:
                    best += 1
                    value = arena[source + lane + best * lanes]
                totals[1] += best == label
                if op[at.TARGET] >= 0:
                    arena[target + lane + label * lanes] -= np.float32(1.0 / valid)
            elif op[at.TARGET] >= 0:
                for row in range(classes):
                    arena[target + lane + row * lanes] = 0.0
