"""Report: one self-contained HTML page about a run."""

from tombola.report.page import render, write

__all__ = ["render", "write"]
