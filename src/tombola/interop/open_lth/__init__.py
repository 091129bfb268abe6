"""Results of open_lth: into a run folder of ours."""

from tombola.interop.open_lth.importing import import_open_lth

__all__ = ["import_open_lth"]
