"""The comprehension quiz: all questions on one page, a limited number of tries."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from tombola.study.server.desk import RefusedError
from tombola.study.server.flow import stage_of
from tombola.study.server.forms import QuizForm
from tombola.study.server.plans import Place, last_answer, places
from tombola.study.server.responses import answers
from tombola.study.server.saving import save_quiz
from tombola.study.server.visit import Visit, Visiting, go

router = APIRouter()


@router.get("/quiz", responses=answers(200, 303, 401), response_class=Response)
async def show(visit: Visiting) -> Response:
    """Show the questions; after a try that failed, how many were wrong and how many tries are left."""
    who, desk = visit.who, visit.desk
    if who.stage != "quiz":
        return go(who.page)
    questions = _questions(visit)
    wrong = 0
    if who.tries:
        last = desk.database.read(lambda connection: [last_answer(connection, who, q.position) for q in questions])
        wrong = sum(not _right(visit, q, value or "") for q, value in zip(questions, last, strict=True))
    return visit.page(
        "quiz.html",
        "/quiz",
        heading=desk.study.texts["quiz"].title,
        questions=questions,
        attempt=who.tries,
        wrong=wrong,
        left=max(1, desk.settings.quiz_tries - who.tries),
    )


@router.post("/quiz", responses=answers(303, 400, 401, 403, 422, 503), response_class=Response)
async def answer(visit: Visiting, form: Annotated[QuizForm, Form()]) -> Response:
    """Store one attempt at all questions."""
    visit.check(form.seal, "/quiz")
    who, desk = visit.who, visit.desk
    if who.stage != "quiz" or who.tries != form.attempt:
        return go(who.page)
    questions = _questions(visit)
    values = {question.position: form.chosen(question.position) for question in questions}
    for question in questions:
        if values[question.position] not in {option.value for option in question.trial.options}:
            raise RefusedError(422, "Please answer every question of the quiz with one of its answers.")
    passed = all(_right(visit, question, values[question.position]) for question in questions)
    number, attempt, asked, tries = who.id, form.attempt, desk.study.demographics, desk.settings.quiz_tries
    after = await desk.database.write(
        lambda connection: save_quiz(
            connection, number, attempt, values, passed=passed, tries=tries, demographics=asked
        )
    )
    return go(after.page)


def _questions(visit: Visit) -> list[Place]:
    plan = visit.desk.database.read(lambda connection: places(connection, visit.who, visit.desk.study.trials))
    return [item for item in plan if stage_of(item.trial.kind) == "quiz"]


def _right(visit: Visit, question: Place, value: str) -> bool:
    correct = visit.desk.study.truth[question.trial.name].correct
    return not correct or value in correct
