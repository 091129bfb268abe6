import json
import re

import pytest

from tombola.study.answers import validate
from tombola.study.server.export import export_answers, export_participants
from tombola.study.server.flow import ENDS, ORDER, after
from tombola.study.trial import TASKS


@pytest.mark.parametrize("task", TASKS)
def test_a_participant_comes_from_the_link_to_the_code_in_every_task(serve, task):
    person = serve(task=task, demographics=True)()
    person.to_trials().through_trials(lambda number: number)
    code = person.to_the_end()
    assert re.fullmatch(r"[A-HJKMNP-Z2-9]{10}", code)
    frame = validate(export_answers(person.study))
    plan = person.study.spec
    per_cell = 2 if task == "forward-simulation" else 1
    kinds = frame.kind.value_counts().to_dict()
    assert kinds["practice"] == plan.practice * per_cell
    assert kinds["gold"] == plan.gold * per_cell
    assert kinds["repeat"] == plan.repeats * per_cell
    assert kinds["main"] >= 1
    phases = frame.phase.dropna().value_counts().to_dict()
    half = len(frame) // 2
    assert phases == ({"before": half, "after": half} if task == "forward-simulation" else {})
    assert set(frame.batch) == {"main"}
    assert frame.participant.nunique() == 1
    assert export_participants(person.study).loc[0, ["stage", "age", "quiz_tries"]].to_list() == ["done", "30 to 44", 1]


def test_a_side_is_stored_as_the_condition_that_stood_there(serve):
    person = serve()()
    person.to_trials()
    seen = {}
    while (page := person.page()).action.startswith("/trial"):
        left = page.pictures[0]
        trial = next(t for t in person.study.trials.values() if t.pictures and t.pictures[0].name in left)
        assert person.answer(page, 0).status_code == 303  # the first option: left
        seen[trial.name] = person.study.truth[trial.name].left
    frame = export_answers(person.study)
    frame = frame[frame.kind != "practice"]
    assert dict(zip(frame.trial, frame.answer, strict=True)) == seen
    assert set(frame.side) == {"left"}


def test_neither_is_a_value_and_needs_no_confidence(serve):
    person = serve(confidence=True)()
    person.to_trials()
    neither, sure = person.page(), None
    person.answer(neither, 2, confidence=3)
    sure = person.page()
    person.answer(sure, 1, confidence=4)
    frame = export_answers(person.study)
    frame = frame[frame.kind != "practice"].reset_index(drop=True)
    assert frame.answer[0] == "none"
    assert frame.confidence.isna()[0]
    assert frame.confidence[1] == 4
    assert frame.options_order[0] == "left|right|none"


def test_what_the_page_measured_is_stored(serve):
    start = serve()
    person = start()
    person.to_trials()
    person.answer(person.page(), milliseconds=1234, focus_losses=2, width=390, height=844)
    row = export_answers(person.study).iloc[-1]
    assert row.seconds == 1.234
    assert row.focus_losses == 2
    stored = start.desk.database.read(
        lambda c: c.execute("SELECT width, height, server_seconds FROM answers ORDER BY position DESC").fetchone()
    )
    assert tuple(stored)[:2] == (390, 844)
    assert 0 <= stored["server_seconds"] < 60


def test_shuffled_options_keep_their_order_over_a_reload_and_are_stored(serve):
    person = serve(task="recognition", options_order="shuffled")()
    person.to_trials()
    first, again = person.page().radio["answer"], person.page().radio["answer"]
    assert first == again
    assert first[-1] == "none"
    person.answer(person.page())
    assert export_answers(person.study).options_order.iloc[-1] == "|".join(first)


def test_practice_says_what_was_expected_and_going_on_is_a_link(serve):
    person = serve()()
    person.to_practice()
    page = person.page()
    trial = next(t for t in person.study.trials.values() if t.pictures and t.pictures[0].name in page.pictures[0])
    right = person.study.truth[trial.name].correct[0]
    response = person.send(page, answer=right)
    assert response.headers["location"] == f"{page.action}/feedback"
    assert "That is right" in person.get(response.headers["location"]).text
    assert person.study.truth[trial.name].feedback[:20] in person.get(response.headers["location"]).text


def test_the_quiz_ends_the_study_after_its_last_try_and_stores_every_try(serve):
    person = serve(settings={"quiz_tries": 2})()
    person.to_practice()
    while (page := person.page()).action.startswith("/practice"):
        person.answer(page)
    assert person.quiz(right=False).headers["location"] == "/quiz"
    assert "1 of 3 answer was not right" in person.get("/quiz").text
    assert "last try" in person.get("/quiz").text
    assert person.quiz(right=False).headers["location"] == "/ended"
    assert "ends here" in person.get("/").text
    row = export_participants(person.study).iloc[0]
    assert (row.stage, row.quiz_tries, row.quiz_wrong) == ("failed", 2, 2)
    assert person.client.get("/trial/4", follow_redirects=False).headers["location"] == "/ended"


def test_the_same_quiz_page_sent_twice_is_one_try(serve):
    person = serve(settings={"quiz_tries": 2})()
    person.to_practice()
    while (page := person.page()).action.startswith("/practice"):
        person.answer(page)
    person.quiz(right=False)
    action, data = person.sent[-1]
    assert person.client.post(action, data=data, follow_redirects=False).headers["location"] == "/quiz"
    assert export_participants(person.study).quiz_tries[0] == 1


def test_an_unanswered_quiz_question_is_told_and_costs_no_try(serve):
    person = serve()()
    person.to_practice()
    while (page := person.page()).action.startswith("/practice"):
        person.answer(page)
    page = person.page("/quiz")
    assert person.send(page).status_code == 422
    assert export_participants(person.study).quiz_tries[0] == 0


def test_whoever_declines_takes_no_place(serve):
    start = serve()
    person = start()
    person.begin()
    assert person.send(person.page(), choice="decline").headers["location"] == "/ended"
    assert "somebody declined" in person.get("/").text
    assert start.desk.database.read(lambda c: c.execute("SELECT COUNT(*) FROM plan").fetchone()[0]) == 0


def test_the_study_fills_and_then_says_so(serve):
    start = serve(images_per_class=1, raters=1, cap=4, repeats=0)
    for _ in range(30):
        person = start()
        person.begin()
        if person.send(person.page(), choice="agree").headers["location"] == "/ended":
            break
    assert "All places are taken" in person.get("/").text
    rows = start.desk.database.read(
        lambda c: c.execute("SELECT cell, COUNT(*) FROM plan WHERE kind = 'main' GROUP BY cell")
    )
    assert {count for _, count in rows} == {1}


def test_versions_of_the_texts_are_stored_with_the_consent(serve):
    person = serve()()
    person.to_practice()
    texts = json.loads(export_participants(person.study).texts[0])
    assert texts["consent"] == "1"


def test_every_stage_is_followed_by_one_further_on():
    for stage in ORDER[:-1]:
        for kinds in ((), ("main",), ("practice", "quiz", "main")):
            for demographics in (True, False):
                assert ORDER.index(after(stage, kinds, demographics=demographics)) > ORDER.index(stage)
    assert after("consent", ("main",), demographics=False) == "instructions"
    assert after("instructions", ("main",), demographics=False) == "trials"
    assert after("trials", ("main",), demographics=False) == "debrief"
    assert "done" in ENDS
