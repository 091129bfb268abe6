"""The split: a function of the seed and of sizes alone, the same with every version of every library."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from tombola.data.dataset import Split
from tombola.errors import TombolaError
from tombola.specs import DataSpec
from tombola.streams import stream_seed


class Sizes(NamedTuple):
    """Samples per part."""

    train: int
    validation: int
    test: int


def permutation(n: int, seed: int) -> Int64[np.ndarray, " n"]:
    """Return a random order of n things.

    It sorts raw words of PCG64, whose stream NumPy guarantees (NEP 19), unlike that of ``Generator.permutation``.
    """
    return np.argsort(np.random.PCG64(seed).random_raw(n), kind="stable").astype(np.int64)


def planned_sizes(spec: DataSpec, train: int, own_validation: int | None, default: int) -> tuple[int, int]:
    """Return how many samples train and validate.

    Parameters
    ----------
    spec
        Asks for ``data.validation`` and ``data.train`` samples, or leaves them open.
    train
        Samples of the set's training part.
    own_validation
        Samples of the set's own validation part, None where it has none.
    default
        Validation samples where the spec leaves them open and the set has no validation part.

    Raises
    ------
    TombolaError
        If there are not that many.
    """
    asked = f"data.validation = {default if spec.validation is None else spec.validation}"
    asked += " (the default)" if spec.validation is None else ""
    if own_validation is not None:
        validation = own_validation if spec.validation is None else spec.validation
        if validation > own_validation:
            raise TombolaError(
                f"{asked}: '{spec.name}' has {own_validation} validation images of its own; ask for at most that"
            )
        rest = train
    else:
        validation = default if spec.validation is None else spec.validation
        if validation >= train:
            raise TombolaError(
                f"{asked}: '{spec.name}' has {train} training images here, so none would be left to train on; "
                f"set data.validation to less than {train}"
            )
        rest = train - validation
    if validation < 1:
        raise TombolaError(f"{asked}: the early stop is found on validation images; ask for at least 1")
    chosen = rest if spec.train is None else spec.train
    if chosen > rest:
        raise TombolaError(
            f"data.train = {chosen}: '{spec.name}' has {rest} images left to train on; ask for at most that"
        )
    return chosen, validation


def draw_split(spec: DataSpec, seed: int, train: int, own_validation: int | None, default: int) -> Split:
    """Return the split that an experiment's seed draws (parameters as in `planned_sizes`).

    The validation samples do not depend on ``data.train``, and a larger training subset contains every smaller one.
    """
    chosen, validation = planned_sizes(spec, train, own_validation, default)
    order = permutation(train, stream_seed(seed, "split"))
    if own_validation is None:
        return Split(seed, np.sort(order[validation : validation + chosen]), np.sort(order[:validation]), False)
    own = permutation(own_validation, stream_seed(seed, "split", "validation"))
    return Split(seed, np.sort(order[:chosen]), np.sort(own[:validation]), True)


def fixed_test(
    labels: Int64[np.ndarray, " n"], count: int
) -> tuple[Int64[np.ndarray, " rest"], Int64[np.ndarray, " count"]]:
    """Return (the rest, the test samples) of a set that comes without a test part, ascending.

    The same for every seed: test figures of different seeds then speak of the same images. Classes keep their shares
    (largest remainders), as far as whole samples allow.
    """
    sizes = np.bincount(labels)
    take, remainder = np.divmod(sizes * count, len(labels))
    take[np.argsort(-remainder, kind="stable")[: count - take.sum()]] += 1
    chosen = [
        np.flatnonzero(labels == label)[permutation(int(size), stream_seed(0, "split", "test", label))[:k]]
        for label, (size, k) in enumerate(zip(sizes, take, strict=True))
    ]
    test = np.sort(np.concatenate(chosen))
    return np.setdiff1d(np.arange(len(labels)), test), test
