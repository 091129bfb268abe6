"""Every registered plot kind on whole and on degenerate runs: it draws, says what is to be said, warns of nothing."""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import tombola
from tombola.errors import TombolaError
from tombola.plots import animations, encode_animation, encode_figure, make_figure, make_frames, plot_kinds
from tombola.plots.kinds.registry import OPTIONS, options_of
from tombola.store import JobId, Run

Make = Callable[..., Any]

SHORT = {"train": {"steps": 12, "record_every": 4}, "replicates": 1, "prune": {"levels": 2}}
REAL: dict[str, dict[str, Any]] = {
    "usual": {"replicates": 2},
    "one linear layer": {"network": {"linear": []}},
    "convolutions": {"network": {"family": "conv", "conv": ["3B", "M", "2"], "linear": []}},
    "dense only": {"prune": {"levels": 0}},
    "one level, one control level": {"prune": {"levels": 1}},
    # another rate: jobs of equal keys are taken over from sibling runs, with their states
    "masks only": {"store": {"keep": "masks"}, "train": {"steps": 12, "record_every": 4, "lr": 1e-3}},
    "failed": {"train": {"steps": 12, "record_every": 4, "lr": 1e38, "optimiser": "sgd"}},
}
ONE_RUN = {
    "densities", "emerging", "histograms", "kernels", "losses", "matrices", "score-statistics", "scores", "structure",
}  # fmt: skip
MADE_UP: dict[str, dict[str, Any]] = {
    "one replicate": {"replicates": 1},
    "no controls": {"controls": ()},
    "several controls": {"controls": ("reinit:2", "shuffle-layerwise:1", "own:1")},
    "absent levels": {"absent": lambda job: job.level in (1, 2)},
    "controls without tickets": {"absent": lambda job: job.control == "none"},
    "nothing yet": {"absent": lambda job: True},
    "all failed": {"failed": {JobId(r, level): "loss became NaN" for r in range(3) for level in range(7)}},
    "one record": {"total": 100, "every": 100},
    "deep": {"levels": 24, "total": 2000},
}


@pytest.fixture(scope="session")
def real_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Runs of a second, trained for these tests."""
    out = tmp_path_factory.mktemp("runs")
    found = {}
    for name, changes in REAL.items():
        spec = tombola.resolve(
            "lenet-digits", changes=SHORT | changes | {"name": name.replace(" ", "-").replace(",", "")}
        )
        found[name] = tombola.open_run(tombola.run(spec, out=out).path)
    return found


def words(figure: Figure) -> list[str]:
    """Everything a reader can read, tick labels aside."""
    texts = [*figure.texts, *(text for axes in figure.axes for text in [*axes.texts, axes.title, axes.xaxis.label])]
    texts += [text for axes in figure.axes for text in (axes._left_title,)]  # type: ignore[attr-defined]
    return [text.get_text() for text in texts if text.get_text()]


def legends(figure: Figure) -> int:
    return len(figure.legends) + sum(axes.get_legend() is not None for axes in figure.axes)


def check(kind: str, runs: Any) -> Figure:
    """Draw without a warning; the result has something in it, and words on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = make_figure(kind, runs)
        assert encode_figure(figure, "png", dpi=40).startswith(b"\x89PNG")
    drawn = [artist for axes in figure.axes for artist in [*axes.lines, *axes.images, *axes.patches, *axes.containers]]
    assert words(figure) or legends(figure)
    assert drawn or any(axes.texts for axes in figure.axes), "an empty picture says why"
    return figure


@pytest.mark.parametrize("case", REAL)
@pytest.mark.parametrize("kind", list(plot_kinds))
def test_kinds_draw_real_runs(kind: str, case: str, real_runs: dict[str, Run]) -> None:
    check(kind, real_runs[case])


@pytest.mark.parametrize("case", MADE_UP)
@pytest.mark.parametrize("kind", list(plot_kinds))
def test_kinds_draw_any_run(kind: str, case: str, make_run: Make) -> None:
    check(kind, make_run(**MADE_UP[case]))


@pytest.mark.parametrize("kind", list(plot_kinds))
def test_kinds_take_several_runs_or_say_that_they_do_not(kind: str, make_run: Make) -> None:
    runs = [make_run(name="one"), make_run(name="two", levels=2, controls=())]
    for order in (runs, runs[::-1]):
        if kind in ONE_RUN:
            with pytest.raises(TombolaError, match="shows one run"):
                make_figure(kind, order)
            continue
        figure = check(kind, order)
        told = " ".join([*words(figure), *(t.get_text() for legend in figure.legends for t in legend.get_texts())])
        assert "one" in told
        assert "two" in told


