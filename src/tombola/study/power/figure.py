"""The power curve: what more answers buy, and what taking them as independent would promise."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from tombola.plots.style import GRID, RUN_COLOURS, SOFT_INK
from tombola.study.power.population import Population


def power_figure(curve: pd.DataFrame, population: Population, power: float) -> Figure:
    """Return power against answers.

    Parameters
    ----------
    curve
        As `tombola.study.power.tables.curve_table` returns it.
    population
        Who votes how.
    power
        The power that is wanted: a horizontal line.
    """
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(curve.answers, curve.power, color=RUN_COLOURS[0], label="two-way clustered, by formula")
    if (curve.naive_power - curve.power).abs().max() > 1e-3:
        axes.plot(
            curve.answers, curve.naive_power, ":", color=RUN_COLOURS[1], label="if all votes were independent (not so)"
        )
    made = curve.dropna(subset=["simulated_power"])
    if len(made):
        axes.errorbar(
            made.answers,
            made.simulated_power,
            1.96 * made.monte_carlo_se,
            fmt="o",
            markersize=4,
            capsize=2,
            color=RUN_COLOURS[2],
            label="simulated (95 % Monte-Carlo interval)",
        )
    axes.axhline(power, color=SOFT_INK, linewidth=0.8, linestyle="--")
    axes.annotate(
        f"{power:.0%}", (1, power), (-3, 3), xycoords=("axes fraction", "data"), textcoords="offset points",
        ha="right", color=SOFT_INK, fontsize="small",
    )  # fmt: skip
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.02)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("answers to collect, ties included")
    axes.set_ylabel("power")
    axes.set_title(
        f"Telling a share of {population.share:g} from ½\nties {population.ties:.0%}, "
        f"worker sd {population.worker_sd:.2g}, image sd {population.image_sd:.2g}",
        fontsize="medium",
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(**GRID)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize="x-small")
    return figure
