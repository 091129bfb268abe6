"""Texts: versions, quizzes, and what every task must say."""

import pytest

from tombola.errors import TombolaError
from tombola.study.texts import NAMES, Text, default_texts, parse_text, placeholders, read_quiz
from tombola.study.trial import TASKS


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_all_texts_with_versions_and_a_quiz(task: str) -> None:
    texts = {name: parse_text(name, default_texts(task)[f"{name}.md"], name) for name in NAMES}  # type: ignore[arg-type]
    assert {text.version for text in texts.values()} == {"1"}
    questions = read_quiz(texts["quiz"])
    assert len(questions) >= 2
    assert all(question.feedback for question in questions)
    told = " ".join(texts[name].body + texts[name].title for name in ("instructions", "practice", "quiz"))
    for word in ("prun", "network", "compress"):
        assert word not in told.lower(), "the aim must not be told before the end"


def test_pairwise_instructions_define_reasonable_and_name_all_three_answers() -> None:
    """Sections 8 and 8.1: the word is defined on screen; middle, sides, least to most important."""
    told = default_texts("pairwise")["instructions.md"]
    for words in (
        "In the middle",
        "*reasonably* if",
        "least to the most important",
        "Both equally reasonable",
        "black",
    ):
        assert words in told


def test_consent_and_debrief_leave_gaps_for_their_researcher() -> None:
    texts = default_texts("pairwise")
    assert len(placeholders(parse_text("consent", texts["consent.md"], "x"))) == 2
    assert placeholders(Text("a", "1", "A", "nothing [here](link)")) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("no front matter", "does not begin with front matter"),
        ("---\nversion: 1\n", "does not begin with front matter"),
        ("---\n---\nbody", "has no version"),
        ("---\nversion: 1\nauthor: x\n---\n", "unknown key 'author'"),
        ("---\nversion: [\n---\n", "not valid YAML"),
    ],
)
def test_texts_without_versions_are_refused(content: str, sentence: str) -> None:
    with pytest.raises(TombolaError, match=sentence):
        parse_text("consent", content, "consent.md")


def test_line_ends_do_not_matter_and_every_word_does() -> None:
    one = parse_text("a", "---\nversion: 1\n---\nHello\nyou\n", "a")
    assert parse_text("a", "---\r\nversion: 1\r\n---\r\nHello\r\nyou\r\n", "a").digest == one.digest
    assert parse_text("a", "---\nversion: 1\n---\nHello\nYou\n", "a").digest != one.digest
    assert parse_text("a", "---\nversion: 2\n---\nHello\nyou\n", "a").digest != one.digest


@pytest.mark.parametrize("body", ["## Q\n- [ ] a\n- [ ] b\n", "## Q\n- [x] a\n- [x] b\n", "## Q\n- [x] a\n"])
def test_a_question_needs_two_answers_and_one_right_one(body: str) -> None:
    with pytest.raises(TombolaError, match="quiz question 'Q'"):
        read_quiz(Text("quiz", "1", "Quiz", body))


def test_a_quiz_may_be_empty() -> None:
    assert read_quiz(Text("quiz", "1", "Quiz", "No questions today.\n")) == ()
