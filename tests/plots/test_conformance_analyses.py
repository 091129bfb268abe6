"""Every registered analysis on a tiny real run, on one network, and on networks with an empty layer."""

import random
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

import tombola
from tombola.analysis.collecting import collect
from tombola.analysis.material import NetworkView
from tombola.cli.analyse_command import settings
from tombola.data import load
from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.plots import encode_figure
from tombola.plots.analyses import Material, Result, analyses
from tombola.plots.style import PAPER
from tombola.pruning import Mask
from tombola.store import Run
from tombola.store.folder import TICKET
from tombola.telling import Tell, silent

NAMES = list(analyses)
TRAINED = {
    # maps are averaged before the linear layers, as the published feature pipeline does
    "network": {"family": "conv", "conv": ["4", "5", "G"], "linear": [6]},
    "train": {"steps": 30, "record_every": 10, "lr": 0.01, "test_curve": True},
    "replicates": 2,
    "prune": {"levels": 2},
    "controls": ["reinit:1"],
}
QUICK: dict[str, dict[str, Any]] = {
    "signs": {"measures": ("w1", "jsd"), "splits": 4},
    "clusters": {"k": 2},
    "contributions": {"images": 20, "k": 2},
    "distances": {"draws": 2},
    "kernel-patterns": {"draws": 19},
    "features": {"images": 30, "predictors": 1},
    "features-sna2023": {"images": 30},
}
RESAMPLED = re.compile(r"(^p$|^log10_p$|^p_|_p$|low|high|stability|null_|percentile|_z$|^z$|chance_|semi)")
"""Columns that rest on random draws (which network comes first decides which draw it gets) or on a direction."""
IDS = re.compile(r"(?<=[\"#])[a-z][0-9a-f]{10}")
NUMBERS = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
"""Positions in SVG, and clips named after them: matplotlib's layout solver finds them to the last bit but one."""
FIRST_ONES = {
    "clusters": {"choice"},  # mixtures begin with units that are drawn
    "features": {"responses", "matching", "prediction"},
    "features-sna2023": {"responses"},
}
"""Tables of the first network of a condition, or of the first pair."""


@dataclass(frozen=True)
class Given:
    """The tiny run, its networks, its images."""

    run: Run
    views: list[NetworkView]
    data: Dataset


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    spec = tombola.resolve("lenet-digits", changes=TRAINED)
    run = tombola.open_run(tombola.run(spec, out=tmp_path_factory.mktemp("runs")).path)
    views = collect([run], levels=[0, 2], controls=["reinit"])
    return Given(run, views, load(spec.data, spec.seed))


@pytest.fixture(scope="module")
def plain(given: Given) -> dict[str, Result]:
    """Every analysis of the tiny run, once."""
    return {}


def once(name: str, given: Given, plain: dict[str, Result]) -> Result:
    """Return the analysis of the whole run."""
    if name not in plain:
        plain[name] = analyse(name, given)
    return plain[name]


def analyse(name: str, given: Given, views: Sequence[NetworkView] | None = None, tell: Tell = silent) -> Result:
    """Run an analysis as the command does, quickly; a warning is a failure."""
    chosen = settings(name, analyses[name], ()) | QUICK.get(name, {})
    material = Material(given.views if views is None else views, given.data, chosen, [given.run], tell)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Mean of empty slice")  # no pair has a distance: NaN is what is meant
        return analyses[name].compute(material)


def or_reason(name: str, given: Given, views: Sequence[NetworkView]) -> Result | str:
    """Run an analysis; return why where it refuses."""
    try:
        return analyse(name, given, views)
    except TombolaError as refused:
        return str(refused)


def pictures(name: str, result: Result) -> dict[str, Figure]:
    """Draw what there is to draw."""
    with warnings.catch_warnings(), matplotlib.rc_context(PAPER):
        warnings.simplefilter("error")
        made = {figure: draw(result) for figure, draw in analyses[name].figures.items()}
    return {figure: each for figure, each in made.items() if each is not None}


def emptied(view: NetworkView, number: int) -> NetworkView:
    """Return the network with an empty layer."""
    name = view.layers[number].name
    kept = {layer.name: view.mask[layer.name] & (layer.name != name) for layer in view.layers}
    state = {key: value.clone() for key, value in view.state.items()}
    Mask(kept).apply_(state)
    return replace(view, mask=Mask(kept), read=partial(dict, state))


def numbers(frame: pd.DataFrame) -> np.ndarray:
    """The sizes of all numbers that do not rest on random draws, sorted: neither order nor direction counts."""
    chosen = [name for name in frame.select_dtypes("number") if not RESAMPLED.search(name)]
    values = frame[chosen].to_numpy(np.float64).ravel()
    return np.sort(np.abs(values[np.isfinite(values)]))


