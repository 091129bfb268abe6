"""How many requests are answered: token buckets in memory, by participant and by network address.

Addresses are kept for as long as a bucket is not full again, as keyed digests, and are never written anywhere.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

MOST_BUCKETS = 20_000


@dataclass
class Bucket:
    """What is left of an allowance, and when it was counted."""

    left: float
    at: float


class Limits:
    """Allowances that fill up steadily.

    Parameters
    ----------
    rates
        Requests a minute by name of the allowance; 0: unlimited. A minute's worth may be used at once.
    clock
        Seconds, never going back.
    """

    def __init__(self, rates: dict[str, int], clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = rates
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._buckets: dict[bytes, Bucket] = {}

    def spend(self, name: str, whose: str) -> float:
        """Use one request of somebody's allowance.

        Returns
        -------
        wait
            0 if the request may pass, else seconds until one may.
        """
        rate = self._rates[name]
        if rate <= 0:
            return 0.0
        moment = self._clock()
        key = hashlib.blake2b(f"{name}|{whose}".encode(), key=self._key, digest_size=16).digest()
        bucket = self._buckets.get(key)
        if bucket is None:
            self._forget_full(moment)
            bucket = self._buckets[key] = Bucket(float(rate), moment)
        bucket.left = min(float(rate), bucket.left + (moment - bucket.at) * rate / 60)
        bucket.at = moment
        if bucket.left < 1:
            return (1 - bucket.left) * 60 / rate
        bucket.left -= 1
        return 0.0

    def _forget_full(self, moment: float) -> None:
        if len(self._buckets) < MOST_BUCKETS:
            return
        kept = {key: bucket for key, bucket in self._buckets.items() if moment - bucket.at < 60}
        oldest = sorted(kept, key=lambda key: kept[key].at)[: max(0, len(kept) - MOST_BUCKETS // 2)]
        self._buckets = {key: bucket for key, bucket in kept.items() if key not in set(oldest)}
