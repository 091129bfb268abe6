"""A last look before anything is served: pictures whose names or sizes tell something are not."""

import re

from tombola.errors import TombolaError
from tombola.study.server.served import ServedStudy

NAME = re.compile(r"[0-9a-f]{32}")


def check_public(study: ServedStudy) -> None:
    """Raise unless every picture of every trial is there, under an opaque name, and all are of one size.

    Raises
    ------
    TombolaError
        About the first picture that would leak something or is missing.
    """
    names = {picture.name for trial in study.trials.values() for picture in trial.pictures}
    sizes: dict[int, str] = {}
    for name in sorted(names):
        if not NAME.fullmatch(name):
            raise TombolaError(f"picture '{name}' has a name that is not 32 hex digits; make the study anew")
        file = study.public_folder / f"{name}.png"
        try:
            sizes.setdefault(file.stat().st_size, name)
        except OSError as error:
            raise TombolaError(f"picture {file} cannot be read: {error.strerror}; make the study anew") from error
    if len(sizes) > 1:
        first, second = list(sizes.values())[:2]
        raise TombolaError(
            f"pictures {first} and {second} differ in size, which tells what they show; make the study anew"
        )
