"""What every route works with: the study, its database, its settings, and the way pages are made."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from tombola.study.server.database import Database, meta
from tombola.study.server.limits import Limits
from tombola.study.server.participants import by_id
from tombola.study.server.plans import places
from tombola.study.server.rendering import fill
from tombola.study.server.served import ServedStudy
from tombola.study.server.settings import Settings


class RefusedError(Exception):
    """A request that gets a page with one sentence instead of what it asked for."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, headers or {}


@dataclass(frozen=True)
class Desk:
    """One served study.

    Attributes
    ----------
    study, database, settings, limits
        What is served, where answers go, and how.
    secret
        What forms are sealed with.
    label
        Part of the names of cookies: several studies on one host do not disturb each other.
    admin_token
        What opens the admin page.
    pictures_of
        Participant -> names of the pictures in their plan.
    """

    study: ServedStudy
    database: Database
    settings: Settings
    limits: Limits
    secret: str
    label: str
    admin_token: str
    pictures_of: Callable[[int], frozenset[str]] = field(repr=False)

    @property
    def cookie(self) -> str:
        """Name of the cookie with a participant's token."""
        return f"tombola_{self.label}"

    @property
    def visit_cookie(self) -> str:
        """Name of the cookie that ties the first form to the browser it was shown in."""
        return f"tombola_visit_{self.label}"

    @property
    def admin_cookie(self) -> str:
        """Name of the cookie that opens the admin page."""
        return f"tombola_admin_{self.label}"

    @property
    def paused(self) -> bool:
        """Whether the study is paused."""
        return self.database.read(lambda connection: meta(connection, "paused")) == "1"

    def page(self, template: str, status: int = 200, headers: dict[str, str] | None = None, **content: Any) -> Response:
        """Return a page of the study."""
        text = fill(template, study_title=self.study.title, **content)
        return HTMLResponse(text, status_code=status, headers=headers)

    def set_cookie(self, response: Response, name: str, value: str, *, path: str = "/", strict: bool = False) -> None:
        """Set a cookie that no script can read."""
        response.set_cookie(
            name,
            value,
            max_age=30 * 24 * 3600,
            path=path,
            httponly=True,
            secure=self.settings.secure,
            samesite="strict" if strict else "lax",
        )


def open_desk(study: ServedStudy, settings: Settings, admin_token: str) -> Desk:
    """Open a study for serving: its database is made or continued."""
    database = Database(study.folder / "answers.sqlite")
    secret, label = database.read(lambda connection: (meta(connection, "secret"), meta(connection, "study")[:8]))
    rates = {
        "client": settings.client_rate,
        "participant": settings.participant_rate,
        "start": settings.start_rate,
        "guess": settings.guess_rate,
    }

    known: dict[int, frozenset[str]] = {}

    def pictures_of(number: int) -> frozenset[str]:
        if number not in known:
            found = database.read(lambda connection: _pictures(connection, number, study))
            if not found:  # no plan yet: ask again next time
                return found
            known[number] = found
        return known[number]

    return Desk(study, database, settings, Limits(rates), secret, label, admin_token, pictures_of)


def _pictures(connection: sqlite3.Connection, number: int, study: ServedStudy) -> frozenset[str]:
    plan = places(connection, by_id(connection, number), study.trials)
    return frozenset(picture.name for place in plan for picture in place.trial.pictures)


def desk_of(request: Request) -> Desk:
    """Return the desk of the application that a request came to."""
    desk: Desk = request.app.state.desk
    return desk
