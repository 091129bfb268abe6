"""Finding networks at any depth by what is in a folder, not by what it is called."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tombola.errors import TombolaError
from tombola.interop.restricted import LIMIT
from tombola.interop.sparse_analysis.arguments import (
    ARGUMENTS,
    TABLE,
    Arguments,
    ScoreTable,
    read_arguments,
    read_table,
)
from tombola.interop.sparse_analysis.labels import Label, read_label
from tombola.interop.sparse_analysis.logs import CHECKS, GEM_LOG, SYNFLOW_LOG, Log, read_gem_log, read_synflow_log
from tombola.interop.sparse_analysis.roles import States, candidates, read_states
from tombola.interop.sparse_analysis.snapshot import Family

DEEPEST = 12
MOST_FOLDERS = 100_000


@dataclass
class Stored:
    """One network as its folder holds it.

    Attributes
    ----------
    place
        The folder.
    name
        What it is called in findings: the path below what is imported.
    family
        Which program wrote it.
    label
        What the path says.
    states
        Tensors.
    log, table, arguments
        Measurements by epoch, the score table, the arguments; None or empty where there are none.
    checks
        Logs of sanity checks, by our word for them.
    unread
        File -> why it could not be read.
    """

    place: Path
    name: str
    family: Family
    label: Label
    states: States
    log: Log | None = None
    table: ScoreTable | None = None
    arguments: Arguments = field(default_factory=dict)
    checks: dict[str, Log] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> list[Path]:
        """Every file that was read."""
        found = [state.path for state in self.states.known().values()]
        found += [part.path for part in (self.log, self.table, *self.checks.values()) if part is not None]
        return found + ([self.place / ARGUMENTS] if self.arguments else [])


def folders(root: Path) -> list[Path]:
    """Return the folders at any depth that may hold a network: those with files of tensors, or tables.

    Raises
    ------
    TombolaError
        If `root` is no folder.
    """
    if not root.is_dir():
        raise TombolaError(f"{root} is no folder")
    found, waiting, seen = [], [(root, 0)], set()
    while waiting:
        folder, depth = waiting.pop()
        if folder.resolve() in seen:  # links may lead in circles
            continue
        seen.add(folder.resolve())
        if len(seen) > MOST_FOLDERS:
            raise TombolaError(f"{root} holds more than {MOST_FOLDERS:,} folders; name one further down")
        if candidates(folder) or tables(folder):
            found.append(folder)
        if depth < DEEPEST:
            waiting += [(inner, depth + 1) for inner in folder.iterdir() if inner.is_dir()]
    return sorted(found)


def tables(folder: Path) -> dict[str, Path]:
    """Return the score tables of a folder whose names say of what: pruner, exponent and levels -> file."""
    matches = [(TABLE.fullmatch(path.name), path) for path in sorted(folder.iterdir()) if path.suffix == ".pkl"]
    return {"-".join(match.groups()): path for match, path in matches if match and all(match.groups())}


def read_networks(root: Path, families: Iterable[Family], limit: int = LIMIT) -> Iterator[Stored]:
    """Yield every network below a folder, one at a time; folders that hold none are passed over."""
    wanted = set(families)
    for folder in folders(root):
        stored = read_network(folder, root, limit)
        if stored is not None and stored.family in wanted:
            yield stored


def read_network(folder: Path, root: Path, limit: int = LIMIT) -> Stored | None:
    """Return the network of a folder, or None if it holds none."""
    states = read_states(folder, limit)
    last = states.last
    if last is None:
        return None
    name = folder.relative_to(root).as_posix() if folder != root else folder.resolve().name
    stored = Stored(folder, name, last.family, read_label(folder.resolve()), states, unread=dict(states.unread))
    files = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_file()}
    if last.family == "gem-miner":
        _read_gem(stored, files)
    else:
        _read_synflow(stored, files)
    return stored


def _read_gem(stored: Stored, files: dict[str, Path]) -> None:
    for name, keep in {GEM_LOG: "", **{file: check for check, file in CHECKS.items()}}.items():
        if name not in files:
            continue
        try:
            log = read_gem_log(files[name])
        except TombolaError as error:
            stored.unread[name] = str(error)
            continue
        if keep:
            stored.checks[keep] = log
        else:
            stored.log = log


def _read_synflow(stored: Stored, files: dict[str, Path]) -> None:
    tables = [name for name in files if TABLE.fullmatch(name)]
    logs = [name for name in files if name == SYNFLOW_LOG] or [n for n in files if n.startswith("post-train")]
    try:
        if logs:
            stored.log = read_synflow_log(files[logs[-1]])
    except TombolaError as error:
        stored.unread[logs[-1]] = str(error)
    try:
        if tables:
            stored.table = read_table(files[tables[-1]])
    except TombolaError as error:
        stored.unread[tables[-1]] = str(error)
    try:
        if ARGUMENTS in files:
            stored.arguments = read_arguments(files[ARGUMENTS])
    except TombolaError as error:
        stored.unread[ARGUMENTS] = str(error)
