import pytest

from tombola.errors import TombolaError
from tombola.specs import ConvergeSpec, resolve
from tombola.specs.keys import job_key


def key(**converge: object) -> str:
    return job_key(resolve("lenet-digits", changes={"train": {"converge": converge}}), None, replicate=0)


def test_every_rule_has_its_own_delta() -> None:
    assert ConvergeSpec(rule="relative").delta == 0.01
    assert ConvergeSpec(rule="absolute").delta == 0.0
    assert ConvergeSpec().delta is None


def test_a_delta_that_is_said_or_not_is_the_same_experiment() -> None:
    assert key(rule="relative") == key(rule="relative", delta="0.01") != key(rule="relative", delta=0.02)
    assert key(rule="none") == key() != key(rule="absolute")


@pytest.mark.parametrize("field", [{"patience": 3}, {"delta": 0.1}, {"minimum": 2}, {"metric": "val_loss"}])
def test_settings_without_a_rule_are_refused(field: dict[str, object]) -> None:
    # B21: an ignored setting must not be logged as used
    with pytest.raises(TombolaError, match=f"{next(iter(field))}.* has no effect with rule 'none'"):
        key(**field)
