from collections.abc import Callable
from typing import Any

import pytest

from tombola.analysis import verdict
from tombola.report.figures import chosen_levels, curve_pictures, stop_pictures

Make = Callable[..., Any]


@pytest.mark.parametrize("levels", [0, 1, 2, 3, 6, 20])
def test_curves_show_dense_sparsest_and_the_judged_level(make_run: Make, levels: int) -> None:
    run = make_run(levels=levels)
    found = verdict(run)
    chosen = chosen_levels(run, found)
    assert chosen == sorted(set(chosen))
    assert {0, levels} <= set(chosen)
    assert len(chosen) <= 5
    if found.standing:
        assert found.standing.level in chosen


def test_captions_say_when_records_are_left_out(make_run: Make) -> None:
    few, many = (make_run(levels=1, total=20_000, every=every) for every in (1000, 50))
    assert all("Lines show" not in picture.caption for picture in curve_pictures(few, verdict(few)))
    assert all("Lines show 100 of 400 records." in picture.caption for picture in curve_pictures(many, verdict(many)))


def test_figures_say_what_they_show(make_run: Make) -> None:
    run = make_run(levels=2, controls=("reinit:1", "shuffle-layerwise:1"))
    accuracy, step = stop_pictures(run)
    assert "Test accuracy at early stop for tickets, reinit controls and shuffle-layerwise controls" in accuracy.svg
    assert "Early-stop step for tickets" in step.svg
    assert ">0.25<" in accuracy.svg


def test_long_density_axes_keep_their_labels_apart(make_run: Make) -> None:
    accuracy, _ = stop_pictures(make_run(levels=20, total=2000))
    assert ">0.0625<" in accuracy.svg
    assert ">0.125<" not in accuracy.svg


def test_nothing_trained_nothing_drawn(make_run: Make) -> None:
    run = make_run(absent=lambda job: True)
    assert stop_pictures(run) == []
    assert curve_pictures(run, verdict(run)) == []
