"""Templates of this room, filled; the style sheet of run reports with some lines of its own below it."""

from typing import Any

from jinja2 import PackageLoader

from tombola.report.templating import STYLE, environment, filled
from tombola.study.report import forms

OWN_STYLE = "study_report.css"


def fill(template: str, **content: Any) -> str:
    """Return a page: a template of this room with its style sheets and the version written in."""
    pages = environment(PackageLoader("tombola.study.report", "pages"))
    pages.filters["plain"] = forms.text
    pages.filters["number"] = lambda value: not isinstance(value, str) and not forms.missing(value)
    return filled(pages, template, (STYLE, OWN_STYLE), content)
