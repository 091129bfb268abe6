"""Simulated participants on a server of their own, on a copy of the study: real answers are never touched."""

import shutil
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tombola.errors import TombolaError
from tombola.study.design.folder import ANSWERS, DEVIATIONS, EXPORT, LOCK, Study, open_study
from tombola.study.simulated.crowd import Crowd
from tombola.study.simulated.drive import Outcome, drive
from tombola.study.simulated.process import ServerProcess
from tombola.study.simulated.requests import Requests

LEFT_BEHIND = (f"{ANSWERS}*", EXPORT, LOCK, DEVIATIONS, "backups", ".serving.lock")
"""What a copy begins without: a copy with simulated answers is no preregistered study."""
LOOK_SECONDS = 0.05


def copy_study(study: Study, folder: Path) -> Study:
    """Return a copy of a study, with everything that designs it and nothing that was answered.

    Raises
    ------
    TombolaError
        If there is something already.
    """
    if folder.exists():
        raise TombolaError(f"{folder} exists already; give another --out, or remove it")
    shutil.copytree(study.path, folder, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    return open_study(folder)


def drive_own_server(study: Study, crowd: Crowd, participants: int, *, kills: int = 0, **options: Any) -> Outcome:
    """Start a server of a study, let simulated participants take part, and stop it.

    Parameters
    ----------
    study
        The study to be served; answers go into its folder.
    crowd, participants, **options
        As in `tombola.study.simulated.drive.drive`.
    kills
        How often the server is killed and started again meanwhile, evenly over the answers that are to come.

    Raises
    ------
    TombolaError
        If the server does not start, or not again.
    """
    requests, done = Requests(), Event()
    expected = sum(map(len, study.blocks[:participants]))
    problems: list[TombolaError] = []

    def kill(server: ServerProcess) -> None:
        for number in range(1, kills + 1):
            while len(requests.accepted) < number * expected / (kills + 1):
                if done.wait(LOOK_SECONDS):
                    return
            server.kill()
            try:
                server.start()
            except TombolaError as error:
                problems.append(error)
                return

    with ServerProcess(study.path) as server:
        killer = Thread(target=kill, args=(server,), daemon=True)
        killer.start()
        try:
            outcome = drive(study, crowd, server.address, participants, requests=requests, **options)
        finally:
            done.set()
            killer.join()
    if problems:
        raise problems[0]
    return outcome
