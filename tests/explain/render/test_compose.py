"""Stimuli and contact sheets (explainability reference, section 7.2)."""

import numpy as np
import pytest

from tombola.errors import TombolaError
from tombola.explain.render import contact_sheet, legend, scale_named, single_window, triptych


def coloured(value: int, size: tuple[int, int] = (224, 224)) -> np.ndarray:
    return np.full((*size, 3), (value, 255 - value, 7), dtype=np.uint8)


LEFT, MIDDLE, RIGHT = coloured(10), coloured(120), coloured(240)
SAME = ("church", "church")


def places(picture: np.ndarray, panel: np.ndarray) -> np.ndarray:
    return np.argwhere((picture == panel[0, 0]).all(axis=2))


def test_triptych_has_three_panels_of_source_bytes_in_order() -> None:
    picture = triptych(LEFT, MIDDLE, RIGHT, SAME)
    assert picture.shape == (1200, 3750, 3)
    for number, panel in enumerate((LEFT, MIDDLE, RIGHT)):
        found = places(picture, panel)
        assert len(found) == (4 * 224) ** 2  # enlarged by a whole factor: every source pixel is there, equally large
        assert 1250 * number <= found[:, 1].min() <= found[:, 1].max() < 1250 * (number + 1)
    tops = {places(picture, panel)[:, 0].min() for panel in (LEFT, MIDDLE, RIGHT)}
    assert len(tops) == 1


def test_triptych_has_a_heading_and_titles() -> None:
    picture = triptych(LEFT, MIDDLE, RIGHT, SAME)
    other = triptych(LEFT, MIDDLE, RIGHT, ("golf ball", "golf ball"))
    rows = np.flatnonzero((picture != other).any(axis=(1, 2)))
    assert len(rows) > 0
    assert rows.max() < 1200 // 11  # only the heading names the class
    swapped = triptych(LEFT, MIDDLE, RIGHT, SAME, titles=("A", "B", "C"))
    rows = np.flatnonzero((picture != swapped).any(axis=(1, 2)))
    assert rows.min() > 1200 // 11
    assert rows.max() < places(picture, LEFT)[:, 0].min()


def test_long_class_names_fit() -> None:
    name = "a very long name of a class " * 6
    picture = triptych(LEFT, MIDDLE, RIGHT, (name, name))
    assert (picture[: 1200 // 11, [0, -1]] == 255).all()
    assert (picture[: 1200 // 11] < 128).any()


def test_triptych_of_heat_maps_has_legends_and_keeps_the_size_of_its_pictures() -> None:
    picture = triptych(LEFT, MIDDLE, RIGHT, SAME, scale="jet")
    strip = legend(3750 // 6, scale_named("jet"))
    bar = strip[len(strip) // 3]
    rows = np.flatnonzero([(picture[row, 312:937] == bar).all() for row in range(1200)])
    assert len(rows) >= 20
    assert not any((picture[row, 1562:2187] == bar).all() for row in range(1200))  # the original has none
    assert any((picture[row, 2812:3437] == bar).all() for row in range(1200))
    assert len(places(picture, MIDDLE)) == (4 * 224) ** 2


def test_triptych_refuses_what_it_must() -> None:
    with pytest.raises(TombolaError, match="'church' and 'dog'"):
        triptych(LEFT, MIDDLE, RIGHT, ("church", "dog"))
    with pytest.raises(TombolaError, match="must have one size"):
        triptych(LEFT, coloured(3, (224, 200)), RIGHT, SAME)
    with pytest.raises(TombolaError, match="no room"):
        triptych(LEFT, MIDDLE, RIGHT, SAME, size=(45, 20))


def test_single_window_is_alone_on_grey() -> None:
    picture = single_window(LEFT)
    assert picture.shape == (600, 900, 3)
    assert len(places(picture, LEFT)) == (2 * 224) ** 2
    rest = picture[~(picture == LEFT[0, 0]).all(axis=2)]
    assert (rest == 128).all()  # nothing else: no title, no class
    with pytest.raises(TombolaError, match="too small"):
        single_window(LEFT, size=(900, 3))


def test_large_pictures_are_shrunk() -> None:
    picture = single_window(coloured(10, (3000, 1000)))
    found = places(picture, LEFT)
    assert found[:, 0].max() - found[:, 0].min() + 1 == 560
    assert abs(found[:, 1].max() - found[:, 1].min() + 1 - 560 / 3) <= 1


def test_contact_sheet_has_every_picture_in_its_place() -> None:
    sheet = contact_sheet(
        [[LEFT, None], [RIGHT, MIDDLE]], ["church", "dog"], ["dense", "32x"], cell=230, scale="viridis"
    )
    assert len(places(sheet, LEFT)) == len(places(sheet, MIDDLE)) == 224**2
    assert places(sheet, LEFT)[:, 1].min() == places(sheet, RIGHT)[:, 1].min()
    assert places(sheet, RIGHT)[:, 0].min() == places(sheet, MIDDLE)[:, 0].min()
    assert places(sheet, MIDDLE)[:, 1].min() > places(sheet, RIGHT)[:, 1].max()
    with pytest.raises(TombolaError, match="give one each"):
        contact_sheet([[LEFT]], ["church", "dog"], ["dense"])
