"""Coming in: the open link, the link from a platform, the personal link."""

import sqlite3
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response

from tombola.study.files.pseudonyms import pseudonym
from tombola.study.server.desk import Desk, RefusedError, desk_of
from tombola.study.server.forms import StartForm
from tombola.study.server.participants import Participant, begin, by_token
from tombola.study.server.responses import answers
from tombola.study.server.tokens import TOKEN, new_token, seal, shown_at
from tombola.study.server.visit import FORGED, STRANGER, PausedError, go

router = APIRouter()

PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"
"""What MTurk says while a worker only looks."""
NEEDED = {
    "invited": "This study is by invitation: please open the personal link that you were sent.",
    "external": "Please start this study from the platform where you found it; its link carries what we need.",
}

External = Annotated[str, Query(max_length=200, description="id that a platform gave; never stored, only a pseudonym")]


@router.get("/", responses=answers(200, 303, 403, 422), response_class=Response)
async def welcome(
    request: Request,
    prolific: Annotated[External, Query(alias="PROLIFIC_PID")] = "",
    worker: Annotated[External, Query(alias="workerId")] = "",
    assignment: Annotated[External, Query(alias="assignmentId")] = "",
    participant: External = "",
) -> Response:
    """Show the first page, or go on where this browser stopped."""
    desk = desk_of(request)
    external = "" if assignment == PREVIEW else (prolific or worker or participant).strip()
    who = _known(desk, request.cookies.get(desk.cookie, ""))
    # another person on the same browser brings another id, and starts afresh
    if who is not None and (not external or who.pseudonym == pseudonym(external, desk.study.salt)):
        return go(who.page)
    if desk.paused:
        raise PausedError
    _admit(desk, external)
    visit = request.cookies.get(desk.visit_cookie, "")
    fresh = "" if TOKEN.fullmatch(visit) else new_token()
    sealed = seal(desk.secret, fresh or visit, "/start")
    response = desk.page("start.html", external=external, form="/start", seal=sealed)
    if fresh:
        desk.set_cookie(response, desk.visit_cookie, fresh)
    return response


@router.post("/start", responses=answers(303, 400, 403, 422, 503), response_class=Response)
async def start(request: Request, form: Annotated[StartForm, Form()]) -> Response:
    """Make a participant; somebody whom a platform sent before goes on as the same."""
    desk = desk_of(request)
    if shown_at(form.seal, desk.secret, request.cookies.get(desk.visit_cookie, ""), "/start") is None:
        raise RefusedError(403, FORGED)
    if desk.paused:
        raise PausedError
    external = form.external.strip()
    _admit(desk, external)
    known = _known(desk, request.cookies.get(desk.cookie, ""))
    name = pseudonym(external, desk.study.salt) if external else None
    if known is not None and name in (None, known.pseudonym):  # the button pressed twice
        return go(known.page)
    token = new_token()

    def make(connection: sqlite3.Connection) -> Participant:
        return begin(connection, token, desk.settings.batch, name)

    response = go((await desk.database.write(make)).page)
    desk.set_cookie(response, desk.cookie, token)
    return response


@router.get("/p/{token}", responses=answers(303, 401, 422), response_class=Response)
async def personal(request: Request, token: Annotated[str, Path(max_length=100)]) -> Response:
    """Go on at any device by personal link; the token leaves the address bar at once."""
    desk = desk_of(request)
    who = _known(desk, token)
    if who is None:
        client = request.client.host if request.client else "unknown"
        if wait := desk.limits.spend("guess", client):
            raise RefusedError(429, "That was too often. Please try again later.", {"Retry-After": str(int(wait) + 1)})
        raise RefusedError(401, STRANGER)
    response = go(who.page)
    desk.set_cookie(response, desk.cookie, token)
    return response


def _known(desk: Desk, token: str) -> Participant | None:
    if not TOKEN.fullmatch(token):
        return None
    return desk.database.read(lambda connection: by_token(connection, token))


def _admit(desk: Desk, external: str) -> None:
    access = desk.settings.access
    if access == "invited" or (access == "external" and not external):
        raise RefusedError(403, NEEDED[access])
