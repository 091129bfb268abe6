"""Study folders: whole or not at all, and read back as they were written."""

import csv
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tombola.errors import TombolaError
from tombola.study.design import GENUINE, SHUFFLED, Item, Material, Shown, Study, build, open_study, study_spec
from tombola.study.design.manifest import COLUMNS
from tombola.study.design.summary import effort
from tombola.study.design.synthetic import synthetic_study
from tombola.study.trial import TASKS


def tile(value: int) -> np.ndarray:
    return np.full((8, 8, 3), value, np.uint8)


def item(image: int, predicted: tuple[str, str] = ("cat", "cat")) -> Item:
    shown = {name: Shown(tile(image * 7 + i), predicted[i]) for i, name in enumerate(("a", "b"))}
    return Item(image, "cat", tile(200 + image), shown)


SPEC = study_spec({"conditions": ["a", "b"], "classes": ["cat", "dog"], "gold": 0, "repeats": 0, "practice": 0})


def test_material_that_makes_no_study_is_refused_and_nothing_appears(tmp_path: Path) -> None:
    cases = [
        (SPEC, Material(()), "no image to ask about"),
        (SPEC, Material((item(1), item(1))), "image 1 is in the study twice"),
        (SPEC, Material((item(1, ("cat", "dog")),)), "do not agree on the class"),
        (SPEC, Material((replace(item(1), image_class="cow"),)), "not among the study's classes"),
        (SPEC, Material((replace(item(1), shown={"a": Shown(tile(1), "cat")}),)), "no explanation by condition 'b'"),
        (SPEC.model_copy(update={"gold": 1}), Material((item(1),)), "gold = 1 needs as many images"),
        (SPEC.model_copy(update={"gold": 1}), Material((item(1),), (item(2),)), "lacks its 'genuine' explanation"),
    ]
    for spec, material, sentence in cases:
        with pytest.raises(TombolaError, match=sentence):
            build(tmp_path / "s", spec, material)
    assert list(tmp_path.iterdir()) == []


def test_a_study_is_never_written_over(tmp_path: Path) -> None:
    build(tmp_path / "s", SPEC, Material((item(1),)))
    with pytest.raises(TombolaError, match="exists already"):
        build(tmp_path / "s", SPEC, Material((item(1),)))


def test_texts_may_be_given_and_broken_ones_are_refused_before_the_folder_appears(tmp_path: Path) -> None:
    study = build(tmp_path / "s", SPEC, Material((item(1),)), texts={"consent.md": "---\nversion: 7\n---\nYes?"})
    assert (study.texts["consent"].version, study.texts["consent"].body) == ("7", "Yes?\n")
    with pytest.raises(TombolaError, match="has no version"):
        build(tmp_path / "t", SPEC, Material((item(1),)), texts={"quiz.md": "---\ntitle: x\n---\n"})
    assert not (tmp_path / "t").exists()


@pytest.fixture(scope="module", params=TASKS)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Study:
    return synthetic_study(tmp_path_factory.mktemp("built") / "s", request.param, classes=4, images_per_class=2)


def test_reading_back_gives_every_trial_a_truth_and_every_cell_two_variants(study: Study) -> None:
    again = open_study(study.path)
    assert again.trials == study.trials
    assert again.truth == study.truth
    assert set(study.trials) == set(study.truth)
    per_variant = 2 if study.spec.task == "forward-simulation" else 1
    assert len(study.cells) == 8 * 3
    for variants in study.cells.values():
        assert [len(variant) for variant in variants] == [per_variant] * 2


def test_manifest_has_a_row_per_picture_with_the_digest_of_its_file(study: Study) -> None:
    with study.manifest_file.open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == sum(len(trial.pictures) for trial in study.trials.values())
    for row in rows:
        file = study.public_folder / f"{row['public_id']}.png"
        assert row["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        truth = study.truth[row["trial"]]
        assert (row["image"], row["image_class"]) == (str(truth.image), truth.image_class)
        shown = {"left": truth.left, "right": truth.right, "original": ""}.get(row["role"], truth.condition)
        assert row["condition"] == shown
        assert (row["ticket"] != "") == (row["role"] != "original")


def test_the_right_answer_is_an_option_and_judged(study: Study) -> None:
    for name, trial in study.trials.items():
        truth, values = study.truth[name], [option.value for option in trial.options]
        assert len(set(values)) == len(values)
        assert set(truth.correct) <= set(values)
        if trial.kind == "main" and trial.task == "pairwise":
            assert truth.judge("left") is None
            assert (truth.winner("left"), truth.winner("right"), truth.winner("none")) == (
                truth.left,
                truth.right,
                "none",
            )
        else:
            assert truth.judge(truth.correct[0]) is True
            wrong = next(value for value in values if value not in truth.correct)
            assert truth.judge(wrong) is False
        if trial.kind in ("practice", "quiz"):
            assert truth.feedback


def test_effort_counts_what_participants_meet(study: Study) -> None:
    from tombola.study.assignment import assign

    found = effort(study)
    assert found.questions == max(len(assign(study, arrival)) for arrival in range(len(study.blocks)))
    assert found.participants == len(study.blocks) == 15
    per_unit = 2 if study.spec.task == "forward-simulation" else 1
    assert found.answers == 24 * 5 * per_unit == per_unit * 120


def test_recognition_offers_classes_and_not_knowing_last(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", "recognition", classes=10, images_per_class=1)
    trial = next(iter(study.trials.values()))
    assert len(trial.options) == 11
    assert (trial.options[-1].value, trial.options[-1].text) == ("none", "I don't know / none of the above")
    assert trial.heading == ""


def test_half_of_the_agreement_predictions_are_wrong(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", "agreement", classes=4, images_per_class=2)
    main = [truth for name, truth in study.truth.items() if study.trials[name].kind == "main"]
    assert sum(truth.correct == ("3", "4") for truth in main) * 2 == len(main)
    assert all((truth.predicted == truth.image_class) == (truth.correct == ("3", "4")) for truth in main)


def test_distinction_puts_the_right_one_in_every_place_equally_often(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", "distinction", classes=4, images_per_class=4)
    main = [truth for name, truth in study.truth.items() if study.trials[name].kind == "main"]
    for condition in study.spec.condition_names:
        places = [truth.correct[0] for truth in main if truth.condition == condition]
        assert {places.count(place) for place in "1234"} == {len(places) // 4}
    for truth in main:
        assert truth.candidates[int(truth.correct[0]) - 1] == truth.predicted
        assert len(set(truth.candidates)) == 4


def test_forward_simulation_asks_before_without_and_after_with_the_explanation(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", "forward-simulation", classes=4, images_per_class=1)
    for variants in study.cells.values():
        for before, after in variants:
            assert [study.truth[name].phase for name in (before, after)] == ["before", "after"]
            assert [picture.role for picture in study.trials[before].pictures] == ["original"]
            assert [picture.role for picture in study.trials[after].pictures] == ["original", "map"]
            assert study.truth[before].correct == (study.truth[before].predicted,)


def test_gold_pairs_are_a_map_against_its_shuffle(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", classes=4, images_per_class=1)
    gold = [truth for name, truth in study.truth.items() if study.trials[name].kind == "gold"]
    assert {frozenset((truth.left, truth.right)) for truth in gold} == {frozenset((GENUINE, SHUFFLED))}
    assert all((truth.left == GENUINE) == (truth.correct == ("left",)) for truth in gold)
