import csv
import io
import re
import sqlite3
import threading

import pytest

from tombola.errors import TombolaError
from tombola.study.server.backup import backup, periodic_backup

TOKEN = "an admin token for tests"


@pytest.fixture
def start(serve):
    return serve()


def admin(start):
    person = start()
    assert person.client.post("/admin/login", data={"token": TOKEN}, follow_redirects=False).status_code == 303
    return person


def seals(person):
    return dict(
        re.findall(
            r'action="(/admin/\w+)">\s*<input type="hidden" name="seal" value="([^"]+)"', person.get("/admin").text
        )
    )


def test_the_page_opens_with_the_token_only(start):
    stranger = start()
    assert "Token that the server printed" in stranger.get("/admin").text
    for path in ("/admin/counts", "/admin/codes.csv"):
        assert stranger.get(path).status_code == 401
    for path in ("/admin/pause", "/admin/backup"):
        assert stranger.client.post(path, data={"seal": "1.2"}).status_code == 401
    assert stranger.client.post("/admin/login", data={"token": TOKEN[:-1]}).status_code == 401
    assert "Pause the study" in admin(start).get("/admin").text
    for file in start.study.path.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes()


def test_counts_follow_the_study(start):
    done, going = start(), start()
    done.to_trials().through_trials()
    done.to_the_end()
    going.to_trials()
    going.answer(going.page(), milliseconds=4000)
    counts = admin(start).get("/admin/counts").json()
    stages = dict(counts["stages"])
    assert (stages["done"], stages["trials"], counts["begun"], counts["finished"]) == (1, 1, 2, 1)
    assert counts["answers"] == len(start.desk.database.read(lambda c: c.execute(
        "SELECT 1 FROM answers a JOIN plan l USING (participant, position) WHERE l.kind NOT IN ('practice', 'quiz')"
    ).fetchall()))  # fmt: skip
    assert sum(cells for _, cells in counts["cells"]) == len(start.study.cells)
    assert counts["seconds"] == 4.0
    text = admin(start).get("/admin").text
    assert not any(name in text for name in start.study.spec.condition_names)  # who runs the study stays blind, too


def test_one_click_pauses_and_the_next_lets_it_go_on(start):
    person, boss = start().to_trials(), admin(start)
    page = person.page()
    pause = {"seal": seals(boss)["/admin/pause"]}
    assert boss.client.post("/admin/pause", data=pause, follow_redirects=False).status_code == 303
    assert "A short break" in person.get(page.action).text
    assert "A short break" in start().get("/").text
    boss.client.post("/admin/pause", data={"seal": seals(boss)["/admin/pause"]})
    assert person.page().action == page.action
    assert person.answer(page).status_code == 303


def test_an_admin_form_needs_its_seal(start):
    boss = admin(start)
    assert boss.client.post("/admin/pause", data={"seal": seals(boss)["/admin/backup"]}).status_code == 403
    assert not start.desk.paused


def test_codes_can_be_paid(start):
    person = start().to_trials("/?workerId=W1").through_trials()
    code = person.to_the_end()
    rows = list(csv.DictReader(io.StringIO(admin(start).get("/admin/codes.csv").text)))
    assert [row["code"] for row in rows] == [code]
    assert rows[0]["participant"].startswith("p")


def test_one_code_for_all_is_shown_and_listed(serve):
    start = serve(settings={"completion_code": "FIXED123", "return_address": "https://app.prolific.com/x?cc=FIXED123"})
    for _ in range(2):
        person = start().to_trials().through_trials()
        assert person.to_the_end() == "FIXED123"
    assert 'href="https://app.prolific.com/x?cc=FIXED123"' in person.get("/").text
    assert admin(start).get("/admin/codes.csv").text.count("FIXED123") == 2


def test_the_backup_button_makes_a_whole_copy(start):
    start().to_trials().through_trials()
    boss = admin(start)
    response = boss.client.post("/admin/backup", data={"seal": seals(boss)["/admin/backup"]})
    assert response.status_code == 200
    [copy] = (start.study.path / "backups").glob("answers-*.sqlite")
    assert copy.name in response.text
    count = "SELECT COUNT(*) FROM answers"
    assert sqlite3.connect(copy).execute(count).fetchone()[0] == start.desk.database.read(
        lambda c: c.execute(count).fetchone()[0]
    )


def test_a_backup_made_while_answers_come_in_is_consistent(start, tmp_path):
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            start.desk.database.submit(
                lambda c, n=number: c.execute("INSERT INTO meta VALUES (?, ?)", (f"k{n:06d}", str(n)))
            ).result()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup(start.desk.database.path, tmp_path / f"{number}.sqlite")
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        copy = sqlite3.connect(tmp_path / f"{number}.sqlite")
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        keys = [row[0] for row in copy.execute("SELECT name FROM meta WHERE name LIKE 'k%' ORDER BY name")]
        assert keys == [f"k{n:06d}" for n in range(1, len(keys) + 1)]
    assert not list(tmp_path.glob(".*part"))


def test_old_backups_go_and_a_backup_of_nothing_is_refused(start, tmp_path):
    folder = start.study.path / "backups"
    folder.mkdir()
    for day in range(4):
        (folder / f"answers-2020010{day}T000000Z.sqlite").touch()
    made = periodic_backup(start.desk.database.path, 3)
    assert len(list(folder.iterdir())) == 3
    assert made in folder.iterdir()
    with pytest.raises(TombolaError, match="nothing to back up"):
        backup(tmp_path / "none.sqlite", tmp_path / "copy.sqlite")
