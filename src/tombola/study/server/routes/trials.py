"""Questions: practice with feedback, and the trials themselves. One page for all five tasks."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Response

from tombola.study.server.desk import RefusedError
from tombola.study.server.flow import stage_of
from tombola.study.server.forms import AnswerForm, known
from tombola.study.server.markdown import to_html
from tombola.study.server.plans import Place, count, last_answer, place
from tombola.study.server.responses import answers
from tombola.study.server.saving import Given, save_answer
from tombola.study.server.visit import Arriving, Visit, Visiting, go
from tombola.study.server.wording import layout
from tombola.study.trial import NEITHER

router = APIRouter()

Position = Annotated[int, Path(ge=0, le=100_000, description="place in the participant's plan, from 0")]
LOST = "That question is not one of yours."


@router.get("/practice/{position}", responses=answers(200, 303, 401, 404, 422), response_class=Response)
@router.get("/trial/{position}", responses=answers(200, 303, 401, 404, 422), response_class=Response)
async def show(visit: Visiting, position: Position) -> Response:
    """Show the question a participant has come to; any other leads there."""
    who = visit.who
    if who.stage not in ("practice", "trials") or who.position != position:
        return go(who.page)
    item = _place(visit, position)
    texts = visit.desk.study.texts
    first, total = _extent(visit)
    return visit.page(
        "trial.html",
        who.page,
        trial=item.trial,
        layout=layout(item.trial),
        practice=who.stage == "practice",
        introduction=to_html(texts["practice"].body) if who.stage == "practice" and position == first else "",
        instructions=to_html(texts["instructions"].body),
        number=position - first + 1,
        total=total,
    )


@router.post("/practice/{position}", responses=answers(303, 400, 401, 403, 404, 422, 503), response_class=Response)
async def practise(visit: Arriving, position: Position, form: Annotated[AnswerForm, Form()]) -> Response:
    """Store a practice answer, then say what was expected."""
    await _save(visit, position, form, "practice")
    return go(f"/practice/{position}/feedback")


@router.post("/trial/{position}", responses=answers(303, 400, 401, 403, 404, 422, 503), response_class=Response)
async def answer(visit: Arriving, position: Position, form: Annotated[AnswerForm, Form()]) -> Response:
    """Store an answer: it is on the disk before this responds, even while the study is being paused."""
    return go(await _save(visit, position, form, "trial"))


@router.get("/practice/{position}/feedback", responses=answers(200, 303, 401, 404, 422), response_class=Response)
async def feedback(visit: Visiting, position: Position) -> Response:
    """Say what was expected of a practice question that is answered."""
    item = visit.desk.database.read(lambda connection: place(connection, visit.who, position, visit.desk.study.trials))
    given = visit.desk.database.read(lambda connection: last_answer(connection, visit.who, position))
    if item is None or item.trial.kind != "practice" or given is None:
        return go(visit.who.page)
    key = visit.desk.study.truth[item.trial.name]
    texts = {option.value: option.text for option in item.trial.options}
    return visit.page(
        "feedback.html",
        trial=item.trial,
        layout=layout(item.trial),
        chosen=texts[given],
        right=given in key.correct if key.correct else None,
        feedback=key.feedback,
        back=visit.who.page,
    )


async def _save(visit: Visit, position: int, form: AnswerForm, path: str) -> str:
    item = _place(visit, position)
    address = f"/{path}/{position}"
    if (stage_of(item.trial.kind) == "practice") != (path == "practice") or stage_of(item.trial.kind) == "quiz":
        raise RefusedError(404, LOST)
    waited = visit.check(form.seal, address)
    if form.answer not in {option.value for option in item.trial.options}:
        raise RefusedError(422, "This question has no such answer; please choose one of those shown.")
    decisive = item.trial.confidence and form.answer != NEITHER
    given = Given(
        form.answer,
        known(form.confidence) if decisive else None,
        known(form.milliseconds),
        waited,
        known(form.focus_losses),
        known(form.width),
        known(form.height),
    )
    number, demographics = visit.who.id, visit.desk.study.demographics
    who = await visit.desk.database.write(
        lambda connection: save_answer(connection, number, position, given, demographics=demographics)
    )
    return who.page


def _place(visit: Visit, position: int) -> Place:
    found = visit.desk.database.read(lambda connection: place(connection, visit.who, position, visit.desk.study.trials))
    if found is None:
        raise RefusedError(404, LOST)
    return found


def _extent(visit: Visit) -> tuple[int, int]:
    """Return (first position, number) of the places in the stage a participant is in."""
    counted = visit.desk.database.read(lambda connection: count(connection, visit.who))
    stages = [stage_of(kind) for kind in counted]
    return stages.index(visit.who.stage), stages.count(visit.who.stage)
