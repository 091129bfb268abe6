"""The pages in a real browser: keyboard alone, a phone, dark mode, and an accessibility checker on every page."""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tombola.study.server.export import export_answers

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium to look at the pages")
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright to drive a browser")

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SCREENSHOTS = os.environ.get("TOMBOLA_SCREENSHOTS", "")
"""A folder to keep pictures of every page in, to be looked at."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def live(make_study: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A study behind a real socket; returns its address and folder."""
    import uvicorn

    from tombola.study.server.app import create_app
    from tombola.study.server.opening import Opened
    from tombola.study.server.settings import Settings

    running: list[tuple[Any, threading.Thread]] = []

    def start(**fields: Any) -> tuple[str, Any]:
        study = make_study(**fields)
        app = create_app(Opened(study), Settings(client_rate=0, start_rate=0, backup_minutes=0), "an admin token")
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.05)
        running.append((server, thread))
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", study

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(10)


class Walk:
    """Goes through a study with keys alone and shows every page to those who look."""

    def __init__(self, page: Any, address: str, look: Callable[[Any, str], None]) -> None:
        self.page, self.address, self.look = page, address, look
        self.seen: set[str] = set()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, text: str) -> None:
        for _ in range(60):
            self.press("Tab")
            if self.page.evaluate("document.activeElement.textContent.trim()") == text:
                return
        raise AssertionError(f"no Tab leads to '{text}' on {self.page.url}")

    def leave(self, *keys: str) -> None:
        with self.page.expect_navigation():
            self.press(*keys)

    def show(self) -> str:
        path = re.sub(r"\d+", "N", self.page.url.removeprefix(self.address))
        if path not in self.seen:
            self.seen.add(path)
            self.look(self.page, path)
        return path

    def whole(self) -> None:
        self.page.goto(self.address)
        self.show()
        self.tab_to("Begin")
        self.leave("Enter")
        while (path := self.show()) != "/finished":
            self.one(path)

    def one(self, path: str) -> None:
        if path == "/consent":
            self.tab_to("I agree and take part")
            self.leave("Enter")
        elif path in ("/instructions", "/about-you"):
            self.tab_to("Continue")
            self.leave("Enter")
        elif path in ("/practice/N", "/trial/N"):
            self.press("2", *(["w"] if self.page.locator(".confidence").is_visible() else []))
            self.leave("Enter")
        elif path == "/practice/N/feedback":
            self.leave("Enter")
        elif path == "/quiz":
            self.quiz()
        elif path == "/debrief":
            self.tab_to("Finish")
            self.leave("Enter")
        else:
            raise AssertionError(f"did not expect to come to {path}")

    def quiz(self) -> None:
        """Choose the right answers with Tab, arrows and the space bar."""
        for right in (0, 1, 2):
            self.press("Tab")
            while self.page.evaluate("document.activeElement.type") != "radio":
                self.press("Tab")
            self.press("Space", *(["ArrowDown"] * right))
        self.tab_to("Check my answers")
        self.leave("Enter")


def nothing(page: Any, path: str) -> None:
    pass


def keep(name: str) -> Callable[[Any, str], None]:
    def shoot(page: Any, path: str) -> None:
        if SCREENSHOTS:
            page.wait_for_load_state("networkidle")
            file = path.strip("/").replace("/", "-") or "start"
            page.screenshot(path=str(Path(SCREENSHOTS) / f"{name}-{file}.png"), full_page=True)

    return shoot


def fits(page: Any, path: str) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{path} is {wide} pixels wider than a phone"
    small = page.evaluate(
        "[...document.querySelectorAll('button, .button, label:has(input)')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 32).map(e => e.textContent)"
    )
    assert not small, f"{path} has targets too small for a finger: {small}"


