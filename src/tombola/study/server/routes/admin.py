"""The page for whoever runs the study: counts, pause, backup, completion codes. Behind a token."""

import asyncio
import csv
import hashlib
import hmac
import io
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import JSONResponse

from tombola.study.server.backup import periodic_backup
from tombola.study.server.counts import Counts, count
from tombola.study.server.desk import Desk, RefusedError, desk_of
from tombola.study.server.forms import Sent, TokenForm
from tombola.study.server.responses import Documented, answers
from tombola.study.server.tokens import seal, shown_at
from tombola.study.server.visit import FORGED, go

router = APIRouter(prefix="/admin")

JSON: Documented = {200: {"description": "The counts", "content": {"application/json": {"schema": {"type": "object"}}}}}
CSV: Documented = {200: {"description": "The codes", "content": {"text/csv": {"schema": {"type": "string"}}}}}
SHUT = "The admin page opens with the token that the server printed when it started."


async def admitted(request: Request) -> Desk:
    """Return the desk if the request carries the admin's cookie.

    Raises
    ------
    RefusedError
        If it does not.
    """
    desk = desk_of(request)
    shown = request.cookies.get(desk.admin_cookie, "")
    if not hmac.compare_digest(shown.encode(), _pass(desk).encode()):
        raise RefusedError(401, SHUT)
    return desk


Admitted = Annotated[Desk, Depends(admitted)]


@router.get("", responses=answers(200), response_class=Response)
async def overview(request: Request) -> Response:
    """Show the counts, or ask for the token."""
    desk = desk_of(request)
    shown = request.cookies.get(desk.admin_cookie, "")
    if not hmac.compare_digest(shown.encode(), _pass(desk).encode()):
        return desk.page("admin_login.html", form="/admin/login", seal="")
    sealed = {name: seal(desk.secret, _pass(desk), f"/admin/{name}") for name in ("pause", "backup")}
    return desk.page("admin.html", counts=_counts(desk), paused=desk.paused, seals=sealed, batch=desk.settings.batch)


@router.post("/login", responses=answers(303, 400, 401, 422), response_class=Response)
async def login(request: Request, form: Annotated[TokenForm, Form()]) -> Response:
    """Exchange the token for a cookie; compared in constant time, and not too often."""
    desk = desk_of(request)
    if not hmac.compare_digest(form.token.strip().encode(), desk.admin_token.encode()):
        client = request.client.host if request.client else "unknown"
        if wait := desk.limits.spend("guess", client):
            raise RefusedError(429, "That was too often. Please try again later.", {"Retry-After": str(int(wait) + 1)})
        raise RefusedError(401, SHUT)
    response = go("/admin")
    desk.set_cookie(response, desk.admin_cookie, _pass(desk), path="/admin", strict=True)
    return response


@router.get("/counts", responses=JSON | answers(401))
async def counts(desk: Admitted) -> JSONResponse:
    """Return the live counts."""
    return JSONResponse(_plain(_counts(desk)) | {"paused": desk.paused})


@router.post("/pause", responses=answers(303, 400, 401, 403, 422, 503), response_class=Response)
async def pause(desk: Admitted, form: Annotated[Sent, Form()]) -> Response:
    """Pause the study, or let it go on."""
    _check(desk, form.seal, "/admin/pause")
    await desk.database.write(
        lambda connection: connection.execute(
            "UPDATE meta SET value = CASE value WHEN '0' THEN '1' ELSE '0' END WHERE name = 'paused'"
        )
    )
    return go("/admin")


@router.post("/backup", responses=answers(200, 400, 401, 403, 422), response_class=Response)
async def backup(desk: Admitted, form: Annotated[Sent, Form()]) -> Response:
    """Make a safe copy of the answers now."""
    _check(desk, form.seal, "/admin/backup")
    made = await asyncio.to_thread(periodic_backup, desk.database.path, desk.settings.backups_kept)
    return desk.page("message.html", heading="Backup made", sentence=f"backups/{made.name}", back="/admin")


@router.get(
    "/codes.csv",
    responses=CSV | answers(401),
    response_class=Response,
)
async def codes(desk: Admitted) -> Response:
    """Return who finished and with which code, to pay them."""
    rows = desk.database.read(
        lambda connection: connection.execute(
            "SELECT pseudonym, batch, code FROM participants WHERE stage = 'done' ORDER BY pseudonym"
        ).fetchall()
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("participant", "batch", "code"))
    writer.writerows((row[0], row[1], row[2] or desk.settings.completion_code) for row in rows)
    return Response(text.getvalue(), media_type="text/csv")


def _pass(desk: Desk) -> str:
    return hashlib.sha256(f"admin|{desk.label}|{desk.admin_token}".encode()).hexdigest()


def _counts(desk: Desk) -> Counts:
    return desk.database.read(lambda connection: count(connection, desk.study, desk.settings.batch))


def _plain(counted: Counts) -> dict[str, object]:
    """Tables as lists of pairs: objects of JSON would order numbers in a way of their own."""
    return asdict(counted) | {"stages": list(counted.stages.items()), "cells": list(counted.cells.items())}


def _check(desk: Desk, sealed: str, path: str) -> None:
    if shown_at(sealed, desk.secret, _pass(desk), path) is None:
        raise RefusedError(403, FORGED)
