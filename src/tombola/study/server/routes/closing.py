"""The end: optional questions about the participant, debriefing, completion code."""

from typing import Annotated, get_args

from fastapi import APIRouter, Form, Response

from tombola.study.server.forms import AboutYouForm, Age, Background, Colours, Device, Sent
from tombola.study.server.markdown import to_html
from tombola.study.server.participants import step
from tombola.study.server.responses import answers
from tombola.study.server.saving import save_demographics
from tombola.study.server.visit import Visiting, go

router = APIRouter()

QUESTIONS = (
    ("age", "How old are you?", Age),
    ("background", "How familiar are you with artificial intelligence or machine learning?", Background),
    ("colours", "Do you have difficulty telling colours apart?", Colours),
    ("device", "What did you take part on?", Device),
)


@router.get("/about-you", responses=answers(200, 303, 401), response_class=Response)
async def about_you(visit: Visiting) -> Response:
    """Ask a few coarse questions that nobody has to answer."""
    if visit.who.stage != "demographics":
        return go(visit.who.page)
    asked = [(name, text, get_args(kind)) for name, text, kind in QUESTIONS]
    return visit.page("about.html", "/about-you", questions=asked)


@router.post("/about-you", responses=answers(303, 400, 401, 403, 422, 503), response_class=Response)
async def save_about_you(visit: Visiting, form: Annotated[AboutYouForm, Form()]) -> Response:
    """Store what was said."""
    visit.check(form.seal, "/about-you")
    number = visit.who.id
    said = {name: getattr(form, name) for name, _, _ in QUESTIONS}
    return go((await visit.desk.database.write(lambda connection: save_demographics(connection, number, said))).page)


@router.get("/debrief", responses=answers(200, 303, 401), response_class=Response)
async def debrief(visit: Visiting) -> Response:
    """Tell what the study was about."""
    if visit.who.stage != "debrief":
        return go(visit.who.page)
    text = visit.desk.study.texts["debrief"]
    return visit.page("debrief.html", "/debrief", heading=text.title, text=to_html(text.body))


@router.post("/debrief", responses=answers(303, 400, 401, 403, 422, 503), response_class=Response)
async def debriefed(visit: Visiting, form: Annotated[Sent, Form()]) -> Response:
    """Finish: the completion code is made here."""
    visit.check(form.seal, "/debrief")
    number, code = visit.who.id, visit.desk.settings.completion_code
    who = await visit.desk.database.write(
        lambda connection: step(connection, number, "debrief", demographics=False, code=code)
    )
    return go(who.page)


@router.get("/finished", responses=answers(200, 303, 401), response_class=Response)
async def finished(visit: Visiting) -> Response:
    """Show the completion code."""
    if visit.who.stage != "done":
        return go(visit.who.page)
    settings = visit.desk.settings
    text = visit.desk.study.texts["debrief"]
    return visit.page(
        "finished.html",
        code=settings.completion_code or visit.who.code or "",
        address=settings.return_address,
        debrief=to_html(text.body),
    )
