"""Section 12.3, requirement R9: changed design, changed code and early data are each refused."""

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tombola.errors import TombolaError
from tombola.study.answers import answers_frame
from tombola.study.design import Study, open_study, synthetic_study
from tombola.study.lock import (
    add_deviation,
    canonical,
    check_lock,
    code_digest,
    read_deviations,
    read_preregistration,
    write_lock,
)
from tombola.study.lock import lock as locking
from tombola.study.lock import parts as locked
from tombola.study.trial import TASKS


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return synthetic_study(tmp_path / "s", classes=3, images_per_class=1, raters=2, cap=4, repeats=1, gold=1)


def answers(*times: str | None) -> pd.DataFrame:
    row = {
        "batch": "main",
        "participant": "p",
        "task": "recognition",
        "kind": "main",
        "answer": "circle",
        "condition": "a",
        "image": 1,
    }
    return answers_frame([{**row, "trial": f"{n:032x}", "at": at} for n, at in enumerate(times)])


def test_a_locked_study_with_later_answers_is_confirmatory(study: Study) -> None:
    status = write_lock(study)
    assert status.confirmatory
    assert re.fullmatch("[0-9a-f]{64}", status.digest)
    later = check_lock(study, answers("2999-01-01T00:00:00+00:00", "2999-01-01T00:00:00.5Z"))
    assert later.confirmatory
    assert later.digest == status.digest
    later.demand()


def test_without_a_lock_everything_is_exploratory(study: Study) -> None:
    status = check_lock(study)
    assert not status.locked
    assert not status.confirmatory
    with pytest.raises(TombolaError, match="confirmatory analysis is refused: the study is not locked"):
        status.demand()


def test_a_lock_is_written_once_and_cannot_be_opened_for_writing(study: Study) -> None:
    write_lock(study)
    before = study.lock_file.read_bytes()
    with pytest.raises(TombolaError, match="locked already"):
        write_lock(study)
    assert study.lock_file.read_bytes() == before
    assert stat.S_IMODE(study.lock_file.stat().st_mode) == 0o444


def edited(name: str, old: str, new: str) -> Callable[[Study], None]:
    def edit(study: Study) -> None:
        file = study.path / name
        content = file.read_text()
        assert old in content
        file.write_text(content.replace(old, new, 1))

    return edit


def other_picture(study: Study) -> None:
    first, second, *_ = sorted(study.public_folder.iterdir())
    first.write_bytes(second.read_bytes())


