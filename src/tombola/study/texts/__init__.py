"""What participants read: Markdown with a version, in the study's folder, where it may be edited before the lock."""

from tombola.study.texts.quiz import Question, read_quiz
from tombola.study.texts.text import NAMES, Text, default_texts, parse_text, placeholders, read_texts

__all__ = ["NAMES", "Question", "Text", "default_texts", "parse_text", "placeholders", "read_quiz", "read_texts"]
