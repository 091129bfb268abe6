"""Which answers a route can give, for its description."""

from typing import Any

Documented = dict[int | str, dict[str, Any]]
HTML: dict[str, Any] = {"content": {"text/html": {"schema": {"type": "string"}}}}
TEXTS = {
    200: "The page",
    303: "Where the participant is now",
    400: "What was sent cannot be read",
    401: "No participant holds this token",
    403: "Not allowed",
    404: "There is no such page",
    413: "Too much was sent",
    422: "What was sent does not fit; one sentence says why",
    429: "Too fast; Retry-After says when to try again",
    503: "Could not be saved; nothing was stored, the same form can be sent again",
}


def answers(*codes: int) -> Documented:
    """Return the documentation of pages with these status codes; 413 and 429 can always happen.

    Redirects have no content.
    """
    return {code: {"description": TEXTS[code], **({} if code == 303 else HTML)} for code in (*codes, 413, 429)}
