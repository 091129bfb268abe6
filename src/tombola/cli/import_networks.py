"""``tombola import sparse-analysis``: stored networks as run folders, and a table of what is wrong with them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from tombola.interop.sparse_analysis import Collection

HEADINGS = ("network", "replicate", "labelled", "nominal", "effective", "kept", "findings")


def import_and_tell(source: Path, out: Path, format: str, limit: int) -> int:
    """Import networks, tell what is wrong with them, and print the run folders, one on a line."""
    from tombola.analysis.wording import count
    from tombola.cli.console import messages
    from tombola.interop.sparse_analysis import import_networks

    made = import_networks(source, out, format=format, limit=limit)
    console = messages()
    console.print(f"{count(len(made.networks), 'network')} in {count(len(made.runs), 'run')}", markup=False)
    for finding in made.findings:
        console.print(f"{finding.severity}: {finding.line}", markup=False, soft_wrap=True)
    for run in made.runs:
        for title, sentences in (("note", run.findings.notes), ("unknown", run.findings.unknown)):
            for sentence in sentences:
                console.print(f"{title}: {run.path.name}: {sentence}", markup=False, soft_wrap=True)
    console.print(table(made))
    console.print(f"next: tombola report {made.runs[0].path}", markup=False, soft_wrap=True)
    for run in made.runs:
        print(run.path)
    return 0


def table(made: "Collection") -> "Table":
    """Return every network with its densities and the codes of what is wrong with it."""
    from rich.table import Table

    shown = Table(title="integrity of the networks (percent of weights that remain)", title_justify="left")
    for heading in HEADINGS:
        shown.add_column(heading, justify="left" if heading in ("network", "findings") else "right", overflow="fold")
    for network in sorted(made.networks, key=lambda n: n.name):
        said = "" if network.labelled is None else f"{network.labelled:g}"
        replicate = "" if network.label.replicate is None else str(network.label.replicate)
        cells = (f"{network.nominal:.3f}", f"{network.effective:.3f}", f"{network.kept:,}")
        shown.add_row(network.name, replicate, said, *cells, "\n".join(codes(made, network.name)) or "none")
    return shown


def codes(made: "Collection", name: str) -> Iterator[str]:
    """Yield what is wrong with a network: severities, each with its codes."""
    for severity in ("error", "warning", "note"):
        mine = {f.code for f in made.findings if name in f.networks and f.severity == severity}
        if mine:
            yield f"{severity}: {', '.join(sorted(mine))}"