@pytest.mark.parametrize("name", NAMES)
def test_tables_and_notes_say_what_was_looked_at(name: str, given: Given, plain: dict[str, Result]) -> None:
    result = once(name, given, plain)
    assert result.tables
    for table, frame in result.tables.items():
        assert len(frame), f"{table} is empty; leave it out"
        assert frame.columns.is_unique
        assert not frame.isna().all().all()
    assert result.summary is None or result.summary in result.tables
    told = " ".join(result.notes)
    assert "effective" in told, "which mask"
    assert any(layer.name.removesuffix(".weight") in told for layer in given.views[0].layers), "which layers"
    assert str(len(given.views)) in told or "n = 2" in told, "how many networks"
    assert all(note.strip() == note and note.endswith((".", ":")) for note in result.notes)
    assert analyses[name].summary.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_twice_is_equal_and_leaves_everything_as_it_was(name: str, given: Given, plain: dict[str, Result]) -> None:
    first = once(name, given, plain)  # libraries that are loaded for the first time may draw
    before = [[value.clone() for value in view.state.values()] for view in given.views]
    masks = [view.mask for view in given.views]
    drawn = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    threads = torch.get_num_threads()
    told: list[tuple[str, int, int]] = []
    second = analyse(name, given, tell=lambda *news: told.append(news))
    assert all(0 <= done <= total for _, done, total in told)
    assert {what: done for what, done, _ in told} == {what: total for what, _, total in told}, "all of it is done"
    assert torch.equal(torch.get_rng_state(), drawn[0])
    assert (np.random.get_state()[1] == drawn[1]).all()  # noqa: NPY002
    assert random.getstate() == drawn[2]
    assert torch.get_num_threads() == threads
    for view, state, mask in zip(given.views, before, masks, strict=True):
        assert view.mask == mask
        assert all(torch.equal(new, old) for new, old in zip(view.state.values(), state, strict=True))
    assert list(first.tables) == list(second.tables)
    for table in first.tables:
        pd.testing.assert_frame_equal(first.tables[table], second.tables[table])
    assert list(first.notes) == list(second.notes)


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_files_and_equal_ones(name: str, given: Given, plain: dict[str, Result]) -> None:
    result = once(name, given, plain)
    drawn = pictures(name, result)
    assert drawn
    pages = {figure: encode_figure(made, "svg").decode() for figure, made in drawn.items()}
    figure = min(drawn, key=lambda each: len(drawn[each].axes))
    with matplotlib.rc_context(PAPER):
        again = analyses[name].figures[figure](result)
    assert again is not None
    first, second = (IDS.sub("", page) for page in (pages[figure], encode_figure(again, "svg").decode()))
    assert NUMBERS.sub("", first) == NUMBERS.sub("", second)
    places = [np.array(NUMBERS.findall(text), np.float64) for text in (first, second)]
    np.testing.assert_allclose(*places, atol=1e-3)
    for figure, made in drawn.items():
        assert "<svg" in pages[figure], figure
        made.set_layout_engine("none")  # as they are written
        assert encode_figure(made, "png", dpi=40).startswith(b"\x89PNG"), figure
        assert made.axes, f"{figure} has nothing on it"
    for draw in analyses[name].figures.values():
        assert (draw.__doc__ or "").strip()


@pytest.mark.parametrize("name", NAMES)
def test_options_are_known_and_explained(name: str) -> None:
    with pytest.raises(TombolaError, match="no such option"):
        settings(name, analyses[name], ["nonsense=1"])
    for option, (default, text) in analyses[name].options.items():
        assert text
        assert isinstance(default, bool | int | float | str | tuple), option


@pytest.mark.parametrize("name", NAMES)
def test_one_network_is_enough_or_the_reason_is_said(name: str, given: Given) -> None:
    result = or_reason(name, given, given.views[-1:])
    if isinstance(result, str):
        assert len(result) > 20
        return
    assert all(len(frame) for frame in result.tables.values())
    pictures(name, result)


@pytest.mark.parametrize(("number", "levels"), [(0, (0, 2)), (2, (2,))])
@pytest.mark.parametrize("name", NAMES)
def test_empty_layers_are_stated_and_break_nothing(
    name: str, number: int, levels: tuple[int, ...], given: Given
) -> None:
    """All tickets have lost a layer, so that nothing passes through them: beside whole networks, and by themselves."""
    chosen = [view for view in given.views if view.control == TICKET and view.level in levels]
    views = [emptied(view, number) if view.level else view for view in chosen]
    result = or_reason(name, given, views)
    if isinstance(result, str):
        assert len(result) > 20
        return
    assert all(len(frame) for frame in result.tables.values())
    for made in pictures(name, result).values():
        encode_figure(made, "png", dpi=30)


@pytest.mark.parametrize("name", NAMES)
def test_all_networks_may_be_empty(name: str, given: Given) -> None:
    views = [emptied(emptied(emptied(emptied(view, 0), 1), 2), 3) for view in given.views]
    result = or_reason(name, given, views)
    if isinstance(result, str):
        assert len(result) > 20
        return
    pictures(name, result)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_networks_does_not_change_values(name: str, given: Given, plain: dict[str, Result]) -> None:
    first, second = once(name, given, plain), analyse(name, given, given.views[::-1])
    assert set(first.tables) == set(second.tables)
    for table in set(first.tables) - FIRST_ONES.get(name, set()):
        a, b = numbers(first.tables[table]), numbers(second.tables[table])
        assert a.shape == b.shape, table
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9, err_msg=table)
