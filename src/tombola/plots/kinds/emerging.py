"""The kind that shows a ticket emerging, still and animated."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from PIL import Image

from tombola.plots.animation import emerging_frames
from tombola.plots.choice import check_network, chosen_levels, single_run
from tombola.plots.emergence import Emergence, emergence
from tombola.plots.emerging import PANELS, draw_emerging
from tombola.plots.kinds.registry import animations, plot_kinds
from tombola.plots.weights import check_state
from tombola.store import Run
from tombola.store.folder import TICKET
from tombola.store.tickets import StateName


@plot_kinds.register("emerging")
def emerging(
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
    """A ticket emerging: the first layer (or --layer) level by level; as .gif or .webp an animation."""
    shown, title = _shown(single_run(runs), levels, replicate, state, control, repetition, layer)
    draw_emerging(figure, shown, title=title, panels=PANELS if levels is None else len(levels))


@animations.register("emerging")
def emerging_animation(
    runs: Sequence[Run],
    *,
    levels: Sequence[int] | None = None,
    replicate: int = 0,
    state: StateName = "trained",
    control: str = TICKET,
    repetition: int = 0,
    layer: str | None = None,
) -> list[Image.Image]:
    """Return a frame per level."""
    shown, title = _shown(single_run(runs), levels, replicate, state, control, repetition, layer)
    return emerging_frames(shown, title=title)


def _shown(
    run: Run,
    levels: Sequence[int] | None,
    replicate: int,
    state: StateName,
    control: str,
    repetition: int,
    layer: str | None,
) -> tuple[Emergence, str]:
    check_network(run.spec, replicate, control, repetition)
    check_state(state)
    chosen = chosen_levels(run.spec, levels)
    shown = emergence(
        run, chosen, replicate=replicate, state=state, control=control, repetition=repetition, layer=layer
    )
    whose = "A ticket" if control == TICKET else f"A {control} control"
    return shown, f"{whose} emerging: {run.spec.name}, replicate {replicate}"
