"""A real server process, killed without warning while answers come in: nothing accepted is lost, nothing is double."""

import hashlib
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tombola.cli.study_serve import main
from tombola.errors import TombolaError
from tombola.study.answers import validate
from tombola.study.server.database import connect
from tombola.study.server.export import export_answers

PEOPLE = 8
FREE = ["--participant-rate", "0", "--client-rate", "0", "--start-rate", "0"]


class Process:
    """``tombola study serve`` as somebody would start it."""

    def __init__(self, folder, *options, port=0):
        command = [sys.executable, "-m", "tombola", "study", "serve", str(folder), "--port", str(port), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        while not self.lines or not self.lines[-1].startswith("Ctrl-C"):
            line = self.process.stdout.readline()
            if not line:
                pytest.fail(f"the server did not start: {self.process.stderr.read()}")
            self.lines.append(line)
        self.address = self.lines[0].split()[1].rstrip("/")
        self.port = int(self.address.rsplit(":", 1)[1])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.address}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        pytest.fail("the server never became healthy")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture
def started():
    running = []

    def start(*args, **fields):
        running.append(Process(*args, **fields))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()
        one.process.stdout.close()
        one.process.stderr.close()


def seen_accepted(person, cookie):
    """Return (hash of token, position, value) of every answer that got its redirect."""
    token = hashlib.sha256(person.client.cookies[cookie].encode()).digest()
    return [(token, int(action.rsplit("/", 1)[1]), data["answer"]) for action, data in person.accepted]


def answers_of(study):
    connection = connect(study.answers_file, read_only=True)
    rows = connection.execute(
        "SELECT t.hash, a.position, a.value FROM answers a JOIN tokens t ON t.participant = a.participant"
        " JOIN plan l ON l.participant = a.participant AND l.position = a.position WHERE l.kind != 'quiz'"
    ).fetchall()
    connection.close()
    return [tuple(row) for row in rows]


def test_a_killed_server_loses_no_accepted_answer_and_stores_none_twice(make_study, started, person_type):
    study = make_study(classes=4, images_per_class=4, raters=3, cap=12, repeats=2)
    server = started(study.path, *FREE)
    enough, accepted = threading.Event(), []
    people = []
    for _ in range(PEOPLE):
        person = person_type(httpx.Client(base_url=server.address, timeout=30), study)
        person.accepted = []
        people.append(person)

    def run(number):
        person = people[number]
        try:
            person.to_trials()
            while (page := person.page()).action.startswith("/trial"):
                response = person.answer(page, number % 3)
                if response.status_code == 303:
                    person.accepted.append(person.sent[-1])
                    accepted.append(1)
                    if len(accepted) >= PEOPLE * 3:
                        enough.set()
        except httpx.TransportError:
            return  # the server is gone

    with ThreadPoolExecutor(PEOPLE) as pool:
        jobs = [pool.submit(run, number) for number in range(PEOPLE)]
        assert enough.wait(60)
        server.kill()
        for job in jobs:
            job.result(60)

    cookie = next(name for name in people[0].client.cookies if re.fullmatch("tombola_[0-9a-f]{8}", name))
    told = [answer for person in people for answer in seen_accepted(person, cookie)]
    stored = answers_of(study)
    assert len(told) >= PEOPLE * 3
    assert set(told) <= set(stored)
    assert len(stored) == len({(token, position) for token, position, _ in stored})

    again = started(study.path, *FREE, port=server.port)
    for person in people:
        if person.sent[-1][0].startswith("/trial"):  # whoever got no answer sends the same form again
            action, data = person.sent[-1]
            assert person.client.post(action, data=data, follow_redirects=False).status_code == 303
        if not person.page().action.startswith(("/trial", "/debrief")):
            person.client.cookies.clear()
            person.to_trials()
        person.through_trials()
        assert person.to_the_end()
        person.client.close()
    frame = validate(export_answers(study))
    assert not frame.duplicated(["participant", "trial"]).any()
    assert set(told) <= set(answers_of(study))
    assert again.stop() in (0, 130, 143)


def test_a_study_is_served_once_and_backed_up_while_it_is(make_study, started, tmp_path, capsys):
    study = make_study()
    server = started(study.path, *FREE)
    folder = str(study.path)
    with pytest.raises(TombolaError, match="is being served already"):
        main([folder, "--port", "0"])
    copy = tmp_path / "copy.sqlite"
    assert main([folder, "--backup", str(copy)]) == 0
    assert copy.stat().st_mode & 0o077 == 0
    capsys.readouterr()
    assert main([folder, "--invite", "2", "--port", str(server.port)]) == 0
    links = capsys.readouterr().out.split()
    assert len(links) == 2
    for link in links:
        with httpx.Client() as client:
            assert "I agree" in client.get(link, follow_redirects=True).text
    assert "server" not in httpx.get(f"{server.address}/healthz").headers
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)
    told = [
        line for line in server.process.stderr.read().splitlines() if "pilot" not in line and "brackets" not in line
    ]
    assert told == []  # nothing about who asked for what
