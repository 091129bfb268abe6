"""Secrets of participants: tokens and their hashes, completion codes, and what ties a form to the page it came from."""

import hashlib
import hmac
import re
import secrets

from tombola.study.server.database import now

BYTES = 16
TOKEN = re.compile(r"[0-9a-f]{32}")
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""No letter that can be taken for another when it is typed."""
CODE_LENGTH = 10


def new_token() -> str:
    """Return 128 random bits in hex."""
    return secrets.token_hex(BYTES)


def token_hash(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def random_pseudonym() -> str:
    """Return a name for a participant who brought none."""
    return f"p{secrets.token_hex(8)}"


def new_code() -> str:
    """Return a completion code of fifty bits."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def seal(secret: str, holder: str, purpose: str, shown: float | None = None) -> str:
    """Return the hidden field that proves that a form came from our own page, and when the page was made.

    Parameters
    ----------
    secret
        Of this study's database, so that forms outlive a restart of the server.
    holder
        The token whose page it is.
    purpose
        Path the form is sent to.
    shown
        When the page is made, seconds since 1970 [now].
    """
    when = str(round((now() if shown is None else shown) * 1000))
    proof = hmac.new(secret.encode(), f"{holder}|{purpose}|{when}".encode(), hashlib.sha256)
    return f"{when}.{proof.hexdigest()}"


def shown_at(sealed: str, secret: str, holder: str, purpose: str) -> float | None:
    """Return when the page was made whose form carried `sealed`; None if that is not from us, for them, for this."""
    when, _, _ = sealed.partition(".")
    if not re.fullmatch(r"[0-9]{1,15}", when):
        return None
    shown = int(when) / 1000
    return shown if hmac.compare_digest(sealed.encode(), seal(secret, holder, purpose, shown).encode()) else None
