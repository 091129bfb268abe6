"""The application: routes, limits, and one calm page for everything that goes wrong."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from tombola.errors import TombolaError
from tombola.study.server.backup import periodic_backup
from tombola.study.server.blinding import check_public
from tombola.study.server.database import NotSavedError
from tombola.study.server.desk import Desk, RefusedError, open_desk
from tombola.study.server.middleware import Guard, Refuse
from tombola.study.server.routes import admin, closing, files, quiz, reading, start, trials
from tombola.study.server.served import ServedStudy
from tombola.study.server.settings import Settings
from tombola.study.server.timeouts import expire
from tombola.study.server.visit import PausedError

logger = logging.getLogger("tombola.study")

SWEEP_SECONDS = 20.0
ROUTES = (files, start, reading, trials, quiz, closing, admin)
HEADINGS = {
    401: "Who are you?",
    403: "This is not open",
    404: "There is no such page",
    405: "That is not possible here",
    413: "Too much",
    422: "That does not fit",
    429: "Too fast",
    503: "Not saved",
}
SENTENCES = {
    400: "What was sent cannot be read.",
    404: "There is no such page; go back to the study to continue.",
    405: "This page cannot be used like that; go back to the study to continue.",
}


def create_app(study: ServedStudy, settings: Settings | None = None, admin_token: str = "") -> FastAPI:
    """Return the web application of a study.

    Parameters
    ----------
    study
        What is served; see `tombola.study.server.opening.serveable`.
    settings
        How.
    admin_token
        What opens the admin page; a random one if empty.

    Raises
    ------
    TombolaError
        If the database cannot be used, or the pictures could be told apart by their names or sizes.
    """
    settings = settings or Settings()
    check_public(study)
    desk = open_desk(study, settings, admin_token or secrets.token_urlsafe(24))

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        chores = [asyncio.create_task(_sweep(desk))]
        if settings.backup_minutes > 0:
            chores.append(asyncio.create_task(_back_up(desk)))
        yield
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await asyncio.to_thread(desk.database.close)

    app = FastAPI(
        title="Tombola study",
        description="A study: forms and pages. Participants are known by a cookie with a random token.",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.describe else None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.desk = desk
    for routes in ROUTES:
        app.include_router(routes.router)

    def page(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
        heading = HEADINGS.get(status, "Something went wrong")
        return desk.page("message.html", status, headers, heading=heading, sentence=sentence, back="/")

    _handle_errors(app, desk, page)
    app.add_middleware(
        Guard,
        limits=desk.limits,
        body_limit=settings.body_limit,
        cookie=desk.cookie,
        secure=settings.secure,
        refuse=page,
    )
    return app


def _handle_errors(app: FastAPI, desk: Desk, page: Refuse) -> None:
    @app.exception_handler(RefusedError)
    async def refused(request: Request, error: RefusedError) -> Response:
        return page(error.status, error.sentence, error.headers)

    @app.exception_handler(PausedError)
    async def paused(request: Request, error: PausedError) -> Response:
        return desk.page("paused.html", back="/")

    @app.exception_handler(NotSavedError)
    async def not_saved(request: Request, error: NotSavedError) -> Response:
        logger.error("the database refused a transaction: %s", error)
        sentence = (
            "This could not be saved, and nothing of it was stored. Please go back and send it again in a moment."
        )
        return page(503, sentence, {"Retry-After": "10"})

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or "the form"
        return page(422, f"What was sent as '{field[:100]}' does not fit: {first['msg']}.", {})

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(request.url.path))
        return page(error.status_code, SENTENCES.get(error.status_code, str(error.detail)), headers)


def _methods(path: str) -> list[str]:
    """Return what can be done at a path: several routes share one."""
    found = [route for routes in ROUTES for route in routes.router.routes if isinstance(route, APIRoute)]
    return sorted({method for route in found if route.path_regex.fullmatch(path) for method in route.methods or ()})


async def _sweep(desk: Desk) -> None:
    """Let places of silent participants return, again and again."""
    minutes = desk.study.slot_minutes
    while True:
        with contextlib.suppress(NotSavedError):  # the next round tries again
            await desk.database.write(lambda connection: expire(connection, minutes))
        await asyncio.sleep(SWEEP_SECONDS)


async def _back_up(desk: Desk) -> None:
    while True:
        await asyncio.sleep(desk.settings.backup_minutes * 60)
        try:
            await asyncio.to_thread(periodic_backup, desk.database.path, desk.settings.backups_kept)
        except TombolaError as error:
            logger.error("%s", error)
