"""What ``tombola gc`` says."""

from collections.abc import Iterator, Sequence

from tombola.analysis.wording import count, level_names
from tombola.analysis.wording import listing as joined
from tombola.cli.console import size
from tombola.store import Run
from tombola.store.collect import NAMES, Piece, Protection


def announcement(freed: Sequence[Piece], policy: str, *, dry_run: bool) -> str:
    """Return what a policy frees, summed up by kind."""
    if not freed:
        return f"keep {policy} frees nothing"
    parts = []
    for what, name in NAMES.items():
        mine = [piece.size for piece in freed if piece.what == what]
        if mine:
            parts.append(f"{count(len(mine), name)} ({size(sum(mine))})")
    verb = "would free" if dry_run else "frees"
    return f"keep {policy} {verb} {size(sum(piece.size for piece in freed))}: {joined(parts)}"


def staying(run: Run, protection: Protection, *, imported: bool) -> Iterator[str]:
    """Say what stays although the policy would drop it, and what freeing costs."""
    whole = sorted({job.level for job in protection.whole if job in run.jobs})
    trained = sorted({job.level for job in protection.trained if job in run.jobs} - set(whole))
    if whole:
        yield f"stays: all of {level_names(whole)}, where jobs that are not done start from it"
    if trained:
        yield f"stays: trained state of {level_names(trained)}, from which further levels are made"
    if imported:
        yield "this run was imported: what is freed cannot be trained again here"
    else:
        yield "other runs beside this one can no longer take over tickets without their trained state"


def listing(freed: Sequence[Piece]) -> Iterator[str]:
    """Return one line per thing that can be freed."""
    for piece in sorted(freed, key=lambda piece: (piece.job, piece.what)):
        yield f"{piece.job}: {piece.name}, {size(piece.size)}"
