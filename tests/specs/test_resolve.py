from pathlib import Path

import pytest

from tombola.errors import TombolaError
from tombola.specs import ExperimentSpec, preset_names, resolve
from tombola.specs.resolve import field_names, overlay


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_resolves(name: str) -> None:
    assert resolve(name).name == name


def test_order_is_preset_then_file_then_flags(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("train: {lr: 0.5, batch_size: 10}\nseed: 4\n")
    spec = resolve("lenet-mnist", file, {"train": {"lr": "0.25"}})
    assert (spec.train.lr, spec.train.batch_size, spec.seed) == (0.25, 10, 4)
    assert spec.network.linear == ("300", "100")


def test_a_file_may_name_its_base(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("base: tiny-cifar10\nname: mine\nprune: {levels: 7}\n")
    spec = resolve(file=file)
    assert (spec.name, spec.prune.levels, spec.train.lr) == ("mine", 7, 8e-4)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"train": {"lrr": 1}}, r"unknown field 'train.lrr' \(did you mean 'train.lr'\?\)"),
        ({"trian": {}}, r"unknown field 'trian'"),
        ({"train": {"lr": True}}, r"train.lr = True: True is a truth value"),
        ({"train": {"lr": "0"}}, r"train.lr = '0'"),
        ({"replicates": "0"}, r"replicates = '0'"),
        ({"replicates": 1.5}, r"replicates = 1.5"),
        ({"prune": {"linear_rate": 1}}, r"prune.linear_rate = 1"),
        ({"prune": {"linear_rate": "-0.1"}}, r"prune.linear_rate"),
        ({"prune": {"conv_rate": "nan"}}, r"prune.conv_rate"),
        ({"prune": {"rewind": "later"}}, r"rewind 'later' is neither 'init' nor 'step:K'"),
        ({"prune": {"levels": -1}}, r"prune.levels = -1"),
        ({"train": {"length": "5"}}, r"train.length = '5'.*'55ep'"),
        ({"train": {"length": "0ep"}}, r"at least one"),
        ({"train": {"steps": 5, "epochs": 2}}, r"train.steps and train.epochs"),
        ({"train": {"steps": "x"}}, r"train.steps = 'x'"),
        ({"train": {"schedule": {"kind": "steps"}}}, r"'steps' needs milestones"),
        ({"train": {"nesterov": "true"}}, r"nesterov needs momentum"),
        ({"train": {"optimiser": "lion"}}, r"train.optimiser = 'lion'"),
        ({"controls": ["reinit:0"]}, r"control 'reinit:0'"),
        ({"controls": ["reinit:2", "reinit"]}, r"named twice"),
        ({"network": {"conv": ["64", "m"]}}, r"token 'm' at position 2"),
        ({"name": "../x"}, r"name = '../x'"),
        ({"store": {"keep": "some"}}, r"store.keep = 'some'"),
    ],
)
def test_mistakes_are_one_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(TombolaError, match=sentence) as caught:
        resolve("lenet-mnist", changes=changes)
    assert "\n" not in str(caught.value)


def test_unknown_preset_suggests_the_nearest() -> None:
    with pytest.raises(TombolaError, match="did you mean 'lenet-mnist'"):
        resolve("lenet-minst")


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2\n", ""])
def test_unreadable_spec_files(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(TombolaError, match=r"bad.yaml"):
        resolve(file=file)
    with pytest.raises(TombolaError, match="cannot read the spec file"):
        resolve(file=tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("given", "length"),
    [({"steps": 50}, "50st"), ({"epochs": "3"}, "3ep"), ({"length": "7ep"}, "7ep"), ({}, "55ep")],
)
def test_length_has_three_spellings(given: dict[str, object], length: str) -> None:
    assert resolve("lenet-mnist", changes={"train": given}).train.length == length


def test_a_later_length_replaces_an_earlier_one_in_any_spelling(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("train: {steps: 9}\n")
    assert resolve("lenet-mnist", file).train.length == "9st"
    assert resolve("lenet-mnist", file, {"train": {"epochs": 2}}).train.length == "2ep"


def test_spellings_of_one_value_are_equal() -> None:
    as_text = resolve("conv2-cifar10", changes={"network": {"conv": "64 64 M", "linear": ["256", 256]}, "seed": "3"})
    assert as_text == resolve("conv2-cifar10", changes={"network": {"conv": [64, "64", "M"]}, "seed": 3})
    assert resolve("lenet-mnist", changes={"train": {"lr": "5e-4"}}).train.lr == 5e-4


def test_interval_without_unit_means_steps() -> None:
    assert resolve("lenet-mnist", changes={"train": {"record_every": 250}}).train.record_every == "250st"
    assert resolve("lenet-mnist", changes={"train": {"record_every": "2ep"}}).train.record_every == "2ep"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("no", False), (True, True)])
def test_booleans_parse_both_ways(text: object, value: bool) -> None:
    # field.md D7: any text counted as true
    assert resolve("lenet-mnist", changes={"train": {"test_curve": text}}).train.test_curve is value


def test_activation_follows_the_family_unless_given() -> None:
    assert resolve(changes={"network": {"family": "lenet"}}).network.activation == "tanh"
    assert resolve(changes={"network": {"family": "conv"}}).network.activation == "relu"
    assert resolve(changes={"network": {"family": "lenet", "activation": "relu"}}).network.activation == "relu"


def test_output_rate_is_half_the_linear_rate_unless_given() -> None:
    # playground.md 4.2
    assert resolve("lenet-mnist", changes={"prune": {"linear_rate": 0.1}}).prune.output_rate == 0.05
    assert resolve("lenet-mnist", changes={"prune": {"output_rate": 0.3}}).prune.output_rate == 0.3


def test_shorthand_for_the_engine() -> None:
    assert resolve(changes={"engine": "dense"}).engine.kind == "dense"


def test_overlay_keeps_what_is_not_overridden() -> None:
    assert overlay({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}


def test_specs_are_immutable_and_copies_are_validated() -> None:
    spec = ExperimentSpec()
    with pytest.raises(ValueError, match="frozen"):
        spec.seed = 1  # type: ignore[misc]
    assert spec.with_(prune={"levels": 9}).prune.levels == 9
    with pytest.raises(TombolaError, match=r"prune.levels = -9"):
        spec.with_(prune={"levels": -9})


def test_every_field_has_a_help_text() -> None:
    from tombola.specs.resolve import walk_fields

    assert [name for name, field, _ in walk_fields(ExperimentSpec) if not field.description] == []
    assert "train.schedule.kind" in field_names()


def test_a_changed_copy_is_told_off_in_one_sentence() -> None:
    with pytest.raises(TombolaError, match="levls"):
        resolve("lenet-digits").with_(prune={"levls": 1})
