"""Pages from templates: strict about what is missing, everything escaped."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

STATIC = {
    "study.css": "text/css",
    "study.js": "text/javascript",
    "admin.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
"""Every static file there is, with its media type."""


@cache
def static_file(name: str) -> bytes:
    """Return one static file."""
    return files("tombola.study.server").joinpath("static", name).read_bytes()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tombola.study.server", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["static"] = {
        name: f"/static/{name}?v={hashlib.sha256(static_file(name)).hexdigest()[:12]}" for name in STATIC
    }
    return environment


def fill(template: str, **content: Any) -> str:
    """Return a page."""
    return _environment().get_template(template).render(**content)
