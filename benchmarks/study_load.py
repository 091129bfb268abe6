"""Two hundred people at once on one server process: no error, every answer stored once, and how long they wait.

A server process of its own serves a synthetic study; simulated participants walk the real pages from consent to
completion code, each with a connection and cookies of their own, and load style, script and every picture. They do not
think (--pace 0), so that two hundred of them ask as often as thousands of people. Client and server share the machine.
At the end the database is compared with what clients saw confirmed. Exits with 1 if anything failed, was lost, doubled,
or stored twice.

    python benchmarks/study_load.py [--participants N] [--concurrency N] [--kills N] [--pace X] [--json FILE]
"""

import argparse
import json
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tombola.study.design import synthetic_study
from tombola.study.server.export import export_answers
from tombola.study.simulated import Crowd, Outcome, audit
from tombola.study.simulated.own_server import drive_own_server

IMAGES_PER_CLASS = 1
CLASSES = 10
COLUMNS = "{:<20}{:>8}{:>10}{:>10}{:>10}"


def measure(folder: Path, options: argparse.Namespace) -> tuple[Outcome, dict[str, object]]:
    """Design a study that needs exactly so many participants, let them come, and look at what is stored."""
    study = synthetic_study(
        folder / "study",
        conditions=("a", "b"),
        classes=CLASSES,
        images_per_class=IMAGES_PER_CLASS,
        raters=options.participants,
        cap=CLASSES * IMAGES_PER_CLASS,
        confidence=True,
        demographics=True,
    )
    outcome = drive_own_server(
        study,
        Crowd(),
        options.participants,
        kills=options.kills,
        concurrency=options.concurrency,
        pace=options.pace,
        patience=120.0,
    )
    found = audit(study, outcome.requests.accepted)
    frame = export_answers(study)
    twice = int(frame.duplicated(["participant", "trial"]).sum())
    figures = asdict(found) | {
        "clean": found.clean and not twice and found.accepted == found.stored == len(frame),
        "codes": len(set(outcome.codes)),
        "seconds": outcome.seconds,
        "requests": outcome.requests.count,
        "requests_per_second": outcome.requests.count / outcome.seconds,
        "failed": outcome.failed,
        "retries": dict(outcome.requests.retries),
        "latencies": outcome.requests.table().to_dict("records"),
    }
    return outcome, figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--participants", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=200)
    parser.add_argument("--kills", type=int, default=0, help="kill the server so often meanwhile, and start it again")
    parser.add_argument("--pace", type=float, default=0.0, help="part of response times that is really waited")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}; {options.participants} participants")
    with tempfile.TemporaryDirectory() as folder:
        outcome, figures = measure(Path(folder), options)
    print(COLUMNS.format("request", "count", "p50 ms", "p95 ms", "max ms"))
    for row in outcome.requests.table().itertuples(index=False):
        print(COLUMNS.format(row[0], row[1], *(f"{value:.0f}" for value in row[2:])))
    print(f"{figures['requests']} requests in {outcome.seconds:.1f} s, {figures['requests_per_second']:.0f} a second")
    print(f"completion codes {figures['codes']}, errors {len(outcome.failed)}, sent again {figures['retries']}")
    print(
        f"answers confirmed {figures['accepted']}, stored {figures['stored']}, lost {figures['lost']}, "
        f"doubled {figures['doubled']}, overfull cells {figures['overfull']}"
    )
    for sentence in outcome.failed[:10]:
        print(f"  {sentence}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    good = not outcome.failed and figures["clean"] and figures["codes"] == options.participants
    print("everything stored once" if good else "NOT GOOD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
