import pytest

from tombola.telling import silent, walked


def test_every_thing_comes_once_and_is_told_when_it_is_done() -> None:
    told: list[tuple[str, int, int]] = []
    for number, thing in enumerate(walked([7, 8], "things", lambda *news: told.append(news))):
        assert thing == 7 + number
        assert told[-1] == ("things", number, 2)
    assert told[-1] == ("things", 2, 2)


def test_nothing_is_walked_too() -> None:
    assert list(walked([], "things", silent)) == []


def test_what_breaks_is_not_done() -> None:
    told: list[int] = []

    def breaks() -> None:
        for _ in walked([1, 2], "things", lambda what, done, total: told.append(done)):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        breaks()
    assert told == [0]
