import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tombola.plots import density_axis


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def labels(axes: Axes) -> list[str]:
    return [axes.xaxis.get_major_formatter()(x) for x in axes.get_xticks()]


def test_axis_as_the_reference_says(axes: Axes) -> None:
    """reference/playground.md section 10: log base 2, 7 ticks from 1, decimal labels, inverted, named Density."""
    density_axis(axes)
    assert axes.get_xscale() == "log"
    assert axes.get_xticks().tolist() == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625]
    assert labels(axes)[:4] == ["1", "0.5", "0.25", "0.125"]
    left, right = axes.get_xlim()
    assert left > 1 > 0.015625 > right
    assert axes.get_xlabel() == "Density"
    assert axes.xaxis.get_minorticklocs().tolist() == []


def test_setting_up_again_changes_nothing(axes: Axes) -> None:
    axes.plot([1, 0.5, 0.1], [1, 2, 3])
    density_axis(axes)
    before = (axes.get_xlim(), axes.get_xticks().tolist(), [line.get_visible() for line in axes.get_xgridlines()])
    density_axis(axes)
    density_axis(axes)
    after = (axes.get_xlim(), axes.get_xticks().tolist(), [line.get_visible() for line in axes.get_xgridlines()])
    assert before == after
    assert all(before[2])


def test_sparser_than_the_ticks_gets_more_ticks(axes: Axes) -> None:
    axes.plot([1, 0.003], [1, 2])
    density_axis(axes)
    assert min(axes.get_xticks()) <= 0.004
    assert axes.get_xlim()[1] < 0.003


def test_fewer_ticks_on_request(axes: Axes) -> None:
    density_axis(axes, ticks=3)
    assert axes.get_xticks().tolist() == [1, 0.5, 0.25]
