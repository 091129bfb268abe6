"""A whole study: server process, real pages, real browser, a phone, a killed server, and the analysis of it all."""

import re
from threading import Thread
from time import sleep

import pytest

pytest.importorskip("fastapi", reason="the study's server needs the extra study")
pytest.importorskip("httpx", reason="needs httpx to walk the pages")

from tombola.cli.study_analyse import main as analyse
from tombola.study.answers import of_task, validate
from tombola.study.assignment import verify_blocks
from tombola.study.design import synthetic_study
from tombola.study.server.export import export_answers, export_participants
from tombola.study.simulated import Crowd, Participant, ServerProcess, audit, drive
from tombola.study.simulated.browser import BrowserWalker
from tombola.study.simulated.key import Key
from tombola.study.simulated.requests import Requests

BY_HTTP, PEOPLE = 4, 6
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def study(tmp_path):
    return synthetic_study(
        tmp_path / "study", conditions=("a", "b"), classes=3, images_per_class=2, raters=PEOPLE, cap=6,
        gold=1, repeats=1, practice=1, confidence=True,
    )  # fmt: skip


def test_nothing_is_lost_or_doubled_from_design_to_analysis(study, browser, capsys):
    assert len(study.blocks) == PEOPLE
    crowd, key, record = Crowd({("a", "b"): 0.8}, seed=2), Key(study), Requests()
    outcomes, codes = [], []
    with ServerProcess(study.path) as server:
        others = Thread(
            target=lambda: outcomes.append(
                drive(study, crowd, server.address, BY_HTTP, pace=0.05, requests=record, patience=120)
            )
        )
        computer = browser.new_context(**DESKTOP)
        walker = BrowserWalker(computer.new_page(), key, Participant(crowd, BY_HTTP), record)
        assert walker.walk(server.address, lambda path, answers: path.startswith("/trial/")).startswith("/trial/")
        others.start()
        while len(record.accepted) < 8:  # everybody is in the middle of it
            sleep(0.01)
        server.kill()
        back = Thread(target=server.start)
        back.start()
        codes.append(walker.walk())  # the answer is sent while there is no server
        back.join()
        computer.close()

        first = browser.new_context(**DESKTOP)
        begun = BrowserWalker(first.new_page(), key, Participant(crowd, BY_HTTP + 1), record)
        where = begun.walk(server.address, lambda path, answers: path.startswith("/trial/") and answers >= 3)
        begun.open(f"{server.address}/pause")
        link = begun.page.locator(".link").inner_text()
        first.close()
        phone = browser.new_context(**PHONE)
        resumed = BrowserWalker(phone.new_page(), key, Participant(crowd, BY_HTTP + 1), record)
        seen = []
        resumed.look = lambda page, path: seen.append(page.url)
        codes.append(resumed.walk(link))
        assert seen[0] == f"{server.address}{where}"
        phone.close()
        others.join(120)
        assert not others.is_alive()
        assert server.complaints() == ""

    (outcome,) = outcomes
    assert outcome.failed == []
    assert outcome.requests.retries["connection lost"] > 0
    assert record.retries["browser"] > 0
    codes += outcome.codes
    assert len(set(codes)) == PEOPLE
    assert all(re.fullmatch(r"[A-Z0-9]{10}", code) for code in codes)

    found = audit(study, record.accepted)
    frame = validate(export_answers(study))
    assert found.clean
    assert found.accepted == found.stored == len(frame)
    assert found.unconfirmed == 0
    assert not frame.duplicated(["participant", "trial"]).any()
    assert (export_participants(study).stage == "done").sum() == PEOPLE
    votes = of_task(frame, "pairwise")
    blocks = [votes.trial[votes.participant == who].tolist() for who in votes.participant.unique()]
    assert all(check.holds for check in verify_blocks(study, blocks))
    assert votes.groupby("image").size().eq(PEOPLE).all()

    assert analyse([str(study.path), "--valid"]) == 0
    said = capsys.readouterr().out
    assert "a v b" in said
    assert (study.path / "export" / "analysis" / "valid" / "shares.csv").is_file()
