"""The comprehension quiz, written as Markdown: a heading per question, boxes for answers, quoted explanations."""

import re
from dataclasses import dataclass

from tombola.errors import TombolaError
from tombola.study.texts.text import Text

QUESTION = re.compile(r"^##\s+(.+?)\s*$")
ANSWER = re.compile(r"^[-*]\s+\[([ xX])\]\s+(.+?)\s*$")
QUOTE = re.compile(r"^>\s?(.*)$")


@dataclass(frozen=True)
class Question:
    """One question of the quiz.

    Attributes
    ----------
    question
        What is asked.
    answers
        To choose from, in order.
    correct
        Index of the right one.
    feedback
        What is said after the answer.
    """

    question: str
    answers: tuple[str, ...]
    correct: int
    feedback: str


def read_quiz(text: Text) -> tuple[Question, ...]:
    r"""Return the questions of a quiz; a quiz without questions is empty and is left out.

    Examples
    --------
    >>> read_quiz(Text("quiz", "1", "Quiz", "## Up?\n- [ ] no\n- [x] yes\n> It was up.\n"))
    (Question(question='Up?', answers=('no', 'yes'), correct=1, feedback='It was up.'),)

    Raises
    ------
    TombolaError
        If a question has fewer than two answers, or not exactly one that is marked ``[x]``.
    """
    questions: list[tuple[str, list[tuple[bool, str]], list[str]]] = []
    for line in text.body.splitlines():
        if match := QUESTION.match(line):
            questions.append((match[1], [], []))
        elif questions and (match := ANSWER.match(line)):
            questions[-1][1].append((match[1] != " ", match[2]))
        elif questions and (match := QUOTE.match(line)):
            questions[-1][2].append(match[1].strip())
    return tuple(_question(*parts) for parts in questions)


def _question(question: str, answers: list[tuple[bool, str]], said: list[str]) -> Question:
    right = [index for index, (marked, _) in enumerate(answers) if marked]
    if len(answers) < 2 or len(right) != 1:
        raise TombolaError(
            f"quiz question '{question}' has {len(answers)} answers, {len(right)} of them marked right; give it two or "
            "more as `- [ ] text`, and exactly one as `- [x] text`"
        )
    return Question(question, tuple(text for _, text in answers), right[0], " ".join(said))
