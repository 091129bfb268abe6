"""The report: one self-contained HTML page about a run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tombola.analysis import Verdict, gaps, verdict
from tombola.analysis.wording import count
from tombola.report import facts, figures, tables
from tombola.report.analyses import analyses
from tombola.report.explanations import explanations
from tombola.report.glance import Glance, glance
from tombola.report.layer_figures import layer_pictures
from tombola.report.statistics import statistics
from tombola.report.structure import structure
from tombola.report.templating import fill
from tombola.store import Run
from tombola.store.files import write_text

REPORT = "report.html"
FEW = 12
"""More absent jobs than this are folded away."""


@dataclass(frozen=True)
class Section:
    """One section of the page; `template` is a file of this package, and `content` what it may use."""

    id: str
    title: str
    template: str
    content: dict[str, Any]


def _results(run: Run, _: Verdict) -> dict[str, Any]:
    return {"tables": tables.results(run), "resolution": facts.resolution(run)}


def _figures(run: Run, found: Verdict) -> dict[str, Any]:
    return {"pictures": figures.stop_pictures(run) + figures.curve_pictures(run, found), "wide": layer_pictures(run)}


def _missing(run: Run, _: Verdict) -> dict[str, Any]:
    missing = gaps(run)
    failed = sum(gap.status == "failed" for gap in missing)
    total = sum(1 for _ in run.planned())
    text = f"{total - len(missing):,} of {count(total, 'job')} done"
    text += f", {failed:,} failed, {len(missing) - failed:,} absent." if missing else "."
    parts = [[gap for gap in missing if gap.status == status] for status in ("failed", "absent")]
    return {"parts": [part for part in parts if part], "text": text, "few": FEW}


def _spec(run: Run, _: Verdict) -> dict[str, Any]:
    return {"spec": yaml.safe_dump(run.spec.resolved(), sort_keys=False, default_flow_style=None, width=100)}


SECTIONS: tuple[tuple[str, str, str, Callable[[Run, Verdict], dict[str, Any]]], ...] = (
    ("experiment", "What was run", "facts.html", lambda run, _: {"facts": facts.experiment(run)}),
    ("results", "Results by density", "results.html", _results),
    ("statistics", "Paired statistics", "statistics.html", lambda run, _: {"found": statistics(run)}),
    ("figures", "Figures", "figures.html", _figures),
    ("analyses", "Looking inside", "analyses.html", lambda run, _: {"analyses": analyses(run)}),
    ("explanations", "Explanations", "explanations.html", lambda run, _: {"explanations": explanations(run)}),
    ("layers", "Remaining weights per layer", "table.html", lambda run, _: {"table": tables.remaining(run)}),
    ("structure", "Structure", "structure.html", lambda run, _: structure(run)),
    ("jobs", "Failed and absent jobs", "jobs.html", _missing),
    ("time", "Time per level", "table.html", lambda run, _: {"table": tables.times(run)}),
    ("environment", "Environment", "facts.html", lambda run, _: {"facts": facts.environment(run)}),
    ("reproduce", "How to reproduce", "reproduce.html", _spec),
)
"""The page in reading order: id, title, template, and what the template gets. A new section is a line here."""


def write(run: Run, path: Path | None = None) -> Path:
    """Write a run's report and return where it is.

    Parameters
    ----------
    run
        An opened run; unfinished ones are reported as far as they are.
    path
        The HTML file, by default ``report.html`` in the run folder.

    Raises
    ------
    TombolaError
        If the file cannot be written.
    """
    target = run.path / REPORT if path is None else Path(path)
    write_text(target, render(run))
    return target


def render(run: Run) -> str:
    """Return the report as HTML, without any reference to another file or the network."""
    found = verdict(run)
    sections = [Section(name, title, template, make(run, found)) for name, title, template, make in SECTIONS]
    sections = [s for s in sections if s.id not in ("analyses", "explanations") or s.content[s.id]]
    at_a_glance: Glance = glance(run, found)
    return fill("page.html", run=run, found=found, glance=at_a_glance, sections=sections)
