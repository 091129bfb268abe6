"""Draw the README's picture from a run: python docs/images/make_readme_figure.py RUN."""

import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

import tombola
from tombola.plots import accuracy_at_early_stop, early_stop_step


def main(path: str) -> None:
    """Draw both panels of the README's picture."""
    run = tombola.open_run(path)
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    accuracy_at_early_stop(left, run, spread="minmax")
    early_stop_step(right, run, spread="minmax")
    with mpl.rc_context({"svg.hashsalt": "tombola", "svg.fonttype": "path"}):
        target = Path(__file__).with_name("lenet-mnist-5k.svg")
        figure.savefig(target, metadata={"Date": None}, facecolor="white")


if __name__ == "__main__":
    main(sys.argv[1])
