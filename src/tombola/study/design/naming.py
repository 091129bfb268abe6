"""Names that tell nothing: 128 bits each, drawn from a secret salt that never leaves the key."""

import hashlib
import hmac
import secrets

SALT_BYTES = 32


class Names:
    """Makes public names and other bytes that only the holder of the salt can connect.

    A name is the first half of HMAC-SHA-256 over what it stands for, keyed with 256 secret bits from the operating
    system: for anybody without the salt it is a random number of 128 bits, for its holder the study can be rebuilt.

    Parameters
    ----------
    salt
        The secret.
    """

    def __init__(self, salt: bytes | None = None) -> None:
        self.salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt

    def name(self, *what: object) -> str:
        """Return 32 hexadecimal digits for what is named."""
        return self._digest(what)[:16].hex()

    def number(self, *what: object) -> int:
        """Return a secret seed of 63 bits."""
        return int.from_bytes(self._digest(what)[16:24], "big") >> 1

    def filler(self, count: int, *what: object) -> bytes:
        """Return `count` bytes that look random: filling that differs between files and does not compress."""
        return hashlib.shake_256(self._digest(("filler", *what))).digest(count)

    def _digest(self, what: tuple[object, ...]) -> bytes:
        # lengths first: ("a", "b/c") and ("a/b", "c") must not meet
        parts = [str(part).encode() for part in what]
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.new(self.salt, message, hashlib.sha256).digest()
