"""Who is asked what: balanced incomplete blocks, sides, orders, checks and repeats."""

from tombola.study.assignment.assign import assign, restore, taken_by_cell
from tombola.study.assignment.plan import participants_needed, plan
from tombola.study.assignment.verify import Check, verify_blocks

__all__ = ["Check", "assign", "participants_needed", "plan", "restore", "taken_by_cell", "verify_blocks"]
