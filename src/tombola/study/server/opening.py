"""A study folder as the server serves it: texts and key read once, when it starts."""

from collections.abc import Mapping
from pathlib import Path

from tombola.errors import TombolaError
from tombola.study.assignment import assign
from tombola.study.design.folder import SALT, Study
from tombola.study.server.served import Key, Wording
from tombola.study.trial import Trial


class Opened:
    """A designed study, ready to be served.

    Parameters
    ----------
    study
        The study folder.

    Raises
    ------
    TombolaError
        If its key, its texts or its salt cannot be read.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.folder: Path = study.path
        self.public_folder: Path = study.public_folder
        self.title: str = study.spec.title
        self.demographics: bool = study.spec.demographics
        self.slot_minutes: float = study.spec.slot_minutes
        self.texts: Mapping[str, Wording] = study.texts
        self.trials: Mapping[str, Trial] = study.trials
        self.truth: Mapping[str, Key] = study.truth
        self.salt: bytes = _salt(study)

    def plan(self, arrival: int, taken: Mapping[str, int]) -> tuple[Trial, ...]:
        """Return what the participant who arrives as number `arrival` meets."""
        return assign(self.study, arrival, taken)


def _salt(study: Study) -> bytes:
    file = study.key_folder / SALT
    try:
        return bytes.fromhex(file.read_text().strip())
    except (OSError, ValueError) as error:
        raise TombolaError(f"cannot read the salt {file}: {error}; without it ids cannot be hidden") from error
