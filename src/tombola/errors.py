"""The one exception users see: a clear sentence that names the field, the value and the way out."""

from collections.abc import Iterable
from difflib import get_close_matches


class TombolaError(Exception):
    """A user's mistake or a fault of the outside world, in one sentence. The command line prints it and exits 2."""


def nearest(wrong: str, valid: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the valid name closest to a wrong one, else the list of valid names.

    Examples
    --------
    >>> nearest("lenet-minst", ["lenet-mnist", "conv2-cifar10"])
    " (did you mean 'lenet-mnist'?)"
    """
    names = sorted(valid)
    close = get_close_matches(wrong, names, n=1, cutoff=0.6)
    if close:
        return f" (did you mean '{close[0]}'?)"
    return f" (choose from {', '.join(names)})" if names else ""
