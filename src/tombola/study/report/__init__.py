"""The report of a study. Reference: explainability 14."""

from tombola.study.report.page import Report, render_report, write_report
from tombola.study.report.source import Source

__all__ = ["Report", "Source", "render_report", "write_report"]
