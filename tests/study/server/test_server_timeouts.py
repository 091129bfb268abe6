import pytest

from tombola.study.server.plans import taken
from tombola.study.server.timeouts import expire

SMALL = {"images_per_class": 1, "raters": 1, "cap": 4, "repeats": 0}


def silence(start, minutes=61):
    """Let time pass for everybody, then sweep."""
    start.desk.database.submit(lambda c: c.execute("UPDATE participants SET seen = seen - ?", (minutes * 60,))).result()
    return start.desk.database.submit(lambda c: expire(c, 60)).result()


def held(start):
    return start.desk.database.read(lambda c: taken(c, "main"))


@pytest.fixture
def start(serve):
    return serve(**SMALL)


def test_places_of_somebody_silent_return_and_answers_stay(start):
    person = start().to_trials()
    before = held(start)
    page = person.page()
    while "main" not in kind_at(start, page.action):
        person.answer(page)
        page = person.page()
    person.answer(page)
    assert silence(start, 59) == 0
    assert held(start) == before
    assert silence(start, 2) == 1
    assert sum(held(start).values()) == 1


def kind_at(start, action):
    position = int(action.rsplit("/", 1)[1])
    return start.desk.database.read(
        lambda c: c.execute("SELECT kind FROM plan WHERE participant = 1 AND position = ?", (position,)).fetchone()[0]
    )


def test_whoever_comes_back_late_goes_on_if_nobody_took_the_places(start):
    person = start().to_trials()
    page = person.page()
    silence(start)
    assert person.answer(page).status_code == 303  # even an answer that was on its way
    assert person.page().action != page.action
    assert person.page().action.startswith("/trial")


def test_whoever_comes_back_too_late_is_thanked(start):
    late = start().to_trials()
    page = late.page()
    silence(start)
    for _ in range(40):  # others fill the study
        other = start()
        other.begin()
        if other.send(other.page(), choice="agree").headers["location"] == "/ended":
            break
    assert "given to somebody else" in late.get("/").text
    before = held(start)
    assert late.answer(page).headers["location"] == "/ended"
    assert held(start) == before


def test_a_pilot_takes_no_place_of_the_main_batch(make_study, serve):
    study = make_study(**SMALL)
    pilot = serve(study, settings={"batch": "pilot"})
    pilot().to_trials().through_trials()
    main = serve(study)
    assert held(main) == {}
    person = main().to_trials()
    rows = main.desk.database.read(
        lambda c: c.execute("SELECT batch, arrival FROM participants ORDER BY id").fetchall()
    )
    assert [tuple(row) for row in rows] == [("pilot", 0), ("main", 0)]
    assert person.page().action.startswith("/trial")
