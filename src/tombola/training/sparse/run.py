"""Running a compiled network: many steps, or a whole evaluation, in one call without the interpreter lock."""

import numpy as np
from numpy.typing import NDArray

from tombola.training.sparse import fields as at
from tombola.training.sparse.dots import weight_gradients
from tombola.training.sparse.elementwise import map_elements
from tombola.training.sparse.gather import Images, gather
from tombola.training.sparse.kernels import entry
from tombola.training.sparse.loss import cross_entropy
from tombola.training.sparse.norm import batch_norm, batch_norm_back
from tombola.training.sparse.optimise import optimise
from tombola.training.sparse.pool import pool, pool_back
from tombola.training.sparse.sums import Floats, Integers, permute, weighted_sums
from tombola.training.sparse.turn import turn


@entry
def run(
    program: NDArray[np.int64],
    real: NDArray[np.float64],
    arena: Floats,
    index: Integers,
    images: Images,
    labels: NDArray[np.int64],
    samples: NDArray[np.int64],
    batch: int,
    rates: NDArray[np.float64],
    done: int,
    totals: NDArray[np.float64],
) -> None:
    """Run a program on one batch after the other.

    Parameters
    ----------
    program, real
        Operations and their real constants.
    arena, index
        All floats and all integers of the network.
    images, labels
        All images (flat) and their labels.
    samples
        Images to use, in order, `batch` at a time; the last batch may be smaller.
    rates
        Learning rate of every step; empty for an evaluation.
    done
        Steps that the optimiser has taken.
    totals
        Sum of the losses and correct answers, added to. In training the loss is summed over samples too.
    """
    training = len(rates) > 0
    for step, first in enumerate(range(0, len(samples), batch)):
        chosen = samples[first : first + batch]
        for line in range(len(program)):
            op = program[line]
            code = op[at.CODE]
            if code == at.SUMS:
                weighted_sums(op, arena, index)
            elif code == at.DOTS:
                weight_gradients(op, arena, index)
            elif code == at.PERMUTE:
                permute(op, arena, index)
            elif code == at.MAP:
                map_elements(op, arena)
            elif code == at.GATHER:
                gather(op, arena, index, images, chosen)
            elif code == at.LOSS:
                cross_entropy(op, arena, labels, chosen, totals)
            elif code == at.OPTIMISE:
                optimise(op, real[line], arena, rates[step], done + step + 1)
            elif code == at.POOL:
                pool(op, arena)
            elif code == at.POOL_BACK:
                pool_back(op, arena)
            elif code == at.NORM:
                batch_norm(op, real[line], arena, training, len(chosen))
            elif code == at.NORM_BACK:
                batch_norm_back(op, arena, len(chosen))
            elif code == at.TURN:
                turn(op, arena, index)
