import html
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tombola.study.design.folder import Study, open_study

pytest.importorskip("fastapi", reason="the study's server needs the extra study")

from fastapi.testclient import TestClient

from tombola.study.design.synthetic import synthetic_study
from tombola.study.server.app import create_app
from tombola.study.server.opening import Opened
from tombola.study.server.settings import Settings

SMALL = {"classes": 4, "images_per_class": 1, "raters": 2, "cap": 4, "gold": 1, "repeats": 1, "practice": 1}
UNLIMITED = {"participant_rate": 0, "client_rate": 0, "start_rate": 0, "guess_rate": 0, "backup_minutes": 0}
ADMIN = "an admin token for tests"


class Page(HTMLParser):
    """A page as a browser without script sees it: its one form with fields, radio groups and pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.action = ""
        self.hidden: dict[str, str] = {}
        self.radio: dict[str, list[str]] = {}
        self.buttons: list[tuple[str, str]] = []
        self.pictures: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = values["action"]
        elif tag == "input" and values.get("type") == "hidden":
            self.hidden[values["name"]] = values["value"]
        elif tag == "input" and values.get("type") == "radio":
            self.radio.setdefault(values["name"], []).append(values["value"])
        elif tag == "button" and "name" in values:
            self.buttons.append((values["name"], values["value"]))
        elif tag == "img":
            self.pictures.append(values["src"])


class Person:
    """Somebody who takes part through the pages alone, as a browser without script does."""

    def __init__(self, client: Any, study: Study | None = None) -> None:
        self.client, self.study = client, study
        self.sent: list[tuple[str, dict[str, str]]] = []

    def get(self, address: str) -> Any:
        return self.client.get(address, follow_redirects=True)

    def page(self, address: str = "/") -> Page:
        return Page(self.get(address).text)

    def send(self, page: Page, follow: bool = False, **fields: Any) -> Any:
        data = page.hidden | {name: str(value) for name, value in fields.items()}
        self.sent.append((page.action, data))
        return self.client.post(page.action, data=data, follow_redirects=follow)

    def begin(self, link: str = "/") -> "Person":
        assert self.send(self.page(link)).status_code == 303
        return self

    def to_practice(self, link: str = "/") -> "Person":
        self.begin(link)
        self.send(self.page(), choice="agree")
        self.send(self.page())
        return self

    def answer(self, page: Page, choice: int = 0, **fields: Any) -> Any:
        return self.send(page, answer=page.radio["answer"][choice], **fields)

    def to_trials(self, link: str = "/") -> "Person":
        self.to_practice(link)
        while (page := self.page()).action.startswith("/practice"):
            self.answer(page)
        self.quiz()
        return self

    def quiz(self, right: bool = True) -> Any:
        page = self.page("/quiz")
        assert self.study is not None
        asked = [name for name, trial in self.study.trials.items() if trial.kind == "quiz"]
        key = {self.study.trials[name].heading: self.study.truth[name].correct[0] for name in asked}
        order = [html.unescape(text) for text in re.findall(r"<legend>(.+?)</legend>", page.text)]
        values = {field: key[heading] for field, heading in zip(page.radio, order, strict=True)}
        if not right:
            first = next(iter(values))
            values[first] = next(value for value in page.radio[first] if value != values[first])
        return self.send(page, **values)

    def through_trials(self, choose: Callable[[int], int] = lambda number: 0) -> "Person":
        number = 0
        while (page := self.page()).action.startswith("/trial"):
            assert self.answer(page, choose(number) % len(page.radio["answer"])).status_code == 303
            number += 1
        return self

    def to_the_end(self) -> str:
        page = self.page()
        if page.action == "/about-you":
            self.send(page, age="30 to 44")
            page = self.page()
        assert page.action == "/debrief"
        self.send(page)
        return re.search(r"<code>(\w+)</code>", self.get("/").text)[1]


@pytest.fixture(scope="session")
def _designed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    made: dict[str, Path] = {}

    def design(**fields: Any) -> Path:
        key = repr(sorted(fields.items()))
        if key not in made:
            made[key] = tmp_path_factory.mktemp("designed") / "study"
            synthetic_study(made[key], **(SMALL | fields))
        return made[key]

    return design


@pytest.fixture
def make_study(_designed: Callable[..., Path], tmp_path: Path) -> Callable[..., Study]:
    """Make a study folder of one's own: a copy of one that is designed once."""

    def make(**fields: Any) -> Study:
        number = len(list(tmp_path.glob("study-*")))
        return open_study(shutil.copytree(_designed(**fields), tmp_path / f"study-{number}"))

    return make


@pytest.fixture
def serve(make_study: Callable[..., Study]) -> Iterator[Callable[..., Any]]:
    """Serve a study in this process: returns a function that makes people, with `app` and `study` as attributes."""
    opened: list[TestClient] = []

    def start(
        study: Study | None = None, settings: dict[str, Any] | None = None, **fields: Any
    ) -> Callable[[], Person]:
        found = study or make_study(**fields)
        app = create_app(Opened(found), Settings(**(UNLIMITED | (settings or {}))), ADMIN)
        first = TestClient(app)
        first.__enter__()
        opened.append(first)

        def person() -> Person:
            return Person(TestClient(app), found)

        person.app, person.study, person.desk = app, found, app.state.desk
        return person

    yield start
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def person_type() -> type[Person]:
    """For those who bring a client of their own."""
    return Person
