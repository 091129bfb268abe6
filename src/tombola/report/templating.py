"""Templates filled: strict about what is missing, everything escaped, every page on one ``skeleton.html``."""

from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import tombola
from tombola.analysis.wording import level_names

STYLE = "report.css"


def fill(template: str, **content: Any) -> str:
    """Return a page: a template of this package with its style sheet and the version written in."""
    pages = environment()
    pages.filters["level_names"] = level_names
    return filled(pages, template, (STYLE,), content)


def environment(*loaders: BaseLoader) -> Environment:
    """Return where templates are found: with some loaders, and then in this package."""
    return Environment(
        loader=ChoiceLoader([*loaders, PackageLoader("tombola", "report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def filled(pages: Environment, template: str, styles: tuple[str, ...], content: dict[str, Any]) -> str:
    """Return a page with its style sheets and the version written in."""
    loader = pages.loader
    style = "".join(loader.get_source(pages, name)[0] for name in styles) if loader else ""
    return pages.get_template(template).render(style=Markup(style), version=tombola.__version__, **content)
