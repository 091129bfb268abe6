import asyncio
import sqlite3
import threading

import pytest

from tombola.errors import TombolaError
from tombola.study.server.database import Database, NotSavedError, connect, meta


@pytest.fixture
def database(tmp_path):
    with Database(tmp_path / "answers.sqlite") as found:
        yield found


def put(name):
    return lambda connection: connection.execute("INSERT INTO meta VALUES (?, 'x')", (name,))


def names(database):
    return {row[0] for row in database.read(lambda c: c.execute("SELECT name FROM meta").fetchall())}


def test_the_disk_is_waited_for_and_readers_are_not_held_up(database):
    def settings(connection):
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]

    assert database.submit(settings).result() == ["wal", 2]


def test_what_is_queued_while_the_disk_is_busy_goes_into_one_transaction(database):
    begun, go = threading.Event(), threading.Event()
    commits = []

    def first(connection):
        connection.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)
        begun.set()
        go.wait(10)

    database.submit(first)
    begun.wait(10)
    jobs = [database.submit(put(f"job-{number}")) for number in range(50)]
    go.set()
    for job in jobs:
        job.result(10)
    assert len(commits) == 2
    assert {f"job-{number}" for number in range(50)} <= names(database)


def test_a_job_that_fails_takes_nothing_of_the_others_with_it(database):
    begun, go = threading.Event(), threading.Event()
    database.submit(lambda connection: (begun.set(), go.wait(10)))
    begun.wait(10)

    def half(connection):
        put("half")(connection)
        raise ValueError("in the middle")

    before, broken, after = database.submit(put("before")), database.submit(half), database.submit(put("after"))
    go.set()
    before.result(10)
    after.result(10)
    with pytest.raises(ValueError, match="in the middle"):
        broken.result(10)
    assert {"before", "after"} <= names(database)
    assert "half" not in names(database)


def test_nobody_hears_of_success_before_the_disk_has_it(database):
    path = database.path
    database.submit(put("told")).result()
    other = sqlite3.connect(path)
    assert other.execute("SELECT COUNT(*) FROM meta WHERE name = 'told'").fetchone() == (1,)


def test_a_disk_that_refuses_is_told_to_everybody_in_the_transaction_and_stores_nothing(database):
    limit = database.submit(lambda c: c.execute("PRAGMA page_count").fetchone()[0]).result()
    database.submit(
        lambda c: c.execute("COMMIT") and c.execute(f"PRAGMA max_page_count = {limit}") and c.execute("BEGIN")
    )

    def large(connection):
        connection.execute("INSERT INTO meta VALUES ('large', ?)", ("x" * 10**6,))

    with pytest.raises((NotSavedError, sqlite3.OperationalError)):
        database.submit(large).result(10)
    database.submit(put("small")).result(10)  # and the writer lives on
    assert "large" not in names(database)
    assert "small" in names(database)


def test_waiting_for_a_write_does_not_stop_the_loop(database):
    async def main():
        go = threading.Event()
        slow = asyncio.create_task(database.write(lambda connection: go.wait(10)))
        await asyncio.sleep(0)
        seen = database.read(lambda connection: meta(connection, "paused"))
        go.set()
        await slow
        return seen

    assert asyncio.run(main()) == "0"


def test_closing_writes_what_is_queued(tmp_path):
    database = Database(tmp_path / "answers.sqlite")
    for number in range(500):
        database.submit(put(f"job-{number}"))
    database.close()
    with Database(tmp_path / "answers.sqlite") as again:
        assert len(names(again)) == 503


def test_the_file_is_its_owners_and_other_files_are_refused(tmp_path):
    path = tmp_path / "answers.sqlite"
    Database(path).close()
    assert path.stat().st_mode & 0o077 == 0
    other = tmp_path / "other.sqlite"
    other.write_text("this is no database, however long it may be" * 100)
    with pytest.raises(TombolaError, match="cannot use"):
        Database(other)
    connection = connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(TombolaError, match="version 99"):
        Database(path)
