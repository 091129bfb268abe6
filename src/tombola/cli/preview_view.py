"""What ``tombola run --dry-run`` prints."""

from collections import Counter
from pathlib import Path

import yaml
from rich.table import Table

from tombola.analysis.wording import duration
from tombola.cli.console import messages, results, size
from tombola.cli.progress import watching
from tombola.experiments import Preview, preview
from tombola.pruning import LevelPlan
from tombola.specs import ExperimentSpec
from tombola.store.folder import TICKET

BESIDE = 6
"""So many layers fit beside their levels on a terminal."""


def show_preview(spec: ExperimentSpec, out: Path, workers: int | None) -> int:
    """Print jobs, remaining weights, time, disk and the resolved spec; the last line is the run folder."""
    with watching(messages(), quiet=False) as listener:
        seen = preview(spec, out, workers, listener)
    plan, console = seen.plan, results()
    train, validation, test = plan.info.sizes
    console.print(f"[bold]{plan.spec.name}[/bold] would train {jobs(seen)}")
    console.print(f"data: {plan.info.name}, {train} training, {validation} validation, {test} test images")
    console.print(
        f"each: {plan.steps} steps of {plan.spec.train.batch_size} images, a record every {plan.interval} steps"
    )
    engines = f"{', '.join(sorted(set(plan.engines.levels.values())))} on {plan.engines.device}"
    console.print(f"engine: {engines}, threads a job {plan.engines.threads}, jobs at a time {seen.workers}")
    for note in plan.forecast.notes:
        console.print(f"  {note}")
    console.print(f"estimated: about {duration(seen.seconds)} and {size(seen.bytes)} of disk\n")
    for table in (remaining_table(seen), layer_table(seen)):
        if table is not None:
            console.print(table)
    print(yaml.safe_dump(plan.spec.resolved(), sort_keys=False, default_flow_style=None, width=110))
    print(plan.folder.path)
    return 0


def jobs(seen: Preview) -> str:
    """Return the jobs to do as a sentence part: how many of what."""
    kinds = Counter("tickets" if job.control == TICKET else job.control for job in seen.pending)
    done = len(seen.plan.jobs) - len(seen.pending)
    text = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing"
    return f"{len(seen.pending)} jobs ({text})" + (f"; {done} are done already" if done else "")


def remaining_table(seen: Preview) -> Table:
    """Return exact remaining weights per level, the engine with its predicted time, and few layers beside them."""
    table = Table(title="remaining weights", title_justify="left")
    layers = seen.plan.layers if len(seen.plan.layers) <= BESIDE else ()
    for heading in ("level", "density", "total", "engine", "ms/step", *(layer.name for layer in layers)):
        table.add_column(heading, justify="right")
    whole = sum(layer.size for layer in seen.plan.layers)
    for level, planned in enumerate(seen.levels):
        engine = seen.plan.engines.levels[level]
        cost = seen.plan.forecast.predictions.get(level, {}).get(engine)
        predicted = f"{cost.step:.3g}" if cost else "-"
        cells = [_remaining(planned, layer.name) for layer in layers]
        table.add_row(str(level), f"{planned.total / whole:.4f}", f"{planned.total:,}", engine, predicted, *cells)
    return table


def layer_table(seen: Preview) -> Table | None:
    """Return exact remaining weights of many layers, dense and at the last level; None of few, shown beside levels."""
    if len(seen.plan.layers) <= BESIDE:
        return None
    table = Table(title=f"layers, dense and at level {len(seen.levels) - 1}", title_justify="left")
    table.add_column("layer")
    for heading in ("weights", "remaining"):
        table.add_column(heading, justify="right")
    for layer in seen.plan.layers:
        table.add_row(layer.name, f"{layer.size:,}", _remaining(seen.levels[-1], layer.name))
    return table


def _remaining(planned: LevelPlan, layer: str) -> str:
    per_layer = planned.remaining or planned.shares or {}
    return f"{per_layer[layer]:,}" if layer in per_layer else "by score"
