import pytest

from tombola.errors import TombolaError, nearest
from tombola.registry import Registry


def test_unknown_names_suggest_the_nearest() -> None:
    things: Registry[int] = Registry("score")
    things.register("magnitude")(1)
    assert things["magnitude"] == 1
    with pytest.raises(TombolaError, match=r"unknown score 'magnitud' \(did you mean 'magnitude'\?\)"):
        things["magnitud"]
    with pytest.raises(TombolaError, match=r"choose from magnitude"):
        things["xyz"]


def test_a_name_is_taken_once() -> None:
    things: Registry[int] = Registry("score")
    things.register("a")(1)
    with pytest.raises(TombolaError, match="registered twice"):
        things.register("a")(2)


def test_nearest_is_silent_without_candidates() -> None:
    assert nearest("a", []) == ""
