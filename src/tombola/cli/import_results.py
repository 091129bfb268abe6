"""``tombola import pruning-results``: the published study's result file as a table in this project's words."""

from pathlib import Path

from tombola.errors import TombolaError


def import_results(source: Path, output: Path | None) -> int:
    """Print the table as CSV, or write it."""
    from tombola.interop.pruning_results import read_pruning_results
    from tombola.store.files import told_clearly

    text = read_pruning_results(source).to_csv(index=False)
    if output is None:
        print(text, end="")
        return 0
    if output.exists():
        raise TombolaError(f"{output} is there already; move it away, or give another --output")
    with told_clearly(output):
        output.write_text(text)
    print(output)
    return 0
