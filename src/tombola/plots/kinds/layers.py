"""Kinds that show weights: kernels of a convolution, matrices of linear layers, histograms of survivors."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from tombola.errors import TombolaError
from tombola.plots.choice import check_network, chosen_levels, single_run
from tombola.plots.kernels import COLUMNS, draw_kernels
from tombola.plots.kinds.curves import evenly
from tombola.plots.kinds.registry import plot_kinds
from tombola.plots.legends import level_key
from tombola.plots.matrices import draw_matrices
from tombola.plots.style import say
from tombola.plots.survivors import survivor_histogram
from tombola.plots.weights import Weights, check_state, chosen_layer, stored_weights
from tombola.store import Run
from tombola.store.folder import TICKET
from tombola.store.tickets import StateName

LINEAR = ("linear", "output")
HISTOGRAM_LEVELS = 5


@plot_kinds.register("kernels")
def kernels(
    figure: Figure,
    runs: Sequence[Run],
    *,
    level: int | None = None,
    replicate: int = 0,
    state: StateName = "trained",
    control: str = TICKET,
    repetition: int = 0,
    layer: str | None = None,
    columns: int = COLUMNS,
) -> None:
    """Kernels of a convolution (the first, or --layer), a picture per kernel and channel, pruned ones black."""
    found = _network(single_run(runs), level, replicate, state, control, repetition)
    if isinstance(found, str):
        return _say(figure, found)
    layers, title = found
    chosen = chosen_layer(layers, layer, ("conv",))
    if chosen is None:
        return _say(figure, "This network has no convolution that is pruned; `matrices` shows its linear layers.")
    names = [weights.name.removesuffix(".weight") for weights in layers if weights.kind == "conv"]
    name = chosen.name.removesuffix(".weight")
    place = f"{name} ({names.index(name) + 1} of {len(names)})" if len(names) > 1 else name
    draw_kernels(figure, chosen, columns=columns, title=f"{place}, density {chosen.density:.4f}: {title}")
    return None


@plot_kinds.register("matrices")
def matrices(
    figure: Figure,
    runs: Sequence[Run],
    *,
    level: int | None = None,
    replicate: int = 0,
    state: StateName = "trained",
    control: str = TICKET,
    repetition: int = 0,
    layer: str | None = None,
) -> None:
    """Weight matrices of the linear layers (or one --layer), output layer included, pruned weights black."""
    found = _network(single_run(runs), level, replicate, state, control, repetition)
    if isinstance(found, str):
        return _say(figure, found)
    layers, title = found
    one = chosen_layer(layers, layer, LINEAR) if layer else None
    draw_matrices(figure, [one] if one else [weights for weights in layers if weights.kind in LINEAR], title=title)
    return None


@plot_kinds.register("histograms")
def histograms(
    figure: Figure,
    runs: Sequence[Run],
    *,
    levels: Sequence[int] | None = None,
    replicate: int = 0,
    state: StateName = "trained",
    control: str = TICKET,
    repetition: int = 0,
    layer: str | None = None,
) -> None:
    """Histograms of the surviving weights, a panel per layer, an outline per level."""
    run = single_run(runs)
    check_network(run.spec, replicate, control, repetition)
    check_state(state)
    networks: dict[int, tuple[Weights, ...]] = {}
    reasons = []
    for at in chosen_levels(run.spec, levels):
        if control == TICKET or at > 0:
            try:
                networks[at] = stored_weights(run, replicate, at, state, control=control, repetition=repetition)
            except TombolaError as error:
                reasons.append(error)
    if not networks and levels is not None and reasons:
        raise reasons[0]
    shown = list(networks) if levels is not None else evenly(list(networks), HISTOGRAM_LEVELS)
    names = [weights.name for weights in next(iter(networks.values()), ())]
    if not names:
        return _say(figure, str(reasons[0]) if reasons else "There are no weights to count.")
    if layer is not None:
        names = [chosen_layer(networks[shown[0]], layer, ("conv", *LINEAR)).name]  # type: ignore[union-attr]
    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    figure.set_size_inches(max(4.0 * columns, 5.5), 3.2 * rows + 0.4)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, name in zip(grid, names, strict=False):
        layers = {at: next(weights for weights in networks[at] if weights.name == name) for at in shown}
        survivor_histogram(axes, layers, depth=run.spec.prune.levels, legend=False)
    for axes in grid[len(names) :]:
        axes.axis("off")
    level_key(figure, {at: network_density(networks[at]) for at in shown}, run.spec.prune.levels)
    left_out = "" if len(shown) == len(networks) else f" ({len(shown)} of {len(networks)} levels)"
    figure.suptitle(f"Surviving weights: {describe(run, replicate, state, control, repetition)}{left_out}")
    return None


def network_density(layers: Sequence[Weights]) -> float:
    """Return the density over all layers."""
    size = sum(weights.values.size for weights in layers)
    return sum(weights.remaining for weights in layers) / size if size else 1.0


def describe(run: Run, replicate: int, state: str, control: str, repetition: int) -> str:
    """Return which network a picture shows, its level left out."""
    whose = "" if control == TICKET else f", {control} {repetition}"
    return f"{run.spec.name}, replicate {replicate}{whose}, {state.replace('_', ' ')} weights"


def _network(
    run: Run, level: int | None, replicate: int, state: StateName, control: str, repetition: int
) -> tuple[tuple[Weights, ...], str] | str:
    """Return the layers and a title, of the sparsest level that was kept unless one is named; or why there is none."""
    check_network(run.spec, replicate, control, repetition)
    check_state(state)
    last, reason = run.spec.prune.levels, ""
    wished = chosen_levels(run.spec, [level]) if level is not None else range(last, 0 if control != TICKET else -1, -1)
    for at in wished:
        try:
            layers = stored_weights(run, replicate, at, state, control=control, repetition=repetition)
        except TombolaError as error:
            if level is not None:
                raise
            reason = reason or str(error)
        else:
            return layers, f"{describe(run, replicate, state, control, repetition)}, level {at}"
    return reason or "The dense network has no controls."


def _say(figure: Figure, text: str) -> None:
    axes = figure.subplots()
    axes.axis("off")
    say(axes, text)
