"""What a new study is and takes, for people."""

from tombola.cli.console import messages
from tombola.study.assignment import verify_blocks
from tombola.study.design.folder import Study
from tombola.study.design.summary import effort
from tombola.study.texts import placeholders


def show(study: Study) -> None:
    """Print summary, the check of the blocks, and what is still to be done."""
    from rich.table import Table

    spec, found, console = study.spec, effort(study), messages()
    console.print(f"[bold]{spec.name}[/bold]: {spec.task}, conditions {', '.join(spec.condition_names)}")
    for condition in spec.conditions:
        if condition.compression_rate is not None:
            console.print(
                f"  {condition.name:<12} compression rate {condition.compression_rate:.4g}, "
                f"density {condition.density:.4g} (prunable weights), level {condition.level}"
            )
    console.print(
        f"  {found.images} images x {len(spec.cells_per_image)} = {found.cells} cells x {spec.raters} raters = "
        f"{found.answers} answers"
    )
    console.print(
        f"  {found.participants} participants, each up to {found.questions} questions, "
        f"about {found.minutes:.0f} minutes"
    )
    console.print(f"  {found.pictures} pictures of {found.bytes_each} bytes each")
    selection = spec.selection
    if selection.walked:
        rejected = ", ".join(f"{count} {reason}" for reason, count in selection.rejected.items()) or "none"
        console.print(f"  rule {selection.rule}: {selection.walked} images looked at; passed over: {rejected}")
    table = Table("blocks", "wanted", "found", "")
    for check in verify_blocks(study):
        table.add_row(check.what, check.wanted, check.found, "ok" if check.holds else "[bold]NO[/bold]")
    console.print(table)
    for name, text in study.texts.items():
        for gap in placeholders(text):
            console.print(f"to be filled in: texts/{name}.md: {gap}", markup=False)
