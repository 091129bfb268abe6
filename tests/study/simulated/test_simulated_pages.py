"""Simulated participants on the real pages: everybody gets a code, every answer is stored once."""

import pytest

from tombola.errors import TombolaError

pytest.importorskip("fastapi", reason="the study's server needs the extra study")
pytest.importorskip("httpx", reason="needs httpx to walk the pages")

from tombola.cli.study_simulate import main
from tombola.study.answers import read_answers, validate
from tombola.study.design import open_study, synthetic_study
from tombola.study.design.folder import Study
from tombola.study.server.export import export_answers
from tombola.study.simulated import Crowd, ServerProcess, answer_in_memory, audit, drive
from tombola.study.simulated.page import read_page
from tombola.study.simulated.requests import Accepted, Requests

SMALL = {"classes": 4, "images_per_class": 1, "raters": 2, "cap": 4, "gold": 1, "repeats": 1, "practice": 1}


def test_a_page_is_read_as_a_browser_without_script_sees_it():
    page = read_page(
        "<link rel=stylesheet href=/static/a.css><script src=/static/a.js></script><h1>Who &amp; what</h1>"
        "<form method=post action=/quiz><input type=hidden name=seal value=1.f>"
        "<fieldset><legend>What is <b>2 &lt; 3</b>?</legend><input type=radio name=q3 value=1>"
        "<input type=radio name=q3 value=2 checked></fieldset><button name=choice value=agree>Go</button></form>"
        f"<img src=/picture/{'a' * 32}.png><a class='button main' href=/trial/3>on</a><p><code>ABC</code></p>"
    )
    assert (page.action, page.hidden, page.onward, page.code) == ("/quiz", {"seal": "1.f"}, "/trial/3", "ABC")
    assert (page.radio, page.checked) == ({"q3": ["1", "2"]}, {"q3": "2"})
    assert page.legends == {"q3": "What is 2 < 3?"}
    assert page.buttons == [("choice", "agree")]
    assert page.assets == ["/static/a.css", "/static/a.js"]
    assert page.picture_names == ("a" * 32,)
    assert page.heading == "Who & what"


def test_latencies_are_told_by_kind_and_in_all():
    requests = Requests()
    for number in range(100):
        requests.took("GET", f"/trial/{number}?x=1", (number + 1) / 1000)
    requests.took("POST", "/trial/1", 1.0)
    table = requests.table().set_index("request")
    assert list(table.index) == ["GET trial", "POST trial", "all"]
    assert table.loc["GET trial", "p50_ms"] == pytest.approx(50.5)
    assert table.loc["GET trial", "p95_ms"] == pytest.approx(95.05)
    assert table.loc["all", "max_ms"] == 1000
    assert table.loc["all", "count"] == 101


@pytest.fixture(scope="module")
def studies(tmp_path_factory) -> dict[str, Study]:
    """A study of each kind of page: pairs with everything that can be asked, and explanations seen later."""
    folder = tmp_path_factory.mktemp("pages")
    return {
        "pairwise": synthetic_study(folder / "pairs", confidence=True, demographics=True, **SMALL),
        "forward-simulation": synthetic_study(folder / "forward", "forward-simulation", **SMALL),
    }


@pytest.mark.parametrize("task", ["pairwise", "forward-simulation"])
def test_everybody_reaches_a_code_and_every_answer_is_stored_once(studies, task):
    study, crowd = studies[task], Crowd(seed=5)
    with ServerProcess(study.path) as server:
        outcome = drive(study, crowd, server.address, len(study.blocks) + 1, concurrency=4)
        complaints = server.complaints()
    assert outcome.failed == []
    assert complaints == ""
    assert len(outcome.codes) == len(set(outcome.codes)) == len(study.blocks)
    assert outcome.ended == {"all places are taken": 1}
    found = audit(study, outcome.requests.accepted)
    frame = validate(export_answers(study))
    assert found.clean
    assert found.accepted == found.stored == len(frame)
    assert found.unconfirmed == 0
    assert frame.seconds.notna().all()
    in_memory = answer_in_memory(study, crowd)
    assert len(frame) == len(in_memory)
    assert frame.kind.value_counts().to_dict() == in_memory.kind.value_counts().to_dict()
    if task == "pairwise":  # in practice nobody is asked how sure they are
        assert frame[(frame.answer != "none") & (frame.kind != "practice")].confidence.notna().all()


def test_the_audit_sees_what_is_lost_and_what_nobody_sent(studies):
    study = studies["pairwise"]
    if not study.answers_file.is_file():
        pytest.skip("needs the answers of the test above")
    found = audit(study, [Accepted(b"nobody", 0, "left")])
    assert (found.accepted, found.lost, found.clean) == (1, 1, False)
    assert found.unconfirmed == found.stored


def test_the_command_line_kills_its_server_and_loses_nothing(studies, tmp_path, capsys):
    study, out = studies["pairwise"], tmp_path / "out"
    args = [str(study.path), "--participants", "4", "--kills", "1", "--dropout", "0.1", "--out", str(out)]
    assert main(args) == 0
    said = capsys.readouterr().out
    assert "lost 0, doubled 0, overfull cells 0" in said
    assert "after connection lost" in said
    assert "errors: 0" in said
    copy = open_study(out / "study")
    assert len(read_answers(out / "answers.csv")) == len(export_answers(copy))
    assert "POST trial" in (out / "requests.csv").read_text()
    with pytest.raises(TombolaError, match="exists already"):
        main(args)


def test_a_server_of_another_study_is_noticed(studies, tmp_path):
    served = synthetic_study(tmp_path / "other", **SMALL)
    with ServerProcess(served.path) as server, pytest.raises(TombolaError, match="another study"):
        drive(studies["pairwise"], Crowd(), server.address, 2)


def test_a_server_that_stays_away_is_told(studies):
    outcome = drive(studies["pairwise"], Crowd(), "http://127.0.0.1:9", 2, patience=0.3)
    assert len(outcome.failed) == 2
    assert "ConnectError" in outcome.failed[0]
    assert outcome.codes == []


def test_a_server_that_does_not_start_says_why(tmp_path):
    server = ServerProcess(tmp_path / "nothing")
    with pytest.raises(TombolaError, match=r"did not start.*holds no study"), server:
        pass
    assert server._process is None, "and is gone"
