"""``tombola study``: human studies. Each action is a module of its own, ``study_<action>.py``."""

import importlib

from tombola.errors import TombolaError, nearest

ACTIONS = {
    "design": "choose images, render blinded stimuli, lay out blocks: a study folder",
    "lock": "preregister: fix hypotheses, exclusions and analysis before the first answer",
    "serve": "the study as a web application on this machine",
    "simulate": "simulated participants, through the web application or in memory",
    "power": "how many answers a question needs, and what they cost",
    "import": "answers collected elsewhere (mturk, prolific, derived), pseudonymised",
    "export": "answers as tidy CSV with a codebook; a batch file for MTurk",
    "analyse": "the published analysis, the valid one, or both",
    "report": "one self-contained HTML page of results",
}


def usage() -> str:
    """Return the help text."""
    lines = [f"  {name:<10} {text}" for name, text in ACTIONS.items()]
    return "\n".join(
        ["usage: tombola study ACTION ...", "", "Ask people whether they understand explanations.", "", *lines]
    )


def main(args: list[str]) -> int:
    """Run one action."""
    if not args or args[0] in ("-h", "--help"):
        print(usage())
        raise SystemExit(0)  # as the help of every command ends
    if args[0] not in ACTIONS:
        raise TombolaError(f"unknown action '{args[0]}' of tombola study{nearest(args[0], ACTIONS)}")
    status: int = importlib.import_module(f"tombola.cli.study_{args[0]}").main(args[1:])
    return status
