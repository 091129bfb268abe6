"""Simulated participants: through the real pages of a server, or in memory. User guide: docs/study.md."""

from tombola.study.simulated.audit import Audit, audit
from tombola.study.simulated.crowd import Crowd, Expected
from tombola.study.simulated.drive import Outcome, drive
from tombola.study.simulated.memory import answer_in_memory
from tombola.study.simulated.participant import Participant, Reply
from tombola.study.simulated.process import ServerProcess

__all__ = [
    "Audit",
    "Crowd",
    "Expected",
    "Outcome",
    "Participant",
    "Reply",
    "ServerProcess",
    "answer_in_memory",
    "audit",
    "drive",
]
