"""Networks of Synaptic-Flow of which only tables are left: one folder, many compressions, no tensors."""

from collections.abc import Iterator
from pathlib import Path

from tombola.errors import TombolaError
from tombola.interop.sparse_analysis.architecture import architecture_of
from tombola.interop.sparse_analysis.arguments import (
    ARGUMENTS,
    ScoreTable,
    read_arguments,
    read_table,
    recorded_density,
    recorded_method,
)
from tombola.interop.sparse_analysis.discover import folders, tables
from tombola.interop.sparse_analysis.facts import Facts, Layer
from tombola.interop.sparse_analysis.labels import read_label
from tombola.interop.sparse_analysis.logs import Log, read_synflow_log
from tombola.interop.sparse_analysis.naming import Naming
from tombola.interop.sparse_analysis.roles import candidates


def read_recorded(root: Path) -> Iterator[Facts]:
    """Yield what score tables and logs say of networks whose tensors were not kept.

    Synaptic-Flow writes ``compression-<pruner>-<c>-<L>.pkl`` and ``post-train-<pruner>-<c>-<L>.pkl`` for every
    compression of a run into one folder. Where it holds one network only, and its tensors, `read_networks` reads it.
    """
    for folder in folders(root):
        found = tables(folder)
        if found and (len(found) > 1 or not candidates(folder)):
            for said, path in found.items():
                yield _facts(folder, root, said, path)


def _facts(folder: Path, root: Path, said: str, path: Path) -> Facts:
    table = read_table(path)
    unread: dict[str, str] = {}
    log: Log | None = None
    logged = folder / f"post-train-{said}.pkl"
    try:
        log = read_synflow_log(logged) if logged.is_file() else None
        arguments = read_arguments(folder / ARGUMENTS) if (folder / ARGUMENTS).is_file() else {}
    except TombolaError as error:
        unread[logged.name], arguments = str(error), {}
    own = {"pruner": table.pruner, "compression_list": [table.exponent], "level_list": [table.levels]}
    above = folder.relative_to(root).as_posix() if folder != root else folder.resolve().name
    return Facts(
        f"{above}/{said}",
        folder,
        "synaptic-flow",
        read_label(folder.resolve()),
        recorded_method(own, table) or "unknown",
        architecture_of(list(table.shapes.values())) if all(table.shapes.values()) else "other",
        recorded_method(own, table),
        recorded_density(own, table),
        layers={name: _layer(size, table.density[name]) for name, size in table.sizes.items()},
        log=log,
        arguments=arguments | own,
        unread=unread,
        table=table,
    )


def _layer(size: int, density: float) -> Layer:
    kept = round(size * density)
    return Layer(size, kept, kept)


def name_recorded(table: ScoreTable) -> Naming:
    """Return the naming of a network that is known by its table only: its own names."""
    linear = [name for name, shape in table.shapes.items() if len(shape) == 2]
    kinds = {
        name: "conv" if len(shape) == 4 else "output" if [name] == linear[-1:] else "linear"
        for name, shape in table.shapes.items()
    }
    kind = architecture_of(list(table.shapes.values()))
    return Naming({"architecture": kind}, {name: name for name in kinds}, kinds, {}, None, 0)
