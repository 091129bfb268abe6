"""Preregistration: what is fixed before the first answer, and whether it still holds."""

from tombola.study.lock.deviations import Deviation, add_deviation, read_deviations
from tombola.study.lock.lock import LockStatus, check_lock, write_lock
from tombola.study.lock.parts import canonical, code_digest, locked_parts
from tombola.study.lock.preregistration import Preregistration, default_preregistration, read_preregistration

__all__ = [
    "Deviation",
    "LockStatus",
    "Preregistration",
    "add_deviation",
    "canonical",
    "check_lock",
    "code_digest",
    "default_preregistration",
    "locked_parts",
    "read_deviations",
    "read_preregistration",
    "write_lock",
]
