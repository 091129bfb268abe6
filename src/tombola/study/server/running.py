"""Serving: one process, one study, until somebody stops it."""

import logging
import secrets
import socket
from collections.abc import Callable

from filelock import FileLock, Timeout

from tombola.errors import TombolaError
from tombola.study.server.app import create_app
from tombola.study.server.served import ServedStudy
from tombola.study.server.settings import Settings

GRACE_SECONDS = 5
KEEP_ALIVE_SECONDS = 75  # longer than people think: a connection closed while a form is on its way is an error to them
WAITING_CONNECTIONS = 1024


def serve(
    study: ServedStudy,
    settings: Settings,
    host: str,
    port: int,
    *,
    behind_proxy: bool = False,
    admin_token: str = "",
    tell: Callable[[str, str], None],
) -> None:
    """Serve a study until SIGINT or SIGTERM; every answer that was confirmed survives anything else, too.

    Parameters
    ----------
    study, settings
        What, and how.
    host, port
        Where to listen; port 0 takes a free one.
    behind_proxy
        Whether a reverse proxy on this machine says who the client is and whether they came over https.
    admin_token
        What opens the admin page; a random one if empty.
    tell
        Called with address and admin token once the port is taken.

    Raises
    ------
    TombolaError
        If the port is taken, or another server already serves this study.
    """
    import uvicorn

    logging.getLogger("tombola.study").setLevel(logging.INFO)
    lock = FileLock(study.folder / ".serving.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise TombolaError(f"{study.folder} is being served already; stop that server first") from None
    with lock, _listen(host, port) as listener:
        token = admin_token or secrets.token_urlsafe(24)
        app = create_app(study, settings, token)
        shown = f"[{host}]" if ":" in host else host
        tell(settings.address or f"http://{shown}:{listener.getsockname()[1]}", token)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,  # a platform's ids stand in addresses, and no address of anybody is kept
            server_header=False,
            proxy_headers=behind_proxy,
            forwarded_allow_ips="127.0.0.1,::1",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            backlog=WAITING_CONNECTIONS,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=WAITING_CONNECTIONS
        )
    except OSError as error:
        raise TombolaError(f"cannot listen on {host} port {port}: {error.strerror}; choose another --port") from error
    # asyncio leaves sockets it was given as they are: small packets would wait 40 ms for an acknowledgement
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
