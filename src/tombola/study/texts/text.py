"""One text: Markdown with front matter that holds its version."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

from tombola.errors import TombolaError, nearest
from tombola.study.trial import Task

NAMES = ("consent", "instructions", "practice", "quiz", "debrief")
"""The texts of a study, in the order participants meet them."""
OF_TASK = ("instructions", "quiz")
"""Texts that differ between tasks; the others are shared."""
FENCE = "---"
KEYS = {"version", "title"}


@dataclass(frozen=True)
class Text:
    """One text as participants read it.

    Attributes
    ----------
    name
        Which: ``consent``, ``instructions``, ``practice``, ``quiz`` or ``debrief``.
    version
        Raised by whoever edits the text; stored with every participant.
    title
        Heading of its page.
    body
        Markdown.
    """

    name: str
    version: str
    title: str
    body: str

    @property
    def digest(self) -> str:
        """SHA-256 of version, title and body, whatever the line ends: part of the lock."""
        return hashlib.sha256("\n".join((self.version, self.title, self.body)).encode()).hexdigest()


def parse_text(name: str, content: str, source: str) -> Text:
    """Return the text that a Markdown file with front matter holds.

    Parameters
    ----------
    name
        Which text it is.
    content
        The file's content.
    source
        The file, as errors name it.

    Raises
    ------
    TombolaError
        If the front matter is missing, or lacks a version, or has other keys than ``version`` and ``title``.
    """
    lines = content.replace("\r\n", "\n").lstrip("\ufeff").split("\n")
    closing = next((i for i, line in enumerate(lines[1:], start=1) if line.rstrip() == FENCE), 0)
    if not lines or lines[0].rstrip() != FENCE or not closing:
        raise TombolaError(
            f"{source} does not begin with front matter; put its version there: {FENCE} / version: 1 / {FENCE}"
        )
    try:
        head = yaml.safe_load("\n".join(lines[1:closing])) or {}
    except yaml.YAMLError as error:
        raise TombolaError(f"the front matter of {source} is not valid YAML") from error
    if not isinstance(head, dict) or head.get("version") in (None, ""):
        raise TombolaError(f"the front matter of {source} has no version; add a line `version: 1`")
    for key in head:
        if key not in KEYS:
            raise TombolaError(f"unknown key '{key}' in the front matter of {source}{nearest(str(key), KEYS)}")
    body = "\n".join(lines[closing + 1 :]).strip() + "\n"
    return Text(name, str(head["version"]), str(head.get("title", name.capitalize())), body)


def placeholders(text: Text) -> list[str]:
    """Return what a text leaves to be filled in: bold passages in square brackets, ``**[who runs this]**``."""
    return re.findall(r"\*\*\[(.+?)\]\*\*", text.body)


def default_texts(task: Task) -> dict[str, str]:
    """Return file name -> content of the texts a new study of a task begins with."""
    folder = resources.files("tombola.study.texts").joinpath("default")
    content = {}
    for name in NAMES:
        file = folder.joinpath(f"{name}-{task}.md" if name in OF_TASK else f"{name}.md")
        content[f"{name}.md"] = file.read_text(encoding="utf-8")
    return content


def read_texts(folder: Path) -> Mapping[str, Text]:
    """Return the texts of a study by name.

    Raises
    ------
    TombolaError
        If one is missing or has no version.
    """
    texts = {}
    for name in NAMES:
        file = folder / f"{name}.md"
        try:
            content = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TombolaError(f"cannot read {file}: {error}; every study has the texts {', '.join(NAMES)}") from error
        texts[name] = parse_text(name, content, str(file))
    return texts
