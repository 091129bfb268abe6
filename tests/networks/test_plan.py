"""The plan language (playground reference, section 1)."""

import pytest

from tombola.errors import TombolaError
from tombola.networks import plan_network
from tombola.networks.plan import Convolution, Grid, Linear, Pooling
from tombola.specs import NetworkSpec


def layout(conv=(), linear=(), shape=(1, 28, 28), classes=10, **fields):
    return plan_network(NetworkSpec.model_construct(conv=tuple(conv), linear=tuple(linear), **fields), shape, classes)


def test_tokens_become_layers_in_order():
    plan = layout(["8", "16B", "M", "4", "A"], ["30"], (3, 32, 32), 7)
    assert plan.conv == (
        Convolution(3, 8, False),
        Convolution(8, 16, True),
        Pooling("max"),
        Convolution(16, 4, False),
        Pooling("average"),
    )
    assert plan.map_shape == (4, 8, 8)
    assert plan.linear == (Linear(256, 30),)
    assert plan.output == Linear(30, 7)


def test_both_plans_empty_leave_one_linear_layer():
    plan = layout()
    assert (plan.conv, plan.linear, plan.output) == ((), (), Linear(784, 10))


def test_pooling_floors_odd_maps():
    """Section 1.6, defect B8: 28 -> 14 -> 7 -> 3, not 784 / 64."""
    assert layout(["M"]).map_shape == (1, 14, 14)
    assert layout(["M", "A"]).map_shape == (1, 7, 7)
    assert layout(["5", "M", "M", "M"]).map_shape == (5, 3, 3)
    assert layout(["M", "M", "M", "M"]).map_shape == (1, 1, 1)
    assert layout(["M"], shape=(2, 5, 9)).map_shape == (2, 2, 4)


def test_pooling_below_one_pixel_is_refused_naming_token_and_position():
    with pytest.raises(TombolaError, match=r"token 'A' at position 6 .*1x1"):
        layout(["4", "M", "M", "M", "M", "A"])


def test_one_side_running_out_is_enough():
    with pytest.raises(TombolaError, match=r"token 'M' at position 1 pools a 1x9 map"):
        layout(["M"], shape=(1, 1, 9))


def test_grids_set_the_side_of_the_map():
    plan = layout(["8", "P7", "G"], shape=(3, 10, 21))
    assert plan.conv == (Convolution(3, 8, False), Grid(7, 10, 21), Grid(1, 7, 7))
    assert plan.map_shape == (8, 1, 1)
    assert plan.output.inputs == 8
    assert layout(["P12"], shape=(2, 3, 4)).map_shape == (2, 12, 12)  # cells may be smaller than pixels
    assert layout(["G", "4"], shape=(2, 3, 4)).conv == (Grid(1, 3, 4), Convolution(2, 4, False))
    with pytest.raises(TombolaError, match="token 'M' at position 2 pools a 1x1 map"):
        layout(["G", "M"])


@pytest.mark.parametrize(
    ("bias", "expected"), [("all", (True, True)), ("hidden", (True, False)), ("none", (False,) * 2)]
)
def test_biases_of_hidden_layers_and_of_the_output(bias, expected):
    plan = layout(["8", "4B"], ["30", "20"], bias=bias)
    assert {layer.bias for layer in (*plan.conv, *plan.linear)} == {expected[0]}
    assert plan.output.bias is expected[1]


def test_dropout_is_part_of_the_plan():
    assert layout().dropout == 0
    assert layout(dropout=0.5).dropout == 0.5


WRONG = [
    "0",
    "-3",
    "064",
    "2BB",
    "b",
    "m",
    "a",
    "3b",
    "1.5",
    "True",
    " 8",
    "8 ",
    "+8",
    "",
    "B",
    "MA",
    "\u0663",
    "g",
    "p7",
    "P",
    "P0",
    "P07",
    "G7",
    "GB",
    "P7B",
    "A7",
]


@pytest.mark.parametrize("token", WRONG)
def test_wrong_conv_tokens_name_token_and_position(token):
    with pytest.raises(TombolaError) as error:
        layout(["8", token])
    assert f"token '{token}' at position 2" in str(error.value)


@pytest.mark.parametrize("token", [*WRONG, "M", "A", "8B"])
def test_wrong_linear_tokens_name_token_and_position(token):
    with pytest.raises(TombolaError) as error:
        layout([], ["30", "20", token])
    assert f"token '{token}' at position 3" in str(error.value)


@pytest.mark.parametrize("token", [True, 2.0, 0, -1])
def test_wrong_types_are_refused(token):
    with pytest.raises(TombolaError, match="position 1"):
        layout([token])
    with pytest.raises(TombolaError, match="position 1"):
        layout([], [token])


def test_integers_and_text_mean_the_same():
    assert NetworkSpec(conv=(64, "M"), linear=(30,)) == NetworkSpec(conv=("64", "M"), linear=("30",))
    assert layout([64, "M"], [30]) == layout(["64", "M"], ["30"])


@pytest.mark.parametrize(("shape", "classes"), [((0, 28, 28), 10), ((1, 28, 0), 10), ((1, 28, 28), 0)])
def test_empty_inputs_and_outputs_are_refused(shape, classes):
    with pytest.raises(TombolaError, match="at least one"):
        layout(shape=shape, classes=classes)
