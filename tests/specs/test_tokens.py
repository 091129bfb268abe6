from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tombola.errors import TombolaError
from tombola.specs import Length, resolve
from tombola.specs.tokens import exact


@pytest.mark.parametrize("token", ["0", "-1", "064", "2BB", "64b", "m", "a", "1.5", " 64", "+64", "", "True"])
def test_wrong_plan_tokens_name_token_and_position(token: str) -> None:
    # playground.md 1.4
    with pytest.raises(TombolaError, match="position 2"):
        resolve(changes={"network": {"conv": ["64", token]}})


@pytest.mark.parametrize("token", [True, False, 1.5, 0, -3])
def test_wrong_plan_values(token: object) -> None:
    with pytest.raises(TombolaError, match="position 1"):
        resolve(changes={"network": {"conv": [token]}})
    with pytest.raises(TombolaError, match="position 1"):
        resolve(changes={"network": {"linear": [token]}})


def test_linear_plans_take_units_only() -> None:
    with pytest.raises(TombolaError, match="token 'M' at position 2"):
        resolve(changes={"network": {"linear": [300, "M"]}})


@given(
    st.lists(
        st.one_of(st.integers(1, 2000).map(str), st.integers(1, 2000).map(lambda n: f"{n}B"), st.sampled_from("MA"))
    )
)
def test_valid_plans_survive_unchanged(plan: list[str]) -> None:
    assert resolve(changes={"network": {"conv": plan}}).network.conv == tuple(plan)
    assert resolve(changes={"network": {"conv": " ".join(plan)}}).network.conv == tuple(plan)


def test_exact_rates_are_the_decimals_they_are_written_as() -> None:
    assert exact(0.2) == Fraction(1, 5)
    assert exact(0.15) * 20 == 3
    assert exact(0.1 + 0.2) != Fraction(3, 10)


@pytest.mark.parametrize("text", ["", "5", "ep", "5 ep", "-5ep", "5.5ep", "5epochs"])
def test_wrong_lengths(text: str) -> None:
    with pytest.raises(ValueError, match="no length"):
        Length.parse(text)


def test_lengths_convert_to_steps() -> None:
    # playground.md section 2: 55 epochs of 916 batches
    assert Length.parse("55ep").steps(916) == 50380
    assert Length.parse("20000st").steps(750) == 20000
    assert str(Length.parse("7ep")) == "7ep"
