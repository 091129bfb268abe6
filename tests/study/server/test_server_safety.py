"""What nobody may see, send or learn."""

import re

import pytest

from tombola.study.files.pseudonyms import pseudonym

WORKER = "A2ZSECRETWORKER"
NEEDED = {
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cache-control",
}


def cookie(response, name):
    return next(value for value in response.headers.get_list("set-cookie") if value.startswith(name))


@pytest.fixture
def start(serve):
    return serve()


@pytest.mark.parametrize(
    "path", ["/", "/trial/0", "/nowhere", "/healthz", "/admin", "/picture/x.png", "/static/study.css", "/openapi.json"]
)
def test_every_response_carries_the_headers_that_protect(start, path):
    headers = start().client.get(path).headers
    assert set(headers) >= NEEDED
    assert "'unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_no_page_holds_script_or_style_of_its_own_or_loads_anything_from_elsewhere(start):
    person = start().to_trials()
    for address in ("/", "/pause", "/instructions", "/admin"):
        text = person.get(address).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:", text)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', text)


def test_cookies_are_out_of_reach_of_scripts_and_secure_behind_https(serve):
    plain = serve()()
    response = plain.get("/")
    assert "HttpOnly" in cookie(response, "tombola_visit")
    assert "Secure" not in cookie(response, "tombola_visit")
    safe = serve(settings={"address": "https://study.example.org"})()
    response = safe.get("/")
    assert "Secure" in cookie(response, "tombola_visit")
    assert "SameSite=lax" in cookie(response, "tombola_visit")
    assert response.headers["strict-transport-security"]


def test_forms_without_a_seal_of_ours_are_refused_everywhere(start):
    person, other = start().to_trials(), start().to_trials()
    page = person.page()
    theirs = other.page().hidden["seal"]
    for seal in ("1.2", "x" * 100, theirs, page.hidden["seal"][:-1], "9" * 15 + "." + "0" * 64):
        response = person.client.post(page.action, data={"seal": seal, "answer": "left"})
        assert response.status_code == 403, seal
    for path in ("/start", "/instructions", "/debrief", "/withdraw"):
        assert person.client.post(path, data={"seal": page.hidden["seal"]}).status_code == 403
    assert person.client.post(page.action, data={"answer": "left"}).status_code == 422


def test_a_stranger_gets_no_page_and_no_picture(start):
    person = start().to_trials()
    picture = person.page().pictures[0]
    assert person.get(picture).status_code == 200
    for token in (b"", b"0" * 32, b"' OR 1=1 --", b"\xc3\xa9", b'"', b"a=b; c"):
        stranger = start()
        for path in (picture, "/trial/0", "/consent", "/pause"):
            header = {b"cookie": start.desk.cookie.encode() + b"=" + token}
            assert stranger.client.get(path, headers=header).status_code == 401


def test_ids_of_platforms_are_pseudonyms_from_the_first_byte_on(serve, caplog):
    start = serve()
    person = start()
    person.begin(f"/?workerId={WORKER}&assignmentId=3XYZ&hitId=1")
    person.send(person.page(), choice="agree")
    start.desk.database.submit(lambda c: None).result()
    for file in person.study.path.rglob("*"):
        if file.is_file():
            assert WORKER.encode() not in file.read_bytes(), file
            assert b"testclient" not in file.read_bytes(), file  # the address the request came from
    assert WORKER not in caplog.text
    names = [row[0] for row in start.desk.database.read(lambda c: c.execute("SELECT pseudonym FROM participants"))]
    assert names == [pseudonym(WORKER, start.desk.study.salt)]


def test_somebody_whom_a_platform_sends_again_goes_on_on_any_device(start):
    first, second = start(), start()
    first.to_trials(f"/?PROLIFIC_PID={WORKER}")
    where = first.page().action
    second.begin(f"/?PROLIFIC_PID={WORKER}")
    assert second.page().action == where
    people = start.desk.database.read(lambda c: c.execute("SELECT COUNT(*) FROM participants").fetchone()[0])
    assert people == 1


def test_another_person_on_the_same_browser_starts_afresh(start):
    person = start().to_trials("/?PROLIFIC_PID=first")
    page = person.page("/?PROLIFIC_PID=second")
    assert page.action == "/start"
    person.send(page)
    assert person.page().action == "/consent"


def test_tokens_are_stored_as_hashes_only(start):
    person = start().to_trials()
    token = person.client.cookies[start.desk.cookie]
    assert re.fullmatch("[0-9a-f]{32}", token)
    for file in person.study.path.glob("answers.sqlite*"):
        assert token.encode() not in file.read_bytes()
        assert bytes.fromhex(token) not in file.read_bytes()


def test_access_can_be_closed(serve):
    from tombola.study.server.invitations import invitations

    invited = serve(settings={"access": "invited"})
    assert invited().get("/").status_code == 403
    token = invitations(invited.study.answers_file, "main", 1)[0]
    guest = invited()
    assert guest.get(f"/p/{token}").status_code == 200
    assert guest.page().action == "/consent"
    external = serve(settings={"access": "external"})
    assert external().get("/").status_code == 403
    assert external().get("/?workerId=A1&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE").status_code == 403
    assert external().get("/?workerId=A1").status_code == 200


def test_too_many_requests_are_told_when_to_come_back(serve):
    start = serve(settings={"participant_rate": 20})
    person = start()
    person.begin()
    codes = [person.get("/consent").status_code for _ in range(30)]
    assert codes[0] == 200
    assert codes[-1] == 429
    response = person.get("/consent")
    assert int(response.headers["retry-after"]) >= 1
    assert start().get("/").status_code == 200  # somebody else is not held up


@pytest.mark.parametrize(("rate", "send"), [
    ("client_rate", lambda p: p.get("/nowhere")),
    ("start_rate", lambda p: p.client.post("/start", data={"seal": "x"})),
    ("guess_rate", lambda p: p.get("/p/" + "0" * 32)),
    ("guess_rate", lambda p: p.client.post("/admin/login", data={"token": "guess"})),
])  # fmt: skip
def test_one_address_cannot_try_for_ever(serve, rate, send):
    person = serve(settings={rate: 5})()
    codes = [send(person).status_code for _ in range(8)]
    assert codes[-1] == 429
    assert 429 not in codes[:5]


def test_large_bodies_are_refused_announced_or_not(start):
    person = start().to_trials()
    page = person.page()
    assert person.client.post(page.action, data={"seal": "x" * 50_000}).status_code == 413

    def chunks():
        for _ in range(50):
            yield b"a" * 1000

    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert person.client.post(page.action, content=chunks(), headers=kind).status_code == 413


def test_the_description_is_served_only_when_asked_for(serve):
    assert serve()().get("/openapi.json").status_code == 404
    assert serve(settings={"describe": True})().get("/openapi.json").status_code == 200
    assert serve()().get("/docs").status_code == 404


def test_a_wrong_method_is_told_the_right_ones(start):
    client = start().client
    for path, methods in (("/trial/0", "GET, POST"), ("/admin/pause", "POST"), ("/", "GET")):
        response = client.request("DELETE", path)
        assert response.status_code == 405
        assert response.headers["allow"] == methods


def test_a_failure_of_ours_is_a_calm_page_without_a_trace(serve, monkeypatch):
    start = serve()
    person = start().to_trials()

    def broken(*args):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(start.desk.database, "read", broken)
    response = person.get("/trial/0")
    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert "nothing you answered before is lost" in response.text
    assert set(response.headers) >= NEEDED