@pytest.mark.parametrize("kind", list(plot_kinds))
def test_kinds_take_known_options_and_explain_themselves(kind: str) -> None:
    assert set(options_of(plot_kinds[kind])) <= set(OPTIONS)
    assert (plot_kinds[kind].__doc__ or "").splitlines()[0].endswith(".")


@pytest.mark.parametrize("kind", list(plot_kinds))
def test_equal_runs_give_equal_files(kind: str, real_runs: dict[str, Run]) -> None:
    first, second = (
        encode_figure(make_figure(kind, real_runs["one level, one control level"]), "svg") for _ in range(2)
    )
    assert first == second
    assert len(first) < 1_500_000


@pytest.mark.parametrize("kind", list(animations))
@pytest.mark.parametrize("form", ["gif", "webp"])
def test_animations_have_a_frame_per_level(kind: str, form: str, real_runs: dict[str, Run], make_run: Make) -> None:
    assert kind in plot_kinds
    for case in ("masks only", "convolutions"):
        frames = make_frames(kind, real_runs[case])
        with Image.open(io.BytesIO(encode_animation(frames, form))) as picture:
            assert getattr(picture, "n_frames", 1) == 3
            assert picture.size == frames[0].size
    with pytest.raises(TombolaError, match="nothing to animate"):
        make_frames(kind, make_run(levels=1))


@pytest.mark.parametrize("state", ["initial", "trained", "early_stop"])
@pytest.mark.parametrize("kind", ["kernels", "matrices", "histograms", "emerging"])
def test_any_state_and_control_can_be_drawn(kind: str, state: Any, real_runs: dict[str, Run]) -> None:
    run = real_runs["convolutions"]
    option = {"levels": (1, 2)} if "levels" in options_of(plot_kinds[kind]) else {"level": 1}
    for control in ("none", "reinit"):
        figure = make_figure(kind, run, state=state, control=control, **option)
        assert any(axes.images or axes.patches for axes in figure.axes)


def test_what_reads_units_is_not_called_pixels(real_runs: dict[str, Run]) -> None:
    """The picture of a layer behind another one is its mask, even where it has as many inputs as the image pixels."""
    told = {}
    for name, layer in [("usual", "linear.0"), ("usual", "linear.2"), ("convolutions", "output")]:
        run = real_runs[name]
        figure = make_figure("emerging", run, layer=layer)
        told[layer] = figure.get_supxlabel().replace("\n", " ")
        if layer != "linear.0":
            picture, keep = np.asarray(figure.axes[-1].images[0].get_array()), run.ticket(0, 2).mask[f"{layer}.weight"]
            assert np.array_equal(picture[..., :3].any(-1), keep.numpy())
    assert "at each input pixel" in told["linear.0"]
    assert all("an output per row, an input per column" in told[layer] for layer in ("linear.2", "output"))
    assert run.ticket(0, 2).mask["output.weight"].shape[1] == 32


def test_layers_of_scores_may_be_named_in_full(real_runs: dict[str, Run]) -> None:
    titles = [
        make_figure("scores", real_runs["usual"], layer=name).axes[0].get_title()
        for name in ("linear.2", "linear.2.weight")
    ]
    assert titles[0] == titles[1]
    assert titles[0].startswith("linear.2:")


def test_requests_that_cannot_be_met_are_refused(real_runs: dict[str, Run], tmp_path: Path) -> None:
    run = real_runs["usual"]
    for kind, options, sentence in [
        ("curvs", {}, r"unknown plot kind 'curvs' \(did you mean 'curves'\?\)"),
        ("curves", {"layer": "output"}, "takes no option 'layer'"),
        ("curves", {"levels": (9,)}, "has no level 9"),
        ("matrices", {"level": 9}, "has no level 9"),
        ("matrices", {"replicate": 7}, "has no replicate 7"),
        ("emerging", {"control": "reinit", "repetition": 2}, "has no repetition 2"),
        ("matrices", {"state": "final"}, "unknown state 'final'"),
        ("matrices", {"level": 1, "control": "shuffle"}, "has no control 'shuffle'"),
        ("matrices", {"layer": "linear.9"}, "there is no layer 'linear.9'"),
    ]:
        with pytest.raises(TombolaError, match=sentence):
            make_figure(kind, run, **options)
    with pytest.raises(TombolaError, match="was not kept"):
        make_figure("matrices", real_runs["masks only"], level=0)
    with pytest.raises(TombolaError, match="not str"):
        make_figure("curves", str(tmp_path))  # type: ignore[arg-type]
