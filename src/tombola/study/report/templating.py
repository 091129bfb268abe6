"""Templates of this room, filled; the style sheet of run reports with some lines of its own below it."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import tombola
from tombola.report.templating import STYLE
from tombola.study.report import forms

OWN_STYLE = "study_report.css"


def fill(template: str, **content: Any) -> str:
    """Return a page: a template of this room with its style sheet and the version written in."""
    environment = Environment(
        loader=PackageLoader("tombola.study.report", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = forms.text
    environment.filters["number"] = lambda value: not isinstance(value, str) and not forms.missing(value)
    style = _read(environment, PackageLoader("tombola", "report"), STYLE)
    style += _read(environment, PackageLoader("tombola.study.report", "pages"), OWN_STYLE)
    return environment.get_template(template).render(style=Markup(style), version=tombola.__version__, **content)


def _read(environment: Environment, loader: PackageLoader, name: str) -> str:
    return loader.get_source(environment, name)[0]
