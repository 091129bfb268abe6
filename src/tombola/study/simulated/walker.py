"""One simulated participant on the real pages: from the first page to the completion code, through forms alone."""

import asyncio
import hashlib
import re
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

from tombola.errors import TombolaError
from tombola.study.simulated.key import Key
from tombola.study.simulated.page import Page, read_page
from tombola.study.simulated.participant import Participant
from tombola.study.simulated.requests import Accepted, Requests

if TYPE_CHECKING:
    import httpx

PATIENCE = 60.0
"""Seconds a participant keeps trying while the server is away or asks to wait."""
PAUSES = (0.05, 0.1, 0.2, 0.5)
COOKIE = re.compile(r"tombola_[0-9a-f]{8}")
LATER = (429, 503)
QUESTION = re.compile(r"/(practice|trial)/(\d+)")
MOST_STEPS = 100_000
LEFT, AGREE = "left", "agree"
WINDOW = (1280, 800)


class WalkError(Exception):
    """A walk that cannot go on: the server refused something that a participant would not expect."""


class Walker:
    """A participant with a browser of their own.

    Parameters
    ----------
    client
        An HTTP client with cookies of its own and the address of the server as base.
    key
        The key of the study: how simulated participants know what they see.
    who
        The participant.
    record
        Where requests and confirmed answers are recorded.
    leaves_after
        Questions after which they close the browser; None: never.
    pace
        Part of their response times that is really waited.
    patience
        Seconds of trying again while the server is away.

    Attributes
    ----------
    answered, finished
        Questions answered so far; whether the completion code was reached.
    """

    def __init__(
        self,
        client: "httpx.AsyncClient",
        key: Key,
        who: Participant,
        record: Requests,
        *,
        leaves_after: int | None = None,
        pace: float = 0.0,
        patience: float = PATIENCE,
    ) -> None:
        self.client, self.key, self.who, self.record = client, key, who, record
        self.leaves_after, self.pace, self.patience = leaves_after, pace, patience
        self.answered, self.finished = 0, False
        self._fetched: set[str] = set()

    async def walk(self, address: str = "/") -> str:
        """Return the completion code, or ``left``, or the heading of the page on which it ended otherwise.

        Raises
        ------
        WalkError
            If the server refuses something, or stays away for too long.
        TombolaError
            If it serves another study.
        """
        path, page = await self._open("GET", address)
        for _ in range(MOST_STEPS):
            await self._fetch(page)
            if path == "/finished":
                self.finished = True
                return page.code
            if self.leaves_after is not None and self.answered >= self.leaves_after:
                return LEFT
            if page.action:
                path, page = await self._open("POST", page.action, await self._fill(page))
            elif page.onward and path != "/ended":
                path, page = await self._open("GET", page.onward)
            else:
                return page.heading
        raise WalkError("the pages lead in a circle")

    async def _fill(self, page: Page) -> dict[str, str]:
        """Return what this participant sends from a page."""
        data = dict(page.hidden)
        if QUESTION.fullmatch(page.action):
            reply = self.who.answer(*self.key.trial(page))
            data |= {"answer": reply.choice, "milliseconds": str(round(1000 * reply.seconds))}
            data |= {"focus_losses": str(reply.focus_losses), "width": str(WINDOW[0]), "height": str(WINDOW[1])}
            if reply.confidence is not None and "confidence" in page.radio:
                data["confidence"] = str(reply.confidence)
            await asyncio.sleep(self.pace * reply.seconds)
        elif page.action == "/quiz":
            attempt = int(page.hidden["attempt"])
            data |= {name: self.who.quiz(*both, attempt) for name, both in self.key.questions(page).items()}
        elif ("choice", AGREE) in page.buttons:
            data["choice"] = AGREE
        else:
            data |= page.checked
        return data

    async def _open(self, method: str, address: str, data: dict[str, str] | None = None) -> tuple[str, Page]:
        """Send a request and follow where it leads; return the path and page at the end."""
        response = await self._ask(method, address, data)
        question = QUESTION.fullmatch(address)
        if data is not None and question and response.headers.get("location", "/ended") != "/ended":
            self.record.accepted.append(Accepted(self._token(), int(question[2]), data["answer"]))
            self.answered += 1
        while response.is_redirect:
            address = response.headers["location"]
            response = await self._ask("GET", address)
        return address.split("?")[0], read_page(response.text)

    async def _fetch(self, page: Page) -> None:
        """Load what a browser would load with a page, once."""
        for address in (*page.assets, *page.pictures):
            if address not in self._fetched:
                self._fetched.add(address)
                await self._ask("GET", address)

    async def _ask(self, method: str, address: str, data: dict[str, str] | None = None) -> "httpx.Response":
        """Return the response to a request, which is sent again while the server is away or asks to wait."""
        import httpx

        began, tries = monotonic(), 0
        while True:
            start = perf_counter()
            try:
                response = await self.client.request(method, address, data=data)
            except httpx.TransportError as error:
                why, wait = "connection lost", PAUSES[min(tries, len(PAUSES) - 1)]
                problem = f"{method} {address}: {type(error).__name__}"
            else:
                self.record.took(method, address, perf_counter() - start)
                if response.status_code not in LATER:
                    break
                why, wait = f"status {response.status_code}", float(response.headers.get("retry-after", 1))
                problem = f"{method} {address}: {response.status_code}"
            tries += 1
            if monotonic() - began + wait > self.patience:
                self.record.errors[problem.split(":")[1].strip()] += 1
                raise WalkError(f"{problem}, for {self.patience:g} s")
            self.record.retries[why] += 1
            await asyncio.sleep(wait)
        if response.status_code >= 400:
            self.record.errors[str(response.status_code)] += 1
            raise WalkError(f"{method} {address}: {response.status_code}, {read_page(response.text).heading}")
        return response

    def _token(self) -> bytes:
        for cookie in self.client.cookies.jar:
            if COOKIE.fullmatch(cookie.name) and cookie.value:
                return hashlib.sha256(cookie.value.encode()).digest()
        raise TombolaError("the server gave no token: is it the server of a study?")
