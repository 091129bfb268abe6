"""Many simulated participants against one server at once, and what became of them."""

import asyncio
import ssl
from collections import Counter
from dataclasses import dataclass, field
from time import perf_counter

from tombola.errors import TombolaError
from tombola.study.design.folder import Study
from tombola.study.simulated.crowd import Crowd
from tombola.study.simulated.key import Key
from tombola.study.simulated.participant import Participant
from tombola.study.simulated.requests import Requests
from tombola.study.simulated.walker import LEFT, PATIENCE, Walker, WalkError

MISSING = "simulated participants on a server need httpx ({error}); install it with: pip install httpx"
TIMEOUT = 60.0


@dataclass
class Outcome:
    """What became of simulated participants.

    Attributes
    ----------
    codes
        Completion codes of those who finished.
    ended
        How the others ended -> how many: ``left``, headings of pages (such as that all places are taken).
    failed
        Sentences about walks that the server broke off.
    requests
        What they saw of the server.
    seconds
        Wall time of all.
    """

    codes: list[str] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    requests: Requests = field(default_factory=Requests)
    seconds: float = 0.0


def drive(
    study: Study,
    crowd: Crowd,
    url: str,
    participants: int,
    *,
    concurrency: int = 50,
    dropout: float = 0.0,
    pace: float = 0.0,
    patience: float = PATIENCE,
    first: int = 0,
    requests: Requests | None = None,
) -> Outcome:
    """Let simulated participants take part in a study that is being served, and return what became of them.

    Parameters
    ----------
    study
        The folder of the study that is served: its key tells participants what they see.
    crowd
        What they are like.
    url
        Address of the server.
    participants
        How many come.
    concurrency
        How many are there at the same time.
    dropout
        Share of those who leave midway.
    pace
        Part of their response times that is really waited; 0: none.
    patience
        Seconds they keep trying while the server is away.
    first
        Number of the first participant, so that later ones are other people.
    requests
        A record to continue, which others may look at meanwhile.

    Raises
    ------
    TombolaError
        If httpx is missing, a number is out of range, or the server serves another study.
    """
    try:
        import httpx  # noqa: F401
    except ImportError as error:
        raise TombolaError(MISSING.format(error=error)) from error
    for name, value in (("participants", participants), ("concurrency", concurrency)):
        if value < 1:
            raise TombolaError(f"{name} = {value}: give a whole number of at least 1")
    if not 0 <= dropout < 1 or pace < 0 or patience < 0:
        raise TombolaError(f"dropout = {dropout}, pace = {pace}, patience = {patience}: 0 or more, dropout below 1")
    crowd.check(study.spec)
    people = [Participant(crowd, number) for number in range(first, first + participants)]
    outcome = Outcome(requests=requests or Requests())
    asyncio.run(_drive(outcome, study, people, url, concurrency, dropout, pace, patience))
    return outcome


async def _drive(
    outcome: Outcome,
    study: Study,
    people: list[Participant],
    url: str,
    concurrency: int,
    dropout: float,
    pace: float,
    patience: float,
) -> None:
    import httpx

    key = Key(study)
    room, trusted = asyncio.Semaphore(concurrency), ssl.create_default_context()
    questions = max(map(len, study.blocks), default=1)

    async def one(who: Participant) -> None:
        leaves = who.leaves(dropout, questions)
        async with room, httpx.AsyncClient(base_url=url, timeout=TIMEOUT, verify=trusted, trust_env=False) as client:
            walker = Walker(client, key, who, outcome.requests, leaves_after=leaves, pace=pace, patience=patience)
            try:
                found = await walker.walk()
            except WalkError as error:
                outcome.failed.append(str(error))
                return
        if walker.finished:
            outcome.codes.append(found)
        else:
            outcome.ended[found if found == LEFT else found.lower()] += 1

    start = perf_counter()
    try:
        async with asyncio.TaskGroup() as group:
            for who in people:
                group.create_task(one(who))
    except ExceptionGroup as several:  # one sentence is enough: they all say the same
        known = several.subgroup(TombolaError)
        if known is not None:
            raise TombolaError(str(known.exceptions[0])) from None
        raise
    outcome.seconds = perf_counter() - start
