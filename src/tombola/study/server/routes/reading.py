"""Pages to read: consent, instructions, the way out, and the page of those who are not (any more) taking part."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from tombola.study.server.forms import ConsentForm, Sent
from tombola.study.server.markdown import to_html
from tombola.study.server.participants import decline, step
from tombola.study.server.plans import consent
from tombola.study.server.responses import answers
from tombola.study.server.saving import withdraw
from tombola.study.server.visit import Arriving, Visiting, go

router = APIRouter()


@router.get("/consent", responses=answers(200, 303, 401), response_class=Response)
async def show_consent(visit: Visiting) -> Response:
    """Ask for consent."""
    if visit.who.stage != "consent":
        return go(visit.who.page)
    text = visit.desk.study.texts["consent"]
    return visit.page("consent.html", "/consent", heading=text.title, text=to_html(text.body))


@router.post("/consent", responses=answers(303, 400, 401, 403, 422, 503), response_class=Response)
async def give_consent(visit: Visiting, form: Annotated[ConsentForm, Form()]) -> Response:
    """Store the decision; whoever agrees gets a place."""
    visit.check(form.seal, "/consent")
    number, desk = visit.who.id, visit.desk
    if form.choice == "decline":
        return go((await desk.database.write(lambda connection: decline(connection, number))).page)
    return go((await desk.database.write(lambda connection: consent(connection, number, desk.study))).page)


@router.get("/instructions", responses=answers(200, 303, 401), response_class=Response)
async def show_instructions(visit: Visiting) -> Response:
    """Show the instructions: first time, and again whenever somebody wants to read them."""
    if visit.who.stage not in ("instructions", "practice", "quiz", "trials"):
        return go(visit.who.page)
    text = visit.desk.study.texts["instructions"]
    first = visit.who.stage == "instructions"
    form = "/instructions" if first else ""
    return visit.page("instructions.html", form, heading=text.title, text=to_html(text.body), back=visit.who.page)


@router.post("/instructions", responses=answers(303, 400, 401, 403, 422, 503), response_class=Response)
async def read_instructions(visit: Visiting, form: Annotated[Sent, Form()]) -> Response:
    """Go on after reading."""
    visit.check(form.seal, "/instructions")
    number, asked = visit.who.id, visit.desk.study.demographics
    who = await visit.desk.database.write(
        lambda connection: step(connection, number, "instructions", demographics=asked)
    )
    return go(who.page)


@router.get("/pause", responses=answers(200, 303, 401), response_class=Response)
async def pause(request: Request, visit: Visiting) -> Response:
    """A page without pictures: the clock stands still, and the personal link continues on any device."""
    if visit.who.stage not in ("instructions", "practice", "quiz", "trials", "demographics"):
        return go(visit.who.page)
    address = visit.desk.settings.address or str(request.base_url)
    link = f"{address.rstrip('/')}/p/{visit.token}"
    return visit.page("pause.html", "/withdraw", back=visit.who.page, link=link)


@router.post("/withdraw", responses=answers(303, 400, 401, 403, 422, 503), response_class=Response)
async def leave(visit: Visiting, form: Annotated[Sent, Form()]) -> Response:
    """Stop taking part: the answers are removed, the places return to the pool."""
    visit.check(form.seal, "/withdraw")
    number = visit.who.id
    if visit.who.stage == "done":
        return go(visit.who.page)
    return go((await visit.desk.database.write(lambda connection: withdraw(connection, number))).page)


@router.get("/ended", responses=answers(200, 303, 401), response_class=Response)
async def ended(visit: Arriving) -> Response:
    """Tell somebody who does not go on why, and thank them."""
    if visit.who.page != "/ended":
        return go(visit.who.page)
    return visit.page("ended.html", reason=visit.who.stage)
