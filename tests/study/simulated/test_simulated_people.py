"""Simulated participants are who they are said to be, and the analysis finds what was put in."""

import re

import numpy as np
import pandas as pd
import pytest

from tombola.cli.study_simulate import main
from tombola.errors import TombolaError
from tombola.study.answers import of_task, read_answers, validate
from tombola.study.assignment import verify_blocks
from tombola.study.design import synthetic_study
from tombola.study.design.truth import Truth
from tombola.study.power import Population
from tombola.study.power.population import vote_correlation
from tombola.study.simulated import Crowd, Participant, answer_in_memory
from tombola.study.simulated.recovery import recovery
from tombola.study.statistics import clustered_share, retest_agreement
from tombola.study.trial import TASKS, Option, Trial

PAIR = (Option("left", "1"), Option("right", "2"), Option("none", "="))
CLASSES = tuple(Option(name, name) for name in ("ant", "bee", "cat", "dog", "none"))


@pytest.fixture(scope="module")
def designed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("designed")
    made = {}

    def design(task="pairwise", **fields):
        key = repr((task, sorted(fields.items())))
        if key not in made:
            made[key] = synthetic_study(folder / f"study-{len(made)}", task, **fields)
        return made[key]

    return design


def pairwise(image, turned=False):
    left, right = ("b", "a") if turned else ("a", "b")
    trial = Trial(f"t{image}{turned}", "pairwise", "main", (), "", PAIR, confidence=True)
    return trial, Truth(trial.name, f"{image}/a v b", image, "cat", left, right)


def replies(crowd, people, images, turned=False):
    return [[Participant(crowd, w).answer(*pairwise(i, turned)) for i in range(images)] for w in range(people)]


def test_shares_ties_and_lapses_are_what_was_asked_for():
    crowd = Crowd({("a", "b"): 0.7}, ties=0.4, lapse=0.1)
    given = [reply for row in replies(crowd, 120, 50) for reply in row]
    votes = pd.Series([reply.choice for reply in given]).value_counts(normalize=True)
    expected = crowd.expected("a", "b")
    assert votes["none"] == pytest.approx(expected.ties, abs=0.03)
    assert votes["left"] / (1 - votes["none"]) == pytest.approx(expected.share, abs=0.04)
    assert np.mean([reply.lapsed for reply in given]) == pytest.approx(0.1, abs=0.015)
    seconds = np.array([reply.seconds for reply in given if not reply.lapsed])
    assert np.median(seconds) == pytest.approx(6, rel=0.1)
    assert np.log(seconds).std() == pytest.approx(0.5, rel=0.15)
    assert np.mean([reply.focus_losses for reply in given]) == pytest.approx(0.05, abs=0.02)
    assert {reply.confidence for reply in given if reply.choice != "none"} == {1, 2, 3, 4}
    assert {reply.confidence for reply in given if reply.choice == "none"} == {None}


@pytest.mark.parametrize("by", ["worker", "image"])
def test_people_and_images_correlate_votes_as_the_model_says(by):
    crowd = Crowd(ties=0, lapse=0, **{"worker_sd": 0.0, "image_sd": 0.0, f"{by}_sd": 1.0})
    shape = (400, 12) if by == "worker" else (12, 400)
    votes = np.array([[reply.choice == "left" for reply in row] for row in replies(crowd, *shape)], float)
    votes = votes if by == "worker" else votes.T
    together = np.corrcoef(votes, rowvar=False)[~np.eye(12, dtype=bool)].mean()
    assert together == pytest.approx(vote_correlation(0.5, 0.5), abs=0.06)
    assert together == pytest.approx(Population(worker_sd=1.0).worker_correlation, abs=0.06)


def test_a_preference_is_for_a_condition_and_not_for_a_side():
    crowd = Crowd({("b", "a"): 0.99}, ties=0, lapse=0, worker_sd=0, image_sd=0)
    straight = [reply.choice for row in replies(crowd, 20, 10) for reply in row]
    turned = [reply.choice for row in replies(crowd, 20, 10, turned=True) for reply in row]
    assert straight.count("right") > 190
    assert turned.count("left") > 190


def test_recognition_has_accuracy_abstention_and_a_structure_of_confusions():
    crowd = Crowd(accuracy=0.6, accuracy_of={"sharp": 0.9}, abstain=0.5, lapse=0)
    answers = {"sharp": [], "dull": []}
    for condition, found in answers.items():
        for image in range(60):
            truth = Truth("t", f"{image}/{condition}", image, "cat", condition=condition, correct=("cat",))
            trial = Trial(f"{condition}{image}", "recognition", "main", (), "", CLASSES)
            found += [Participant(crowd, who).answer(trial, truth).choice for who in range(40)]
    counts = {name: pd.Series(found).value_counts(normalize=True) for name, found in answers.items()}
    assert counts["sharp"]["cat"] == pytest.approx(0.9, abs=0.03)
    assert counts["dull"]["cat"] == pytest.approx(0.6, abs=0.05)
    assert counts["dull"]["none"] == pytest.approx(0.2, abs=0.04)
    wrong = counts["dull"][["ant", "bee", "dog"]]
    assert wrong.max() > 1.5 * wrong.min()


def test_trust_follows_right_and_wrong_predictions():
    crowd = Crowd(trust_right=0.8, trust_wrong=0.3, lapse=0)
    options = tuple(Option(str(number), "") for number in (1, 2, 3, 4))
    for predicted, share in (("cat", 0.8), ("dog", 0.3)):
        said = []
        for image in range(50):
            correct = ("3", "4") if predicted == "cat" else ("1", "2")
            truth = Truth("t", "c", image, "cat", condition="x", predicted=predicted, correct=correct)
            trial = Trial(f"t{image}{predicted}", "agreement", "main", (), "", options)
            said += [Participant(crowd, who).answer(trial, truth).choice for who in range(40)]
        assert np.mean([each in ("3", "4") for each in said]) == pytest.approx(share, abs=0.06)
        assert set(said) == {"1", "2", "3", "4"}


