import pytest

from tombola.analysis.wording import duration
from tombola.cli.console import size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (1.22, "1.2 s"),
        (9.97, "10 s"),
        (59.4, "59 s"),
        (59.6, "1:00 min"),
        (138.4, "2:18 min"),
        (3599.7, "1:00 h"),
        (7325, "2:02 h"),
    ],
)
def test_durations_never_show_sixty(seconds: float, text: str) -> None:
    # playground.md 10 and B12: rounding carries into the next unit
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(12, "12 B"), (1500, "2 kB"), (2_400_000, "2 MB"), (3_100_000_000, "3.1 GB")]
)
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text
