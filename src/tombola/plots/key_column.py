"""The right column of a layer picture: colour bar, and a histogram of the survivors."""

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from tombola.plots.weight_colours import WEIGHT_MAP
from tombola.plots.weights import Weights

BINS = 30
HISTOGRAM_GREY = "#8a8f98"


def key_column(figure: Figure, bar: Axes, histogram: Axes, layer: Weights, norm: Normalize, size: float = 8.0) -> None:
    """Fill two axes side by side: a colour bar with its ticks on the left, and a horizontal histogram of survivors.

    Both share the scale of weights, pruned ones take no part.

    Parameters
    ----------
    figure
        The figure that holds both.
    bar, histogram
        Narrow axes, of equal height.
    layer
        Whose survivors are counted.
    norm
        The layer's colours.
    size
        Of the tick labels, in points.
    """
    colours = figure.colorbar(ScalarMappable(norm, WEIGHT_MAP), cax=bar, spacing="proportional")
    colours.ax.yaxis.set_ticks_position("left")
    low, high = float(norm.vmin or 0), float(norm.vmax or 0)
    near = 0.12 * (high - low)
    inner = [0.0] if low < -near and high > near else []
    colours.set_ticks(
        [low, *inner, high], labels=[f"{x:.2g}".replace("-", "\N{MINUS SIGN}") for x in (low, *inner, high)]
    )
    colours.ax.minorticks_off()
    colours.ax.tick_params(labelsize=size, length=2, pad=1)
    histogram.hist(layer.survivors, bins=BINS, range=(low, high), orientation="horizontal", color=HISTOGRAM_GREY)
    histogram.set_ylim(low, high)
    histogram.axis("off")
