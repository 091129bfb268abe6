"""The figure of explanation metrics against density."""

import numpy as np
import pandas as pd
import pytest

from tombola.explain.metrics import metrics
from tombola.explain.sanity import Finding
from tombola.explain.tables import level_table
from tombola.plots.explanations import explanation_figure
from tombola.plots.saving import encode_figure


def values(names: list[str], densities: dict[int, float], methods: tuple[str, ...] = ("grad-cam",)) -> pd.DataFrame:
    draws = np.random.default_rng(0)
    rows = [
        {
            "replicate": replicate,
            "level": level,
            "control": control,
            "repetition": 0,
            "condition": f"level {level}" if control == "none" else f"level {level}, {control}",
            "density": density,
            "method": method,
            "image": image,
            "metric": name,
            "value": draws.random() if method == "grad-cam" else 0.1,
        }
        for method in methods
        for name in names
        for level, density in densities.items()
        for control in (("none", "random-pruning") if level and method == "grad-cam" else ("none",))
        for replicate in range(2)
        for image in range(4)
    ]
    return pd.DataFrame(rows)


def test_a_panel_per_metric_with_lines_for_tickets_controls_and_baselines() -> None:
    frame = pd.concat(
        [
            values(["road", "gini"], {0: 1.0, 1: 0.25, 2: 0.03}),
            values(["road", "gini"], {0: 1.0}, ("constant",)),
            values(["road", "gini"], {0: 1.0, 1: 0.25, 2: 0.03}, ("random",)),
        ]
    )
    figure = explanation_figure(level_table(frame), "grad-cam of a run")
    assert [axes.get_title() for axes in figure.axes] == ["road", "gini"]  # family by family
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(labels) == ["constant (dense)", "grad-cam", "grad-cam, random-pruning", "random"]
    road, gini = figure.axes
    assert "is better" in road.get_ylabel()
    assert gini.get_ylabel() == ""
    assert len(gini.get_legend_handles_labels()[1]) == 2  # shapes of baselines have scales of their own
    mean = (
        level_table(frame).query("metric == 'road' and condition == 'level 1' and method == 'grad-cam'")["mean"].iloc[0]
    )
    ticket = next(container for container in road.containers if container.get_label() == "grad-cam")
    assert ticket.lines[0].get_ydata()[1] == pytest.approx(mean)
    assert figure.get_suptitle() == "grad-cam of a run"


def test_a_failing_method_is_marked() -> None:
    failed = [Finding("weights", "grad-cam", 0.9, 0.5, {"all": 0.9}, 1, 16)]
    table = level_table(values(["road"], {0: 1.0, 1: 0.5}), failed)
    assert set(table.sanity) == {"fails: weights"}
    assert explanation_figure(table, "grad-cam").get_suptitle() == "grad-cam (fails: weights)"


@pytest.mark.parametrize(
    "frame",
    [
        values(["road"], {0: 1.0}).assign(value=np.nan),
        values(["road"], {0: 1.0}).head(1),
        values(["road"], {0: 1.0, 1: 0.0}),
        values(list(metrics), {0: 1.0, 1: 1e-5}).query("image == 0"),
    ],
    ids=["nothing known", "one value", "nothing left", "one image"],
)
def test_degenerate_tables_are_drawn_too(frame: pd.DataFrame) -> None:
    figure = explanation_figure(level_table(frame), "grad-cam")
    assert encode_figure(figure, "svg").startswith(b"<?xml")
