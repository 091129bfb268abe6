"""The comparison page: several runs on one self-contained HTML page, or their numbers as CSV or JSON."""

import json
from pathlib import Path

from tombola.analysis import Comparison
from tombola.analysis.export import comparison_document, comparison_table
from tombola.errors import TombolaError
from tombola.report import compare_figures, compare_tables
from tombola.report.templating import fill
from tombola.store.files import write_text

SUFFIXES = (".html", ".csv", ".json")


def check_target(path: Path) -> None:
    """Raise one sentence where a comparison cannot be written under such a name."""
    if path.suffix.lower() not in SUFFIXES:
        raise TombolaError(f"--out {path}: its ending says what is written; give one of {', '.join(SUFFIXES)}")


def write_comparison(found: Comparison, path: Path) -> Path:
    """Write a comparison as HTML, CSV or JSON, by the ending of the file's name.

    Raises
    ------
    TombolaError
        If the ending is none of these, or the file cannot be written.
    """
    check_target(path)
    suffix = path.suffix.lower()
    if suffix == ".html":
        text = render_comparison(found)
    elif suffix == ".csv":
        text = comparison_table(found).to_csv(index=False)
    else:
        text = json.dumps(comparison_document(found), indent=2, allow_nan=False) + "\n"
    write_text(path, text)
    return path


def render_comparison(found: Comparison) -> str:
    """Return the comparison as HTML, without any reference to another file or the network."""
    own = [compare_tables.own(found, i) for i in range(len(found.members))]
    return fill(
        "compare.html",
        found=found,
        means=compare_tables.means(found),
        differences=compare_tables.differences(found),
        own=own,
        pictures=compare_figures.pictures(found),
    )
