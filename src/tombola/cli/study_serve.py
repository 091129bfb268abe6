"""``tombola study serve``: a study as a web application, its invitations, its backups."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from tombola.study.design.folder import Study
    from tombola.study.server.settings import Settings

DESCRIPTION = "Serve a study to its participants from this machine, until Ctrl-C. Every answer is saved at once."
MISSING = "tombola study serve needs the extra study ({error}); install it with: pip install 'tombola[study]'"
MOST_INVITATIONS = 10_000


def option(text: str, metavar: str) -> Any:
    """Return the description of an option."""
    return tyro.conf.arg(help=text, metavar=metavar, help_behavior_hint="")


@dataclass
class Options:
    """Arguments of ``tombola study serve``."""

    study: Annotated[Path, tyro.conf.Positional, option("the study folder", "STUDY")]
    host: Annotated[str, option("where to listen [127.0.0.1: this machine only]", "HOST")] = "127.0.0.1"
    port: Annotated[int, option("where to listen; 0: any free one [8000]", "N")] = 8000
    address: Annotated[str, option("what participants type, such as https://study.example.org", "URL")] = ""
    behind_proxy: Annotated[bool, option("a reverse proxy on this machine tells who the client is", "")] = False
    batch: Annotated[str | None, option("of new participants [main if the study is locked, else pilot]", "NAME")] = None
    access: Annotated[
        Literal["open", "invited", "external"],
        option("who may start: anybody, invited people, or whom a platform sends [open]", "open|invited|external"),
    ] = "open"
    completion_code: Annotated[str, option("one code for all [a random one each]", "CODE")] = ""
    return_address: Annotated[str, option("where the last page leads back to", "URL")] = ""
    quiz_tries: Annotated[int, option("tries of the comprehension quiz [3]", "N")] = 3
    admin_token_file: Annotated[Path | None, option("a file with the admin token [a random one, printed]", "FILE")] = (
        None
    )
    participant_rate: Annotated[int, option("requests a minute of one participant; 0: any [300]", "N")] = 300
    client_rate: Annotated[int, option("requests a minute of one network address; 0: any [3000]", "N")] = 3000
    start_rate: Annotated[int, option("starts a minute of one network address; 0: any [60]", "N")] = 60
    backup_every: Annotated[float, option("minutes between backups into STUDY/backups; 0: none [10]", "X")] = 10.0
    backups_kept: Annotated[int, option("how many of those are kept [6]", "N")] = 6
    describe: Annotated[bool, option("serve the OpenAPI description at /openapi.json", "")] = False
    backup: Annotated[Path | None, option("copy the answers safely, even while being served, and stop", "FILE")] = None
    invite: Annotated[int, option("print so many personal links, and stop", "N")] = 0


def main(args: list[str]) -> int:
    """Serve a study, or do one chore of it."""
    options = parse(Options, args, "tombola study serve", DESCRIPTION)
    from tombola.study.design.folder import open_study

    study = open_study(options.study)
    if options.backup is not None:
        from tombola.study.server.backup import backup

        backup(study.answers_file, options.backup)
        print(options.backup)
        return 0
    settings = settings_of(options, locked=study.lock_file.exists())
    if options.invite:
        return invite(study, settings, options)
    try:
        from tombola.study.server.opening import Opened
        from tombola.study.server.running import serve
    except ImportError as error:
        raise TombolaError(MISSING.format(error=error)) from error
    if settings.batch == "pilot":
        print("the study is not locked: these answers are a pilot, for exploration only", file=sys.stderr)
    for name in unfinished(study):
        print(f"texts/{name}.md still has places in square brackets to fill in", file=sys.stderr)

    def tell(address: str, token: str) -> None:
        print(f"participants   {address}/")
        print(f"admin          {address}/admin")
        if options.admin_token_file is None:
            print(f"admin token    {token}")
        print("Ctrl-C stops; nothing is lost", flush=True)

    serve(
        Opened(study),
        settings,
        options.host,
        options.port,
        behind_proxy=options.behind_proxy,
        admin_token=_token(options.admin_token_file),
        tell=tell,
    )
    return 0


def settings_of(options: Options, *, locked: bool) -> "Settings":
    """Return what was asked for, checked.

    Raises
    ------
    TombolaError
        If a value is out of range.
    """
    from tombola.study.server.settings import Settings

    for name, low, high in (
        ("port", 0, 65535),
        ("quiz_tries", 1, 100),
        ("participant_rate", 0, 10**9),
        ("client_rate", 0, 10**9),
        ("start_rate", 0, 10**9),
        ("backup_every", 0, 10**6),
        ("backups_kept", 1, 10**6),
        ("invite", 0, MOST_INVITATIONS),
    ):
        value = getattr(options, name)
        if not low <= value <= high:
            raise TombolaError(f"--{name.replace('_', '-')} {value}: choose from {low} to {high}")
    for name in ("address", "return_address"):
        value = getattr(options, name)
        if value and not value.startswith(("https://", "http://")):
            raise TombolaError(f"--{name.replace('_', '-')} {value}: give a whole address, such as https://example.org")
    return Settings(
        batch=options.batch or ("main" if locked else "pilot"),
        access=options.access,
        address=options.address.rstrip("/"),
        completion_code=options.completion_code,
        return_address=options.return_address,
        quiz_tries=options.quiz_tries,
        participant_rate=options.participant_rate,
        client_rate=options.client_rate,
        start_rate=options.start_rate,
        backup_minutes=options.backup_every,
        backups_kept=options.backups_kept,
        describe=options.describe,
    )


def invite(study: "Study", settings: "Settings", options: Options) -> int:
    """Make personal links, also while the study is being served."""
    from tombola.study.server.invitations import invitations

    address = settings.address or f"http://{options.host}:{options.port}"
    for token in invitations(study.answers_file, settings.batch, options.invite):
        print(f"{address}/p/{token}")
    return 0


def unfinished(study: "Study") -> list[str]:
    """Return the names of texts with a place left to fill in, such as **[how to reach you]**."""
    return [name for name, text in study.texts.items() if re.search(r"\*\*\[[^\]]+\]\*\*", text.body)]


def _token(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        token = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TombolaError(f"cannot read the admin token in {file}: {error}") from error
    if len(token) < 16:
        raise TombolaError(f"the admin token in {file} is too short to hide anything; give at least 16 characters")
    return token
