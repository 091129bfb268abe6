"""Templates of this package, filled: strict about what is missing, everything escaped."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import tombola
from tombola.analysis.wording import level_names

STYLE = "report.css"


def fill(template: str, **content: Any) -> str:
    """Return a page: a template of this package with its style sheet and the version written in."""
    environment = Environment(
        loader=PackageLoader("tombola", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["level_names"] = level_names
    loader = environment.loader
    style = loader.get_source(environment, STYLE)[0] if loader else ""
    return environment.get_template(template).render(style=Markup(style), version=tombola.__version__, **content)
