"""Random streams: every random number of an experiment comes from its seed and a purpose, never from global state."""

import hashlib


def stream_seed(seed: int, purpose: str, *coordinates: int | str) -> int:
    """Return the 63-bit seed of one random stream.

    Streams of different purposes or coordinates are independent, and none depends on how many other streams
    exist: replicate 2 draws the same weights whether three or five replicates are trained.

    Parameters
    ----------
    seed
        The experiment's seed.
    purpose
        What is drawn: ``"split"``, ``"init"``, ``"order"``, ``"augment"``, ``"dropout"``, ``"control"``,
        ``"score"``.
    *coordinates
        Where: ``split()``, ``init(replicate)``, ``order(replicate, epoch)``,
        ``control(replicate, level, name, repetition)``.
    """
    text = "/".join([str(seed), purpose, *map(str, coordinates)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
