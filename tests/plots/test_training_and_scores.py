"""Saw-teeth, scores, responses and diagrams: what is drawn is what was stored."""

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

import tombola
from tombola.analysis.features.responses import strongest_responses
from tombola.analysis.layer_scores import SEARCHED, WEIGHED, layer_scores, score_statistics
from tombola.analysis.material import NetworkView
from tombola.errors import TombolaError
from tombola.plots import encode_figure
from tombola.plots.diagrams import draw_channel_order, draw_kernel_graphs, draw_runs
from tombola.plots.training import draw_saw_tooth
from tombola.store import JobId, Run

QUICK = {"train": {"steps": 12, "record_every": 4}, "replicates": 1}


def made(out: Path, **changes: object) -> Run:
    return tombola.open_run(tombola.run(tombola.resolve("lenet-digits", changes=QUICK | changes), out=out).path)


def test_magnitudes_of_the_parent_made_the_mask(tmp_path: Path) -> None:
    run = made(tmp_path, prune={"levels": 2})
    found, what = layer_scores(run, JobId(0, 2))
    assert what == WEIGHED
    before, after = run.ticket(0, 1), run.ticket(0, 2)
    for layer in found:
        alive = before.mask[layer.name].numpy()
        assert (np.isfinite(layer.values) == alive).all()
        assert (layer.kept == after.mask[layer.name].numpy()).all()
        assert np.nanmin(layer.values[layer.kept]) >= np.nanmax(layer.values[alive & ~layer.kept])
        known = layer.values[alive]
        assert layer.mass.sum == pytest.approx(known.sum(), rel=1e-6)
        assert layer.mass.abs_mean == pytest.approx(known.mean(), rel=1e-6)
    assert set(score_statistics(run, JobId(0, 2))) == {layer.name for layer in found}
    with pytest.raises(TombolaError, match="not kept"):
        layer_scores(run, JobId(0, 0))


def test_searches_and_tables_have_scores(tmp_path: Path) -> None:
    searched = made(
        tmp_path,
        prune={"procedure": "edge-popup", "levels": 1, "densities": [0.3]},
        controls=[],
        search={"length": "10st"},
    )
    found, what = layer_scores(searched, JobId(0, 1))
    assert what == SEARCHED
    assert all(np.isfinite(layer.values).all() for layer in found)
    scored = made(
        tmp_path, prune={"procedure": "at-init", "score": "snip", "levels": 1, "densities": [0.3]}, controls=[]
    )
    assert all(mass.sum > 0 for mass in score_statistics(scored, JobId(0, 1)).values())
    with pytest.raises(TombolaError, match="score-statistics"):
        layer_scores(scored, JobId(0, 1))


def test_saw_teeth_follow_each_other(tmp_path: Path) -> None:
    run = made(tmp_path, prune={"levels": 2})
    axes = Figure().subplots()
    draw_saw_tooth(axes, run)
    lines = [line for line in axes.lines if len(line.get_xdata()) > 2]  # type: ignore[arg-type]
    assert [(line.get_xdata()[0], line.get_xdata()[-1]) for line in lines] == [(0, 12), (12, 24), (24, 36)]  # type: ignore[index]
    values = run.records.val_accuracy.sel(level=1, control="none", replicate=0).isel(repetition=0).values
    np.testing.assert_allclose(lines[1].get_ydata(), values)  # type: ignore[arg-type]


@pytest.mark.parametrize("pipeline", ["network", "linear-sna2023"])
def test_the_strongest_response_is_where_the_kernel_finds_itself(pipeline: str) -> None:
    kernel = np.array([[1, 0, -1], [0, 2, 0], [-1, 0, 1]], "f4")
    weights = {"a": np.stack([kernel, 0 * kernel])[:, None], "b": np.ones((2, 2 * 9 * 9), "f4")}
    view = NetworkView.of_arrays("n", weights)
    images, top, left = torch.zeros(3, 1, 9, 9), 3, 4
    images[1, 0, top : top + 3, left : left + 3] = torch.from_numpy(kernel)
    found = strongest_responses(view, images, pipeline)  # type: ignore[arg-type]
    assert found is not None
    assert found.image[0] == 1
    assert (found.top[0], found.left[0]) == (top, left)
    assert (found.patches[0, 0] == kernel).all()
    assert found.value[0] == pytest.approx(8.0)
    assert np.isnan(found.value[1]), "an empty unit responds to nothing"


def test_diagrams_are_the_same_each_time() -> None:
    for draw in (draw_channel_order, draw_runs, draw_kernel_graphs):
        files = []
        for _ in range(2):
            figure = Figure(layout="constrained")
            draw(figure)
            files.append(encode_figure(figure, "svg"))
        assert files[0] == files[1]
