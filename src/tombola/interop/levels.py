"""What imports of several levels share: checking masks from level to level, and naming levels."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from tombola.interop.imported import Findings
from tombola.pruning import Mask


def check_nested(replicate: int, masks: Mapping[int, Mask], findings: Findings) -> None:
    """Warn where weights come back from one known level of a replicate to the next."""
    for before, level in pairwise(sorted(masks)):
        if not masks[level].is_within(masks[before]):
            findings.warn(f"Weights of replicate {replicate} come back from level {before} to level {level}.")


def listed(numbers: Iterable[int]) -> str:
    """Return numbers as a reader lists them.

    Examples
    --------
    >>> listed([1, 2, 3, 7])
    '1 to 3, 7'
    """
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(
        str(s[0]) if len(s) == 1 else f"{s[0]} to {s[-1]}" if len(s) > 2 else f"{s[0]}, {s[1]}" for s in spans
    )