@pytest.mark.parametrize("task", TASKS)
def test_in_memory_every_cell_is_filled_once_and_everything_is_reproducible(designed, task):
    study = designed(task, classes=4, images_per_class=2, raters=2, cap=6)
    frame = validate(answer_in_memory(study, Crowd(seed=3)))
    assert frame.equals(answer_in_memory(study, Crowd(seed=3)))
    assert not frame.equals(answer_in_memory(study, Crowd(seed=4)))
    main_answers = of_task(frame, task)
    blocks = [main_answers.trial[main_answers.participant == who].tolist() for who in main_answers.participant.unique()]
    assert all(check.holds for check in verify_blocks(study, blocks))
    assert set(frame.kind) == {"practice", "main", "gold", "repeat"}
    assert frame.correct[frame.kind == "gold"].mean() > 0.6


def test_who_leaves_gives_places_back(designed):
    study = designed(classes=5, images_per_class=2, raters=2, cap=6)
    frame = answer_in_memory(study, Crowd(), dropout=0.4)
    assert frame.participant.nunique() > len(study.blocks)
    per_cell = frame[frame.kind == "main"].groupby(frame.trial.map(lambda name: study.truth[name].cell)).size()
    assert len(per_cell) == len(study.cells)
    assert (per_cell == 2).all()


def test_repeats_are_answered_by_the_same_person(designed):
    study = designed(images_per_class=3, raters=4, repeats=6)
    steady = answer_in_memory(study, Crowd(ties=0, lapse=0, worker_sd=4, image_sd=4))
    fickle = answer_in_memory(study, Crowd(ties=0, lapse=0.9, worker_sd=0, image_sd=0))
    agreed = [retest_agreement(frame)[0].value for frame in (steady, fickle)]
    assert agreed[0] > 0.75 > agreed[1]


def test_the_analysis_covers_what_was_put_in_about_95_times_in_100(designed):
    study = designed(conditions=("x1", "x2"), images_per_class=8, raters=4, cap=16, gold=0, repeats=0, practice=0)
    inside, biases = [], []
    for seed in range(60):
        crowd = Crowd({("x2", "x1"): 0.6}, ties=0.3, lapse=0.05, worker_sd=0.4, image_sd=0.4, seed=seed)
        row = recovery(answer_in_memory(study, crowd), crowd, [("x2", "x1")]).iloc[0]
        inside.append(row.inside)
        biases.append(row.share - row.expected_share)
    assert np.mean(inside) > 0.85  # 0.95 less three standard errors
    assert abs(np.mean(biases)) < 0.02


def test_the_command_line_simulates_in_memory(designed, tmp_path, capsys):
    study = designed(classes=4, images_per_class=2, raters=2, cap=6)
    out = tmp_path / "out"
    args = [str(study.path), "--memory", "--preference", "2pruned v nonpruned=.9", "--seed", "1", "--out", str(out)]
    assert main(args) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == str(out / "answers.csv")
    assert re.search(r"nonpruned v 2pruned .* 0\.1", said)
    assert len(read_answers(out / "answers.csv")) == int(re.search(r"(\d+) answers of", said)[1])
    assert not study.answers_file.exists()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--preference", "2pruned=.9"], "say 'A v B=0.6'"),
        (["--preference", "2pruned v nonpruned=much"], "say NAME=NUMBER"),
        (["--preference", "2pruned v nonpruned=1"], "between 0 and 1"),
        (["--preference", "2pruned v 4pruned=.5"], "no pair '2pruned v 4pruned'"),
        (["--accuracy-of", "4pruned=.5"], "no condition '4pruned'"),
        (["--ties", "1.5"], "ties = 1.5"),
        (["--ties", "1"], "below 1"),
        (["--dropout", "1"], "dropout = 1"),
        (["--url", "http://127.0.0.1:1"], "give one of them"),
    ],
)
def test_what_does_not_fit_is_one_sentence(designed, args, says, tmp_path):
    study = designed(classes=4, images_per_class=2, raters=2, cap=6)
    with pytest.raises(TombolaError, match=says):
        main([str(study.path), "--memory", "--out", str(tmp_path), *args])


def test_a_locked_study_gets_no_simulated_answers(designed, tmp_path):
    study = designed(classes=4, images_per_class=1, raters=2, cap=6)
    study.lock_file.write_text("{}")
    with pytest.raises(TombolaError, match="would spoil it"):
        main([str(study.path), "--url", "http://127.0.0.1:1", "--out", str(tmp_path)])
    study.lock_file.unlink()


def test_taking_the_naive_interval_covers_too_rarely(designed):
    """Guards the test above: were workers and images all alike, any interval would do."""
    study = designed(conditions=("x1", "x2"), images_per_class=8, raters=4, cap=16, gold=0, repeats=0, practice=0)
    clustered, naive = [], []
    for seed in range(25):
        crowd = Crowd({("x2", "x1"): 0.6}, ties=0.1, lapse=0, worker_sd=1.0, image_sd=0.8, seed=seed)
        frame = of_task(answer_in_memory(study, crowd), "pairwise")
        frame = frame[frame.answer != "none"]
        y = (frame.answer == "x2").to_numpy(float)
        found = clustered_share(y, pd.factorize(frame.participant)[0], pd.factorize(frame.image)[0])
        clustered.append(found.low <= 0.6 <= found.high)
        naive.append(found.naive_low <= 0.6 <= found.naive_high)
    assert np.mean(naive) < np.mean(clustered) - 0.1
