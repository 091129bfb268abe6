"""``tombola``: find the command, run it, turn every user mistake into one sentence."""

import importlib
import signal
import sys
from collections.abc import Callable, Sequence

from tombola.errors import TombolaError, nearest

COMMANDS = {
    "run": "run an experiment from a preset or a spec file; start it again to continue or to grow it",
    "resume": "continue an interrupted run",
    "control": "add controls to a run: its levels trained again with one thing changed",
    "show": "what a run folder holds: jobs, densities, accuracies at early stop",
    "inspect": "what pruning left of a run's networks or a ticket: densities, paths, dead units, multiply-adds",
    "report": "write a run's report, one self-contained HTML page",
    "plot": "one kind of picture of runs: curves, densities, kernels, matrices, a ticket emerging",
    "import": "other programs' results, stored networks and state dicts as run folders",
    "export": "tickets as safetensors, state dict, ONNX, masks, open_lth folders; records as CSV, zarr, netCDF",
    "analyse": "look inside networks: signs, distances, features, structure, clusters, contributions, overlap",
    "reproduce": "a published analysis over its published files, their numbers beside ours",
    "explain": "attribution maps of a run's networks over its levels, and how far they can be believed",
    "study": "ask people: design, lock, serve, simulate, power, import, export, analyse, report",
    "connectivity": "are copies of a ticket in other data orders linearly connected? table and figure",
    "compare": "runs side by side: paired differences, what they can show, one HTML page",
    "list": "all runs under a folder, in one line each",
    "gc": "free the disk that finished runs take, by a keep policy",
    "presets": "list the experiments that ship with Tombola, or show one",
    "data": "image sets: list, info NAME, pull NAME, split NAME",
    "bench": "how fast training is here (bench train), or a ticket (bench ticket)",
    "version": "print versions",
}

INTERRUPTED, TERMINATED = 130, 143


def usage() -> str:
    """Return the top-level help text."""
    lines = [f"  {name:<12} {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "usage: tombola COMMAND ...",
            "",
            "Tombola finds, trains and explains sparse neural networks.",
            "",
            *lines,
            "",
            "Begin with `tombola run lenet-mnist-5k` (about a minute); `tombola COMMAND --help` explains each.",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 jobs failed, 2 a mistake, 130 Ctrl-C, 143 terminated."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    if not args or args[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    name, rest = ("version", []) if args[0] == "--version" else (args[0], args[1:])
    terminated = _terminate_like_interrupt()
    try:
        if name not in COMMANDS:
            raise TombolaError(f"unknown command '{name}'{nearest(name, COMMANDS)}")
        command: Callable[[list[str]], int] = importlib.import_module(f"tombola.cli.{name}_command").main
        return command(rest)
    except TombolaError as error:
        print(f"tombola: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return TERMINATED if terminated else INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 0


def _terminate_like_interrupt() -> list[int]:
    """Let SIGTERM stop work as cleanly as Ctrl-C does; the returned list fills when it was SIGTERM."""
    seen: list[int] = []

    def stop(number: int, frame: object) -> None:
        seen.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    return seen


if __name__ == "__main__":
    sys.exit(main())
