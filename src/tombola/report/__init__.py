"""Report: one self-contained HTML page about a run, or about several side by side."""

from tombola.report.compare import render_comparison, write_comparison
from tombola.report.page import render, write

__all__ = ["render", "render_comparison", "write", "write_comparison"]
