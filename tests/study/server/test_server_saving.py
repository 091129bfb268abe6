import pytest

from tombola.study.server.export import export_answers
from tombola.study.server.participants import by_token


def stored(start):
    return start.desk.database.read(
        lambda c: [tuple(row) for row in c.execute("SELECT position, attempt, value FROM answers ORDER BY position")]
    )


@pytest.fixture
def start(serve):
    return serve()


def test_the_same_answer_sent_twice_is_stored_once_and_both_lead_on(start):
    person = start().to_trials()
    page = person.page()
    first, second = person.answer(page, 0), person.answer(page, 1)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"] != page.action
    values = [value for position, _, value in stored(start) if page.action == f"/trial/{position}"]
    assert values == [page.radio["answer"][0]]


def test_an_old_page_sent_much_later_changes_nothing(start):
    person = start().to_trials()
    page = person.page()
    person.through_trials()
    person.to_the_end()
    before = stored(start)
    assert person.answer(page, 1).headers["location"] == "/finished"
    assert stored(start) == before


def test_no_question_can_be_skipped(start):
    person = start().to_trials()
    here = person.page().action
    ahead = f"/trial/{int(here.split('/')[-1]) + 1}"
    assert person.client.get(ahead, follow_redirects=False).headers["location"] == here
    before = stored(start)
    forged = person.client.post(ahead, data={"seal": person.page().hidden["seal"], "answer": "left"})
    assert forged.status_code == 403
    assert stored(start) == before


def test_a_practice_question_cannot_be_answered_as_a_trial(start):
    person = start().to_practice()
    page = person.page()
    assert person.client.post("/trial/0", data=page.hidden | {"answer": page.radio["answer"][0]}).status_code == 404
    assert stored(start) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"answer": "the algorithm in the middle"}, "no such answer"),
        ({"answer": ""}, "answer"),
        ({"answer": "left", "confidence": "5"}, "confidence"),
        ({"answer": "left", "milliseconds": "-1"}, "milliseconds"),
        ({"answer": "left", "milliseconds": "soon"}, "milliseconds"),
        ({"answer": "left", "focus_losses": "1.5"}, "focus_losses"),
        ({"answer": "left", "width": "99999999999"}, "width"),
        ({"answer": "left", "surprise": "1"}, "surprise"),
        ({"answer": "x" * 5000}, "answer"),
        ({"answer": "\x00"}, "no such answer"),
        ({"answer": "<script>alert(1)</script>"}, "no such answer"),
    ],
)
def test_what_does_not_fit_is_told_in_one_sentence_and_not_stored(start, fields, field):
    person = start().to_trials()
    page = person.page()
    before = stored(start)
    response = person.client.post(page.action, data=page.hidden | fields)
    assert response.status_code == 422
    assert field in response.text
    assert "<script>alert" not in response.text
    assert stored(start) == before
    assert person.page().action == page.action


def test_an_answer_on_its_way_while_the_study_is_paused_is_stored(start):
    person = start().to_trials()
    page = person.page()
    before = len(stored(start))
    start.desk.database.submit(lambda c: c.execute("UPDATE meta SET value = '1' WHERE name = 'paused'")).result()
    assert person.answer(page).status_code == 303
    assert len(stored(start)) == before + 1
    assert "Nothing is lost" in person.get("/").text
    start.desk.database.submit(lambda c: c.execute("UPDATE meta SET value = '0' WHERE name = 'paused'")).result()
    assert person.page().action.startswith("/trial")


def test_everything_is_still_there_after_a_restart(make_study, serve):
    study = make_study()
    start = serve(study)
    person = start().to_trials()
    page = person.page()
    cookies = person.client.cookies
    start.desk.database.submit(lambda c: None).result()
    again = serve(study)  # another process would see the same file; forms shown before stay good
    other = again()
    other.client.cookies.update(cookies)
    assert other.page().action == page.action
    assert other.answer(page).status_code == 303
    assert (export_answers(study).kind != "practice").sum() == 1


def test_whoever_withdraws_leaves_no_answer_behind_and_gives_the_places_back(start):
    person = start().to_trials()
    person.answer(person.page())
    pause = person.page("/pause")
    assert person.send(pause).headers["location"] == "/ended"
    assert stored(start) == []
    assert len(export_answers(person.study)) == 0
    token = person.client.cookies[start.desk.cookie]
    who = start.desk.database.read(lambda c: by_token(c, token))
    assert who.stage == "withdrawn"
    held = start.desk.database.read(lambda c: c.execute("SELECT COUNT(*) FROM plan").fetchone()[0])
    assert held == 0
