"""What holds for every response, and what is refused before anything is read."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from tombola.study.server.limits import Limits
from tombola.study.server.tokens import TOKEN

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Refuse = Callable[[int, str, dict[str, str]], Response]

logger = logging.getLogger("tombola.study")

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "X-Robots-Tag": "noindex, nofollow",
}
FREE = ("/static/", "/healthz")
"""Paths without a limit of requests."""


class Guard:
    """Security headers, limits of rate and size, and one calm page where something breaks.

    Parameters
    ----------
    app
        What is guarded.
    limits
        The allowances ``client``, ``participant`` and ``start``.
    body_limit
        Largest request body in bytes.
    cookie
        Name of the cookie that holds a participant's token.
    secure
        Whether browsers come over https.
    refuse
        Makes a response from status, sentence and further headers.
    """

    def __init__(self, app: App, *, limits: Limits, body_limit: int, cookie: str, secure: bool, refuse: Refuse) -> None:
        self.app = app
        self.limits = limits
        self.body_limit = body_limit
        self.cookie = cookie
        self.refuse = refuse
        self.headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        response = self._limited(scope)
        if response is None:
            try:
                body = await _read(Headers(scope=scope), receive, self.body_limit)
                if body is not None:
                    await self.app(scope, _replay(body, receive), dressed)
                    return
                response = self.refuse(413, "What was sent is larger than any answer can be.", {"Connection": "close"})
            except Exception:
                logger.exception("a request to %s failed", scope["path"])
                if started:
                    raise
                sentence = "Something went wrong on our side; nothing you answered before is lost. Please try again."
                response = self.refuse(500, sentence, {})
        await response(scope, receive, dressed)

    def _limited(self, scope: MutableMapping[str, Any]) -> Response | None:
        path: str = scope["path"]
        if path.startswith(FREE):
            return None
        client = (scope.get("client") or ("unknown",))[0]
        spent = [("client", client)]
        if path == "/start" and scope["method"] == "POST":
            spent.append(("start", client))
        token = cookie_of(Headers(scope=scope).get("cookie", ""), self.cookie)
        if TOKEN.fullmatch(token):
            spent.append(("participant", token))
        wait = max(self.limits.spend(name, whose) for name, whose in spent)
        if not wait:
            return None
        seconds = str(int(wait) + 1)
        return self.refuse(429, f"That was too fast for us. Please try again in {seconds} s.", {"Retry-After": seconds})


def cookie_of(header: str, name: str) -> str:
    """Return the value of a cookie in a Cookie header, or nothing."""
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return "" if found is None else found.value


async def _read(headers: Headers, receive: Receive, limit: int) -> bytes | None:
    """Return the whole body, None where it is larger than allowed; what is announced too large is never read."""
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        return None
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
