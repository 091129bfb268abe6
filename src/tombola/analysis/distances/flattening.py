"""Where the numbers of a map go when it is flattened: two orders in use, and one that was published by mistake."""

from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from tombola.errors import TombolaError

Flatten = Literal["channels-first", "channels-last", "blocks-sasd2022"]


def feature_numbers(channels: int, positions: int, flatten: Flatten) -> Int[np.ndarray, "channel position"]:
    """Return which features a map's channels become.

    Parameters
    ----------
    channels, positions
        Of the map; positions are height times width.
    flatten
        ``channels-first`` (PyTorch: feature ``c * positions + p``), ``channels-last`` (Keras: ``p * channels + c``), or
        ``blocks-sasd2022``: what the SaSD thesis permuted, on weights that are flattened channels-first here: blocks of
        as many channels-last rows as there are positions, the last row of each forgotten (signs reference, 12.2).

    Examples
    --------
    >>> feature_numbers(2, 3, "channels-last").tolist()
    [[0, 2, 4], [1, 3, 5]]
    """
    first = np.arange(channels * positions).reshape(channels, positions)
    if flatten == "channels-first":
        return first
    last = np.arange(channels * positions).reshape(positions, channels).T
    if flatten == "channels-last":
        return last
    return first.T.reshape(channels, positions)[:, :-1]


def channels_first(weight: Float[np.ndarray, "unit feature"], channels: int) -> Float[np.ndarray, "unit feature"]:
    """Return a linear layer's weights whose features were flattened channels-last in this package's order.

    Parameters
    ----------
    weight
        (outputs, features), features in the order ``p * channels + c``.
    channels
        Of the map that was flattened.

    Raises
    ------
    TombolaError
        If the features are no multiple of the channels.
    """
    features = weight.shape[1]
    if features % channels:
        raise TombolaError(f"{features} features are no flattened map of {channels} channels")
    return np.ascontiguousarray(weight.reshape(len(weight), -1, channels).swapaxes(1, 2).reshape(len(weight), features))
