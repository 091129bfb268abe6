"""Whether networks that are called different are different."""

from collections.abc import Iterator, Sequence

from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.integrity.finding import ERROR, Found, check, one
from tombola.interop.sparse_analysis.integrity.sharing import listed, names, sharing


@check("identical-masks", 4)
def identical_masks(networks: Sequence[Facts]) -> Iterator[Found]:
    """The same mask lies under several labels or methods."""
    pruned = [network for network in networks if network.kept < network.size]
    yield from _same(pruned, "mask", "the same effective mask", "they are one sparse structure counted several times")


@check("identical-weights", 4)
def identical_weights(networks: Sequence[Facts]) -> Iterator[Found]:
    """The same trained weights lie under several labels or methods."""
    yield from _same(networks, "trained", "the same trained weights", "they are one training counted several times")


def _same(networks: Sequence[Facts], what: str, shared: str, consequence: str) -> Iterator[Found]:
    for digest, found in sharing(networks, what).items():
        if len(found) > 1:
            groups = sorted({f"{n.method} {n.effective:.3f} %" for n in found})
            yield (
                ERROR,
                listed(found),
                f"{len(found)} folders hold {shared} ({'; '.join(groups)})",
                consequence,
                {"sha256": digest, "networks": names(found)},
                names(found),
            )


@check("recorded-pruner", 4)
def recorded_pruner(networks: Sequence[Facts]) -> Iterator[Found]:
    """The folder is called after another method than the one that was recorded."""
    for network in networks:
        said, recorded = network.label.method, network.recorded_method
        usual = said == "gem-miner" or (said in _NO_SCORES and recorded in ("random", *_NO_SCORES))
        if said is not None and recorded is not None and said != recorded and not usual:
            yield one(
                ERROR,
                network,
                f"pruned by {recorded} by its record, called {said}",
                "it belongs to the group of the recorded method",
                {"label": said, "recorded": recorded},
            )
        table = network.table
        if table is None or table.pruner is None or recorded is None or recorded in _NO_SCORES:
            continue
        if table.pruner != recorded:
            yield one(
                ERROR,
                network,
                f"{table.path.name} is of {table.pruner}, the arguments are of {recorded}",
                "files of two networks lie in one folder",
                {"table": table.pruner, "recorded": recorded},
            )


_NO_SCORES = ("dense", "structured-random")
