"""Draw the diagrams of how weights are counted: python docs/images/make_diagrams.py [FOLDER]."""

import sys
from pathlib import Path

from matplotlib.figure import Figure

from tombola.plots import save_figure
from tombola.plots.diagrams import draw_channel_order, draw_kernel_graphs, draw_runs


def main(folder: Path) -> None:
    """Draw all three diagrams into one picture."""
    figure = Figure(figsize=(9, 8.2), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(3, 2, 2.6))
    draw_channel_order(top)
    draw_runs(middle)
    draw_kernel_graphs(bottom)
    print(save_figure(figure, folder / "diagrams.svg"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
