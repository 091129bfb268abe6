import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tombola
from tombola.analysis import verdict
from tombola.report import render
from tombola.report.figures import chosen_levels, curve_pictures, stop_pictures
from tombola.report.layer_figures import layer_pictures

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


def test_density_per_layer_is_drawn_without_any_state(make_run: Make) -> None:
    (picture,) = layer_pictures(make_run(levels=3))
    assert "heat map" in picture.svg
    assert ">linear.2<" in picture.svg
    assert layer_pictures(make_run(absent=lambda job: True)) == []


def test_weights_are_drawn_where_they_were_kept(tmp_path: Path) -> None:
    changes = {"train": {"steps": 12, "record_every": 4}, "replicates": 1, "prune": {"levels": 2}, "controls": []}
    run = tombola.open_run(tombola.run(tombola.resolve("lenet-digits", changes=changes), out=tmp_path).path)
    pictures = layer_pictures(run)
    assert len(pictures) == 4
    assert sum("<image" in picture.svg for picture in pictures) == 3, "heat map, emerging ticket, matrices"
    assert sum(len(picture.svg) for picture in pictures) < 300_000
    ids = re.findall(r' id="([^"]+)"', "".join(picture.svg for picture in pictures))
    assert len(ids) == len(set(ids))
    references = re.findall(r'href="([^"]{1,30})', render(run))
    assert all(reference.startswith(("#", "data:image/png;base64,")) for reference in references)