def checked(page: Any, path: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    bad = [(v["id"], [n["html"] for n in v["nodes"]][:2]) for v in found if v["impact"] in ("serious", "critical")]
    assert not bad, f"{path}: {bad}"


def test_the_checker_would_find_something(browser):
    page = browser.new_page()
    page.set_content("<html><title>x</title><body><img src='a.png'><input></body></html>")
    with pytest.raises(AssertionError, match="image-alt"):
        checked(page, "/bad")
    page.close()


def both(*looks: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    def look(page: Any, path: str) -> None:
        for one in looks:
            one(page, path)

    return look


def test_a_study_can_be_done_with_the_keyboard_alone_and_every_page_is_accessible(browser, live):
    address, study = live(confidence=True, demographics=True)
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    walk = Walk(page, address, both(keep("desktop"), checked))
    walk.whole()
    assert {"/", "/consent", "/practice/N/feedback", "/quiz", "/trial/N", "/about-you", "/finished"} <= walk.seen
    assert complaints == []
    frame = export_answers(study)
    frame = frame[frame.kind != "practice"]
    assert set(frame.side) == {"right"}
    assert set(frame.confidence) == {2}
    assert (frame.seconds > 0).all()
    assert (frame.focus_losses == 0).all()
    context.close()


@pytest.mark.parametrize("task", ["recognition", "agreement", "distinction", "forward-simulation"])
def test_every_task_fits_a_phone_in_dark_mode_and_is_accessible(browser, live, task):
    address, study = live(task=task, classes=10 if task == "recognition" else 4)
    context = browser.new_context(
        viewport=PHONE, color_scheme="dark", reduced_motion="reduce", has_touch=True, is_mobile=True
    )
    page = context.new_page()
    walk = Walk(page, address, both(keep(f"phone-{task}"), fits, checked))
    page.goto(address)
    walk.tab_to("Begin")
    walk.leave("Enter")
    while (path := walk.show()) != "/quiz":
        walk.one(path)
    context.close()
    assert export_answers(study).kind.eq("practice").all()


def test_the_other_pages_are_accessible_too(browser, live):
    address, _ = live()
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    walk = Walk(page, address, nothing)
    look = both(keep("other"), checked)
    page.goto(f"{address}/no-such-page")
    look(page, "/message")
    page.goto(f"{address}/admin")
    look(page, "/login")
    page.fill("#token", "an admin token")
    page.click("text=Open")
    look(page, "/admin")
    page.goto(address)
    walk.tab_to("Begin")
    walk.leave("Enter")
    walk.one("/consent")
    walk.one("/instructions")
    page.goto(f"{address}/pause")
    look(page, "/pause")
    page.goto(f"{address}/instructions")
    look(page, "/instructions-again")
    page.goto(f"{address}/admin")
    page.click("text=Pause the study")
    look(page, "/admin-paused")
    page.goto(address)
    look(page, "/paused")
    page.goto(f"{address}/admin")
    page.click("text=Continue the study")
    page.goto(f"{address}/pause")
    page.click("text=I want to stop")
    page.click("text=Delete my answers and stop")
    look(page, "/ended")
    context.close()


def test_going_back_and_pressing_twice_store_nothing_twice(browser, live):
    address, study = live()
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    walk = Walk(page, address, nothing)
    page.goto(address)
    walk.tab_to("Begin")
    walk.leave("Enter")
    while (path := walk.show()) != "/trial/N":
        walk.one(path)
    first = page.url
    walk.one("/trial/N")
    second = page.url
    page.go_back()
    page.wait_for_url(second)  # the old page is asked for anew and leads to where we are
    assert page.url != first
    page.evaluate("document.querySelector('input[name=answer]').click()")
    page.evaluate("const f = document.getElementById('answer'); f.requestSubmit(); f.requestSubmit();")
    page.wait_for_url(lambda url: url != second)
    assert (export_answers(study).kind != "practice").sum() == 2
    context.close()


def test_focus_losses_are_counted_and_keys_can_be_switched_off(browser, live):
    address, study = live(practice=0)
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    walk = Walk(page, address, nothing)
    page.goto(address)
    walk.tab_to("Begin")
    walk.leave("Enter")
    while (path := walk.show()) != "/trial/N":
        walk.one(path)
    page.click("#shortcuts")
    page.keyboard.press("1")
    assert page.locator("input[name=answer]:checked").count() == 0
    page.click("#shortcuts")
    page.evaluate(
        "dispatchEvent(new Event('blur')); dispatchEvent(new Event('focus')); dispatchEvent(new Event('blur'))"
    )
    walk.one("/trial/N")
    assert export_answers(study).focus_losses.iloc[-1] == 2
    context.close()


def test_a_study_started_on_a_computer_goes_on_on_a_phone(browser, live):
    address, study = live()
    computer, phone = browser.new_context(viewport=DESKTOP), browser.new_context(viewport=PHONE, is_mobile=True)
    page = computer.new_page()
    walk = Walk(page, address, nothing)
    page.goto(address)
    walk.tab_to("Begin")
    walk.leave("Enter")
    while (path := walk.show()) != "/trial/N":
        walk.one(path)
    walk.one("/trial/N")
    where = page.url
    page.goto(f"{address}/pause")
    link = page.locator(".link").inner_text()
    computer.close()
    other = phone.new_page()
    other.goto(link)
    assert other.url == where
    on = Walk(other, address, both(keep("phone-pairwise"), fits))
    while (path := on.show()) != "/finished":
        on.one(path)
    phone.close()
    frame = export_answers(study)
    assert not frame.duplicated(["participant", "trial"]).any()
    assert frame.participant.nunique() == 1
