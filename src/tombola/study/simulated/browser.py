"""A simulated participant in a real browser, who reads pages as they are rendered and clicks what people click.

Drives a page of Playwright, which is a tool of tests: nothing else in Tombola needs it.
"""

import hashlib
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from tombola.study.simulated.key import Key
from tombola.study.simulated.page import Page, read_page
from tombola.study.simulated.participant import Participant
from tombola.study.simulated.requests import Accepted, Requests
from tombola.study.simulated.walker import AGREE, COOKIE, MOST_STEPS, PATIENCE, QUESTION, WalkError

LOST = "net::ERR_"
"""What Chromium says of a connection that fails."""
Look = Callable[[Any, str], None]
"""Is given the page and its path, with N in place of numbers, whenever a page has loaded."""


class BrowserWalker:
    """A participant with a browser.

    Parameters
    ----------
    page
        A page of Playwright (synchronous).
    key, who, record
        As in `tombola.study.simulated.walker.Walker`.
    look
        Called on every page: screenshots, checks.
    patience
        Seconds of trying again while the server is away.

    Attributes
    ----------
    answered
        Questions answered so far, practice included.
    """

    def __init__(
        self,
        page: Any,
        key: Key,
        who: Participant,
        record: Requests,
        look: Look | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.page, self.key, self.who, self.record, self.look = page, key, who, record, look
        self.patience, self.answered, self._address = patience, 0, ""

    def open(self, address: str) -> None:
        """Open an address, and wait for a server that is away."""
        self._address = self._address or "/".join(address.split("/")[:3])
        began = monotonic()
        while True:
            try:
                response = self.page.goto(address)
            except Exception as error:  # Playwright's own errors, which are not at hand here
                problem = str(error).splitlines()[0]
            else:
                if response is None or response.status < 500:
                    return
                problem = f"status {response.status}"
            if monotonic() - began > self.patience:
                raise WalkError(f"{address}: {problem}, for {self.patience:g} s")
            self.record.retries["browser"] += 1
            sleep(0.1)

    def walk(self, address: str = "", until: Callable[[str, int], bool] | None = None) -> str:
        """Return the completion code, or the path on which `until` (path, answers so far) held.

        Without an address the walk goes on with the page that is open.

        Raises
        ------
        WalkError
            If the pages lead nowhere.
        """
        if address:
            self.open(address)
        for _ in range(MOST_STEPS):
            path = self.path()
            if self.look is not None:
                self.look(self.page, "/".join("N" if part.isdecimal() else part for part in path.split("/")))
            page = read_page(self.page.content())
            if path == "/finished":
                return page.code
            if until is not None and until(path, self.answered):
                return path
            self._step(path, page)
        raise WalkError("the pages lead in a circle")

    def path(self) -> str:
        """Return where the browser is."""
        return str(self.page.url).removeprefix(self._address).split("?")[0]

    def _step(self, path: str, page: Page) -> None:
        question = QUESTION.fullmatch(path)
        if question:
            reply = self.who.answer(*self.key.trial(page))
            self._choose("answer", reply.choice)
            if reply.confidence is not None and self.page.locator("fieldset.confidence").is_visible():
                self._choose("confidence", str(reply.confidence))
            if self._leave("form#answer button.main"):
                self.record.accepted.append(Accepted(self._token(), int(question[2]), reply.choice))
                self.answered += 1
        elif path == "/quiz":
            attempt = int(page.hidden["attempt"])
            for name, both in self.key.questions(page).items():
                self._choose(name, self.who.quiz(*both, attempt))
            self._leave("main form button.main")
        elif ("choice", AGREE) in page.buttons:
            self._leave(f"button[value={AGREE}]")
        elif page.action:
            self._leave("main form button.main")
        elif page.onward:
            self._leave("a.button.main")
        else:
            raise WalkError(f"nothing to do on {path}: {page.heading}")

    def _choose(self, name: str, value: str) -> None:
        self.page.locator(f'label:has(input[name="{name}"][value="{value}"])').click()

    def _leave(self, what: str) -> bool:
        """Click what leads to another page; return whether the server answered. If not, come back when it does."""
        try:
            with self.page.expect_navigation():
                self.page.locator(what).first.click()
        except Exception as error:  # Playwright's own errors, which are not at hand here
            if LOST not in str(error):
                raise
            self.open(f"{self._address}/")
            return False
        return True

    def _token(self) -> bytes:
        values = [each["value"] for each in self.page.context.cookies() if COOKIE.fullmatch(each["name"])]
        return hashlib.sha256(values[0].encode()).digest()
