"""The little Markdown that texts of a study need: headings, paragraphs, lists, emphasis, links. Everything escaped."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from markupsafe import Markup, escape

HEADING = re.compile(r"(#{1,3})\s+(.+)")
BULLET = re.compile(r"\s*[-*]\s+(.+)")
NUMBERED = re.compile(r"\s*\d+[.)]\s+(.+)")
LINK = re.compile(r"\[([^\]]+)\]\((https?://[^\s)]+|mailto:[^\s)]+)\)")


@lru_cache(maxsize=64)  # texts do not change while a study is served
def to_html(text: str) -> Markup:
    """Return a text as HTML.

    Examples
    --------
    >>> print(to_html("# You *may* stop at <any> time"))
    <h1>You <em>may</em> stop at &lt;any&gt; time</h1>
    """
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return Markup("\n".join(part for block in blocks for part in _block(block.splitlines())))


def _block(lines: list[str]) -> Iterator[str]:
    items = list(_joined(lines))
    for kind, group in groupby(items, key=lambda item: item[0]):
        texts = [_inline(text) for _, text in group]
        if kind in ("ul", "ol"):
            yield f"<{kind}>{''.join(f'<li>{text}</li>' for text in texts)}</{kind}>"
        else:
            yield from (f"<{kind}>{text}</{kind}>" for text in texts)


def _joined(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (element, text), a line without a mark of its own joined to the one before."""
    kind, parts = "", []
    for line in lines:
        found = _marked(line)
        if found is None and kind and kind[0] != "h":
            parts.append(line.strip())
            continue
        if kind:
            yield kind, " ".join(parts)
        kind, first = found or ("p", line.strip())
        parts = [first]
    if kind:
        yield kind, " ".join(parts)


def _marked(line: str) -> tuple[str, str] | None:
    if heading := HEADING.fullmatch(line.rstrip()):
        return f"h{len(heading[1])}", heading[2]
    if bullet := BULLET.fullmatch(line.rstrip()):
        return "ul", bullet[1]
    if numbered := NUMBERED.fullmatch(line.rstrip()):
        return "ol", numbered[1]
    return None


def _inline(text: str) -> str:
    safe = str(escape(text))
    safe = LINK.sub(r'<a href="\2" rel="noreferrer noopener">\1</a>', safe)
    safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", safe)
    return re.sub(r"(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])", r"<em>\1</em>", safe)
