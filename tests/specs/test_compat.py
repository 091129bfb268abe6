"""`compat`: plain values of named fields, set together, on record (playground reference, section 15)."""

from pathlib import Path
from typing import Any

import pytest

from tombola.errors import TombolaError
from tombola.specs import ExperimentSpec, resolve
from tombola.specs.keys import job_key, run_key

SWITCH = {"compat": "playground-2022"}


def legacy(spec: ExperimentSpec) -> tuple[object, ...]:
    prune, train = spec.prune, spec.train
    return prune.reset, prune.control_init, prune.counts, train.validation_loss, train.test_curve


def test_the_switch_sets_every_legacy_option() -> None:
    iterative = resolve("lenet-mnist", changes=SWITCH)
    assert legacy(iterative) == ("weights-only", "weights-only", "iterated", "batch-mean", True)
    one_shot = resolve("osp-lenet-mnist", changes=SWITCH)
    assert legacy(one_shot) == ("weights-only", "weights-only", "legacy-half-rate", "batch-mean", True)
    assert iterative.resolved()["compat"] == "playground-2022"
    assert legacy(resolve("lenet-mnist")) == ("full", "full", "iterated", "sample-mean", True)


def test_it_works_wherever_a_spec_is_made(tmp_path: Path) -> None:
    wanted = legacy(resolve("lenet-mnist", changes=SWITCH))
    file = tmp_path / "mine.yaml"
    file.write_text("base: lenet-mnist\ncompat: playground-2022\n")
    assert legacy(resolve(file=file)) == wanted
    assert legacy(ExperimentSpec(compat="playground-2022")) == wanted
    assert legacy(resolve("lenet-mnist").with_(compat="playground-2022")) == wanted
    again = resolve("lenet-mnist", changes=SWITCH)
    assert resolve(changes=again.resolved()) == again
    assert again.with_(replicates=7).compat == "playground-2022"


def test_it_overrides_the_preset_below_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("base: lenet-mnist\ntrain: {test_curve: false}\nprune: {reset: full}\n")
    spec = resolve(file=file, changes=SWITCH)
    assert (spec.train.test_curve, spec.prune.reset) == (True, "weights-only")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"prune": {"reset": "full"}}, r"stands for prune.reset = 'weights-only', and 'full' is given; leave one"),
        ({"train": {"test_curve": "false"}}, r"stands for train.test_curve = True, and False is given"),
        ({"prune": {"procedure": "one-shot", "counts": "iterated"}}, r"prune.counts = 'legacy-half-rate'"),
        ({"prune": {"rewind": "lr"}}, r"reset 'weights-only' means nothing"),
    ],
)
def test_a_flag_that_says_otherwise_is_a_conflict(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TombolaError, match=sentence):
        resolve("lenet-mnist", changes=SWITCH | changes)
    with pytest.raises(TombolaError, match=r"compat = 'playground'"):
        resolve("lenet-mnist", changes={"compat": "playground"})


def test_jobs_depend_on_the_fields_alone() -> None:
    switched = resolve("lenet-mnist", changes=SWITCH)
    spelled = ExperimentSpec.model_validate(switched.resolved() | {"compat": "none"})
    for parent, level in ((None, None), ("p", 2)):
        key = job_key(switched, parent, replicate=0, level=level)
        assert key == job_key(spelled, parent, replicate=0, level=level)
    assert run_key(switched) != run_key(spelled)
    assert run_key(spelled) != run_key(resolve("lenet-mnist"))
