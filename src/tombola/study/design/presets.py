"""Designs by name. ``published`` is that of the published study: reproduced on request, a default nowhere."""

from typing import Any

from tombola.errors import TombolaError, nearest

PRESETS: dict[str, dict[str, Any]] = {
    # explainability reference, sections 5.2, 6.3, 7.1, 7.4 and 8.5: no checks, no cap, sides baked into the picture
    "published": {
        "images_per_class": 50,
        "raters": 5,
        "cap": 500,
        "gold": 0,
        "repeats": 0,
        "practice": 0,
        "sides": "fixed-per-image",
        "options_order": "fixed",
        "layer": "last_pool",
        "renderer": "window-published",
        "q": "0.1",
        "rule": "all-correct",
    },
    # a first look at one's own pictures, before anybody is paid
    "pilot": {"images_per_class": 2, "raters": 2, "cap": 20, "gold": 1, "repeats": 1, "practice": 1},
}


def preset_fields(name: str) -> dict[str, Any]:
    """Return what a preset sets."""
    if name not in PRESETS:
        raise TombolaError(f"unknown study preset '{name}'{nearest(name, PRESETS)}")
    return dict(PRESETS[name])
