"""Pruning's own part of a spec: what goes together, what does not, and what leaves keys as they were."""

from pathlib import Path
from typing import Any

import pytest

from tombola.errors import TombolaError
from tombola.specs import PruneSpec, resolve
from tombola.specs.keys import job_key, run_key

BASE = resolve("lenet-mnist")


@pytest.mark.parametrize(
    ("given", "kept", "step", "rewinds"),
    [
        ("init", "init", 0, True),
        (" Init ", "init", 0, True),
        ("step:0", "init", 0, True),
        ("STEP:007", "step:7", 7, True),
        ("lr", "lr", 0, False),
        ("None", "none", 0, False),
    ],
)
def test_rewinds_have_one_spelling(given: str, kept: str, step: int, rewinds: bool) -> None:
    prune = PruneSpec(rewind=given)
    assert (prune.rewind, prune.rewind_step, prune.rewinds) == (kept, step, rewinds)


@pytest.mark.parametrize(
    ("prune", "sentence"),
    [
        ({"rewind": "step:-1"}, r"'step:-1' is neither 'init' nor 'step:K'.*'lr', nor 'none'"),
        ({"rewind": "lr", "reset": "weights-only"}, r"rewind 'lr' leaves everything as trained, so reset"),
        ({"procedure": "dense", "levels": 2}, r"'dense' trains level 0 only and levels = 2 is given; leave prune"),
        ({"counts": "legacy-half-rate"}, r"needs procedure one-shot, and it is 'iterative'"),
        (
            {"counts": "legacy-half-rate", "procedure": "one-shot", "allocation": "global"},
            r"needs allocation layerwise, and it is 'global'",
        ),
        (
            {"counts": "legacy-half-rate", "procedure": "one-shot", "output_rate": 0.2},
            r"needs output_rate half of linear_rate, and it is 0.2",
        ),
        ({"counts": "legacy-half-rate", "procedure": "one-shot", "rounding": "floor"}, r"needs rounding ceil"),
        ({"pruned": "frozen"}, r"prune.pruned = 'frozen': Input should be 'zero', 'initial'"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(prune: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TombolaError, match=sentence) as caught:
        resolve("lenet-mnist", changes={"prune": prune})
    assert "\n" not in str(caught.value)


def test_dense_means_level_0_whatever_the_preset_says(tmp_path: Path) -> None:
    assert resolve("lenet-mnist", changes={"prune": {"procedure": "dense"}}).prune.levels == 0
    assert PruneSpec(procedure="dense").levels == 0
    file = tmp_path / "mine.yaml"
    file.write_text("base: lenet-mnist\nname: mine\nprune: {procedure: dense}\n")
    assert resolve(file=file).prune.levels == 0
    with pytest.raises(TombolaError, match="levels = 4 is given"):
        resolve(file=file, changes={"prune": {"levels": 4}})
    iterative = resolve(file=file, changes={"prune": {"procedure": "iterative", "levels": 4}})
    assert iterative.prune.levels == 4


@pytest.mark.parametrize("changes", [{"control_init": "weights-only"}, {"levels": 9}])
def test_what_only_controls_or_growth_go_by_leaves_tickets_alone(changes: dict[str, Any]) -> None:
    changed = resolve("lenet-mnist", changes={"prune": changes})
    for parent, level in ((None, None), ("p", 1)):
        assert job_key(changed, parent, replicate=0, level=level) == job_key(BASE, parent, replicate=0, level=level)
    same_controls = job_key(changed, "p", replicate=0, control="reinit") == job_key(
        BASE, "p", replicate=0, control="reinit"
    )
    assert same_controls == ("levels" in changes)
    assert (run_key(changed) == run_key(BASE)) == ("levels" in changes)


@pytest.mark.parametrize(
    "changes", [{"procedure": "one-shot"}, {"rewind": "lr"}, {"rewind": "none"}, {"pruned": "initial"}]
)
def test_what_changes_tickets_changes_their_keys_and_not_the_dense_one(changes: dict[str, Any]) -> None:
    changed = resolve("lenet-mnist", changes={"prune": changes})
    assert job_key(changed, None, replicate=0) == job_key(BASE, None, replicate=0)
    assert job_key(changed, "p", replicate=0, level=1) != job_key(BASE, "p", replicate=0, level=1)
