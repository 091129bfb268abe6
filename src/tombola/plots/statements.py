"""Why a plot is empty, in words."""

from collections.abc import Sequence

from tombola.store import Run


def why_nothing(runs: Sequence[Run], what: str = "") -> str:
    """Return why runs have nothing to draw, in a sentence.

    Parameters
    ----------
    runs
        The runs.
    what
        What was looked for where networks are trained, as the sentence's subject: "Test-Accuracy at every record".
    """
    infos = [info for run in runs for info in run.jobs.values()]
    if any(info.status == "done" for info in infos):
        return f"{what or 'This'} was not recorded."
    if infos:
        return f"Every training failed; the first one because {infos[0].reason or 'of an unknown reason'}."
    return "No network is trained yet."
