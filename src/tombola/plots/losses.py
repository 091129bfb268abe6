"""Training against validation: both losses of one level, and where the early stop lies."""

import numpy as np
from matplotlib.axes import Axes

from tombola.analysis import mean_and_errors, replicate_values
from tombola.plots.choice import chosen_controls, chosen_levels, known_densities
from tombola.plots.curves import curve
from tombola.plots.series import density_text
from tombola.plots.style import DENSE_COLOUR, GRID, RUN_COLOURS, STOP_STEP, TYPES, pin_zero, say
from tombola.store import Run
from tombola.store.folder import TICKET

MEASURES = ("train_loss", "val_loss")


def loss_curves(
    axes: Axes,
    run: Run,
    level: int,
    *,
    control: str = TICKET,
    first: int | None = None,
    force_zero: bool = True,
    legend: bool = True,
) -> None:
    """Draw the training and the validation loss of one level, with bands from the lowest to the highest replicate.

    The early stop, the smallest validation loss, is a vertical line at its mean over replicates.

    Parameters
    ----------
    axes
        Where to draw.
    run, level, control
        Whose losses; control ``"none"`` is the ticket.
    first
        Only the first so many records.
    force_zero
        Pin the lower end of the y axis to 0.
    legend
        False leaves the legend to the caller.
    """
    chosen_levels(run.spec, [level])
    if control != TICKET:
        chosen_controls(run.spec, [control])
    for measure, colour in zip(MEASURES, RUN_COLOURS, strict=False):
        steps, values = curve(run, level, measure, control=control, first=first)
        if len(steps):
            mean, below, above = mean_and_errors(values)
            axes.plot(steps, mean, color=colour, label=TYPES[measure], marker="." if len(steps) == 1 else "")
            axes.fill_between(steps, mean - below, mean + above, color=colour, alpha=0.2, linewidth=0)
    drawn = bool(axes.get_lines())
    stops = list(replicate_values(run.early_stop_table(), "early_stop_step", level=level, control=control).values())
    if drawn and stops:
        axes.axvline(float(np.mean(stops)), color=DENSE_COLOUR, linewidth=1, linestyle=(0, (1, 2)), label=STOP_STEP)
    name = density_text(known_densities(run)[level], level)
    named = name if name.startswith("level") else f"density {name}"
    axes.set_title(named + ("" if control == TICKET else f", {control}"))
    axes.set_xlabel("Iteration")
    axes.set_ylabel("Loss")
    axes.grid(True, **GRID)
    if not drawn:
        say(axes, "No training of this level is done.", 22)
        return
    if force_zero:
        pin_zero(axes)
    if legend:
        axes.legend()
