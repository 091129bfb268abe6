"""Figures as inline SVG: small, named for those who cannot see them, and with ids that do not clash on one page."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SIZE = (4.75, 3.6)
"""Inches; small enough that text stays readable where a phone shrinks the figure to its width."""

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: a third of the size, searchable, in the page's own font
    "svg.hashsalt": "tombola",  # the same run gives the same bytes
    "font.size": 9.5,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a8f98",
    "axes.labelcolor": "#3a3f4b",
    "axes.axisbelow": True,
    "xtick.color": "#5a606b",
    "ytick.color": "#5a606b",
    "lines.linewidth": 1.6,
    "legend.fontsize": 8.5,
    "legend.title_fontsize": 8.5,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Picture:
    """One figure of a report."""

    svg: Markup
    caption: str


def picture(name: str, draw: Callable[[Axes], None], alternative: str, caption: str, *, higher: float = 0.0) -> Picture:
    """Draw one figure.

    Parameters
    ----------
    name
        Unique on the page; prefixes all ids.
    draw
        Draws on the axes it is given.
    alternative
        What the figure shows, in words, for screen readers.
    caption
        Text under the figure.
    higher
        Inches added to its height, for what needs room below the axes.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(SIZE[0], SIZE[1] + higher), layout="constrained")
        draw(figure.subplots())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return Picture(inline(buffer.getvalue(), name, alternative), caption)


def inline(svg: str, name: str, alternative: str) -> Markup:
    """Turn a stand-alone SVG file into an element for an HTML page.

    Parameters
    ----------
    svg
        What matplotlib writes.
    name
        Prefix of the ids that are referred to; all others go.
    alternative
        The element's accessible name.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*|<style.*?</style>\s*", "", body, flags=re.DOTALL)
    referenced = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", body))

    def keep_or_drop(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in referenced else ""

    body = re.sub(r' id="([^"]+)"', keep_or_drop, body)
    body = re.sub(r"(url\(#|href=\"#)", rf"\g<1>{name}-", body)
    body = re.sub(r' (d|x|y|transform)="([^"]*)"', _shorter, body)
    body = re.sub(r"font: (?:(bold|\d+) )?([\d.]+px) [^;\"]+", _spelled_out, body)  # before matplotlib 3.11
    body = re.sub(r"font-family: [^;\"]+;? ?", "", body)
    body = re.sub(r">\s+<", "><", body)
    head, rest = body[: body.index(">") + 1], body[body.index(">") + 1 :]
    head = re.sub(r' (?:width|height|version|xmlns:xlink)="[^"]*"', "", head)
    head = head.replace("<svg", f'<svg role="img" aria-labelledby="{name}-title"', 1)
    title = f'<title id="{name}-title">{escape(alternative)}</title>'
    return Markup(head + title + rest.replace("xlink:href", "href").strip())


def _shorter(match: re.Match[str]) -> str:
    """Cut coordinates to hundredths of a point and lines to one; text between tags is never touched."""
    numbers = re.sub(r"([0-9]+[.][0-9]{2})[0-9]+", r"\1", " ".join(match[2].split()))
    return f' {match[1]}="{numbers}"'


def _spelled_out(match: re.Match[str]) -> str:
    return f"font-size: {match[2]}" + (f"; font-weight: {match[1]}" if match[1] else "")
