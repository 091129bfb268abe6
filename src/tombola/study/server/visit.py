"""One request of one participant: who it is, whether they are where they think, and forms that are really theirs."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from tombola.study.server.database import now
from tombola.study.server.desk import Desk, RefusedError, desk_of
from tombola.study.server.participants import Participant, by_token
from tombola.study.server.timeouts import return_from_silence
from tombola.study.server.tokens import TOKEN, seal, shown_at

STRANGER = "We do not know this browser yet: please open your personal link, or the link of the study, again."
FORGED = "This form is not one of ours, or it is too old: please go back to the study and try again."
PAUSED_REFRESH = "30"


class PausedError(Exception):
    """The study is paused; participants see a page that says so."""


class Visit:
    """A participant at the desk.

    Parameters
    ----------
    desk
        The served study.
    who
        The participant.
    token
        What they came with.
    """

    def __init__(self, desk: Desk, who: Participant, token: str) -> None:
        self.desk, self.who, self.token = desk, who, token

    def page(self, template: str, form: str = "", status: int = 200, **content: Any) -> Response:
        """Return a page whose form, if it has one, is sent to the path `form`."""
        sealed = seal(self.desk.secret, self.token, form) if form else ""
        return self.desk.page(template, status, form=form, seal=sealed, **content)

    def check(self, sealed: str, form: str) -> float:
        """Return how many seconds ago the page of a form was made.

        Raises
        ------
        RefusedError
            If the form was not made by us for this participant.
        """
        shown = shown_at(sealed, self.desk.secret, self.token, form)
        if shown is None:
            raise RefusedError(403, FORGED)
        return max(0.0, now() - shown)


def go(address: str) -> Response:
    """Return the redirect that follows every form, so that going back never sends one again."""
    return RedirectResponse(address, status_code=303)


async def arriving(request: Request) -> Visit:
    """Return the participant who sent a request, whether or not the study is paused.

    Raises
    ------
    RefusedError
        If nobody holds the token.
    """
    desk = desk_of(request)
    token = request.cookies.get(desk.cookie, "")
    who = desk.database.read(lambda connection: by_token(connection, token)) if TOKEN.fullmatch(token) else None
    if who is None:
        raise RefusedError(401, STRANGER)
    if who.stage == "expired":
        number = who.id
        who = await desk.database.write(lambda connection: return_from_silence(connection, number))
    return Visit(desk, who, token)


async def visiting(visit: Annotated[Visit, Depends(arriving)]) -> Visit:
    """Return the participant who asks for a page.

    Raises
    ------
    PausedError
        If the study is paused, except for those who are through.
    """
    if visit.who.stage != "done" and visit.desk.paused:
        raise PausedError
    return visit


Arriving = Annotated[Visit, Depends(arriving)]
Visiting = Annotated[Visit, Depends(visiting)]