CHANGES: dict[str, tuple[Callable[[Study], None], str]] = {
    "design": (edited("study.yaml", "raters: 2", "raters: 3"), "design"),
    "hypotheses": (edited("preregistration.yaml", "differs from", "is above"), "hypotheses"),
    "margin": (edited("preregistration.yaml", "margins: {}", "margins: {share a v b: 0.05}"), "margins"),
    "family": (edited("preregistration.yaml", "preference:", "main:"), "families"),
    "alpha": (edited("preregistration.yaml", "alpha: 0.05", "alpha: 0.1"), "alpha"),
    "stopping": (edited("preregistration.yaml", "every cell has 2", "most cells have 2"), "stopping rule"),
    "exclusion": (edited("preregistration.yaml", "No answer is", "Slow answers are"), "exclusions"),
    "wording": (edited("texts/instructions.md", "reasonably", "nicely"), "texts"),
    "manifest": (edited("key/manifest.csv", "circle", "square"), "stimuli manifest"),
    "key": (edited("key/trials.jsonl", "nonpruned", "2pruned"), "assignment"),
    "picture": (other_picture, "pictures"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_any_part_that_changed_is_refused_and_named(study: Study, what: str) -> None:
    write_lock(study)
    change, name = CHANGES[what]
    change(study)
    status = check_lock(open_study(study.path))
    assert f"{name} changed since the lock" in status.problems
    with pytest.raises(TombolaError, match="refused"):
        status.demand()


def test_changed_analysis_code_is_refused(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lock(study)
    monkeypatch.setattr(locked, "code_digest", lambda: code_digest(("tombola.study.statistics",)))
    assert check_lock(study).problems == ("analysis code changed since the lock",)


def test_the_code_digest_is_over_names_and_content_of_all_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "examined"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "one.py", "inner/__init__.py"):
        (package / name).write_text(f"# {name}\n")
    monkeypatch.syspath_prepend(tmp_path)
    first = code_digest(("examined",))
    (package / "one.py").write_bytes(b"# one.py\r\n")
    assert code_digest(("examined",)) == first, "line ends are not code"
    (package / "notes.txt").write_text("no code")
    assert code_digest(("examined",)) == first
    (package / "inner" / "__init__.py").write_text("# changed\n")
    second = code_digest(("examined",))
    (package / "one.py").rename(package / "two.py")
    assert len({first, second, code_digest(("examined",))}) == 3


def test_early_answers_are_refused(study: Study) -> None:
    at = write_lock(study).at
    assert check_lock(study, answers(at)).confirmatory, "at the very moment is not before"
    for early in ("2000-01-01T00:00:00+00:00", "2999-01-01T00:00:00"):
        assert check_lock(study, answers(at, early)).problems == (
            "1 answers came before the lock, or do not say in which time zone",
        )
    assert "no time" in check_lock(study, answers(at, None)).problems[0]
    with pytest.raises(TombolaError, match="no ISO time"):
        check_lock(study, answers("yesterday"))


def test_an_edited_or_damaged_lock_is_noticed(study: Study) -> None:
    write_lock(study)
    content = json.loads(study.lock_file.read_text())
    study.lock_file.chmod(0o644)
    content["parts"]["alpha"] = 0.5
    study.lock_file.write_text(json.dumps(content))
    problems = check_lock(study).problems
    assert "lock.json was edited: its content does not have its digest" in problems
    assert "alpha changed since the lock" in problems
    study.lock_file.write_text("{}")
    assert check_lock(study).problems == ("lock.json is damaged",)


def test_an_open_preregistration_cannot_be_locked(study: Study) -> None:
    edited(
        "preregistration.yaml", "stopping_rule: Collecting ends when every cell has 2 answers.", "stopping_rule: ''"
    )(study)
    with pytest.raises(TombolaError, match="leaves stopping_rule open"):
        write_lock(study)
    assert not study.lock_file.exists()
    edited("preregistration.yaml", "hypotheses:", "hypothesis:")(study)
    with pytest.raises(TombolaError, match="unknown field 'hypothesis'"):
        read_preregistration(study.path)


def test_deviations_are_appended_with_reason_and_shown(study: Study) -> None:
    with pytest.raises(TombolaError, match="not locked"):
        add_deviation(study, "x")
    write_lock(study)
    with pytest.raises(TombolaError, match="and why"):
        add_deviation(study, "  ")
    for reason in ("the server was down on Monday", "drei Zeilen\nund ein ü"):
        add_deviation(study, reason)
    status = check_lock(study)
    assert [deviation.reason for deviation in status.deviations] == [
        "the server was down on Monday",
        "drei Zeilen\nund ein ü",
    ]
    assert status.confirmatory, "a logged deviation alone changes no part"


@pytest.mark.parametrize("edit", ["change", "remove", "insert"])
def test_an_edited_deviation_log_is_noticed(study: Study, edit: str) -> None:
    write_lock(study)
    for reason in ("one", "two", "three"):
        add_deviation(study, reason)
    file = study.path / "deviations.jsonl"
    lines = file.read_text().splitlines()
    changed = {
        "change": [lines[0].replace("one", "ONE"), *lines[1:]],
        "remove": lines[1:],
        "insert": [lines[0], lines[0], *lines[1:]],
    }[edit]
    file.write_text("\n".join(changed) + "\n")
    assert read_deviations(study)[1] is False
    assert "deviations.jsonl was edited" in check_lock(study).problems
    with pytest.raises(TombolaError, match="was edited"):
        add_deviation(study, "four")


def test_canonical_json_does_not_depend_on_order_and_knows_no_nan() -> None:
    assert canonical({"b": [1, 2.5], "a": "ü"}) == canonical({"a": "ü", "b": [1, 2.5]}) == '{"a":"ü","b":[1,2.5]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


@pytest.mark.parametrize("task", TASKS)
def test_a_new_study_of_any_task_can_be_locked_as_it_is(task: str, tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", task, classes=4, images_per_class=1)
    assert write_lock(study).confirmatory
    families = read_preregistration(study.path).families
    assert len(next(iter(families.values()))) == 3


def test_two_who_lock_at_once_do_not_both_succeed(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    real = locking.locked_parts

    def meanwhile(one: Study) -> dict[str, object]:
        one.lock_file.write_text("somebody else's")
        return real(one)

    monkeypatch.setattr(locking, "locked_parts", meanwhile)
    with pytest.raises(TombolaError, match="at the same time"):
        write_lock(study)
    assert study.lock_file.read_text() == "somebody else's"
