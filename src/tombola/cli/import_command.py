"""``tombola import``: other frameworks' results as run folders, foreign weights as a ticket file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError, nearest

if TYPE_CHECKING:
    from tombola.interop.imported import Imported

NETWORKS = ("sparse-analysis", "synaptic-flow", "gem-miner")
RESULTS = "pruning-results"
FORMATS = ("playground", "open-lth", "state-dict", *NETWORKS, "nnstd", RESULTS)

ABOUT = (
    "Bring in what other programs made. `playground PREFIX` and `open-lth DIR` make a run folder, which show, report, "
    "plot and compare read; `sparse-analysis DIR`, `synaptic-flow DIR` and `gem-miner DIR` one for each architecture "
    "and method of the networks below DIR, and say what is wrong with them; `nnstd DIR` one for each setting of the "
    "networks below DIR; `state-dict FILE` makes a safetensors file "
    "of weights and mask; with --network a run folder; `pruning-results FILE` prints the result file of the published "
    "explainability study as a table. Nothing in them is run."
)
GIB = 1 << 30


@dataclass
class Options:
    """Arguments of ``tombola import``."""

    format: Annotated[
        str, tyro.conf.Positional, tyro.conf.arg(help=", ".join(FORMATS), metavar="|".join(FORMATS))
    ]  # fmt: skip
    source: Annotated[
        Path,
        tyro.conf.Positional,
        tyro.conf.arg(help="what the files' names begin with, a folder, or a file", metavar="PREFIX|DIR|FILE"),
    ]
    out: Annotated[Path, tyro.conf.arg(help="folder that run folders lie in", metavar="DIR")] = Path("runs")
    output: Annotated[
        Path | None,
        tyro.conf.arg(
            help="for state-dict and pruning-results: the file to write [FILE.safetensors; the screen]",
            metavar="FILE",
            aliases=["-o"],
        ),
    ] = None
    network: Annotated[
        str | None,
        tyro.conf.arg(
            help="for state-dict: make a run folder; preset or spec file with the network", metavar="NAME|FILE"
        ),
    ] = None
    mask_from: Annotated[
        str, tyro.conf.arg(help="with --network: the file's own masks, or its zeros", metavar="keys|zeros")
    ] = "keys"
    state: Annotated[str, tyro.conf.arg(help="with --network: what the weights are", metavar="trained|initial")] = (
        "trained"
    )
    name: Annotated[str | None, tyro.conf.arg(help="with --network: of the run [the file's]", metavar="NAME")] = None
    limit: Annotated[
        float, tyro.conf.arg(help="refuse files, or tensors of one file, of more than this", metavar="GIB")
    ] = 4.0


def main(args: list[str]) -> int:
    """Import, tell what was noticed, and print where the result is."""
    options = parse(Options, args, "tombola import", ABOUT)
    if options.format not in FORMATS:
        raise TombolaError(f"unknown import format '{options.format}'{nearest(options.format, FORMATS)}")
    if not options.limit > 0:
        raise TombolaError(f"--limit {options.limit}: give a positive number of GiB")
    if options.output is not None and options.format not in ("state-dict", RESULTS):
        raise TombolaError(f"--output is for state-dict and {RESULTS}; {options.format} makes a run folder in --out")
    _check_state_dict(options)
    if options.format == RESULTS:
        from tombola.cli.import_results import import_results

        return import_results(options.source, options.output)
    limit = int(options.limit * GIB)
    if options.format in NETWORKS:
        from tombola.cli.import_networks import import_and_tell

        return import_and_tell(options.source, options.out, options.format, limit)
    if options.format == "nnstd":
        from tombola.interop.nnstd import import_nnstd

        for made in import_nnstd(options.source, options.out, limit=limit):
            tell(made)
            print(made.path)
        return 0
    if options.format == "state-dict" and options.network is None:
        return import_state_dict(options.source, options.output, limit)
    if options.network is not None:
        from tombola.interop import state_dict_import

        spec, source = state_dict_import.network_spec(options.network), options.mask_from
        made = state_dict_import.import_state_dict(
            options.source, spec, options.out, mask_from=source, state=options.state, name=options.name, limit=limit
        )
    elif options.format == "playground":
        from tombola.interop.playground import import_playground

        made = import_playground(options.source, options.out, limit=limit)
    else:
        from tombola.interop.open_lth import import_open_lth

        made = import_open_lth(options.source, options.out, limit=limit)
    tell(made)
    print(made.path)
    return 0


def tell(made: "Imported") -> None:
    """Print what an import noticed: warnings first, then what to know, then what is not known."""
    from tombola.analysis.wording import count
    from tombola.cli.console import messages

    console = messages()
    console.print(f"{count(made.jobs, 'training')} imported", markup=False)
    for title, sentences in (
        ("warning", made.findings.warnings),
        ("note", made.findings.notes),
        ("unknown", made.findings.unknown),
    ):
        for sentence in sentences:
            console.print(f"{title}: {sentence}", markup=False, soft_wrap=True)
    console.print(f"next: tombola report {made.path}", markup=False, soft_wrap=True)


def _check_state_dict(options: Options) -> None:
    """Refuse options of state dicts where they would be ignored."""
    if options.network is not None:
        if options.format != "state-dict":
            raise TombolaError(f"--network is for state-dict; {options.format} says itself which network it is")
        if options.output is not None:
            raise TombolaError("--network makes a run folder in --out, and --output names a file; give one of them")
        return
    given = {"mask_from": options.mask_from != "keys", "state": options.state != "trained", "name": bool(options.name)}
    for name in (name for name, unusual in given.items() if unusual):
        raise TombolaError(f"--{name} needs --network, which says what the weights are of")


def import_state_dict(source: Path, output: Path | None, limit: int) -> int:
    """Write the weights and the mask of a foreign file as safetensors."""
    from tombola.cli.console import messages
    from tombola.interop.state_dict import read_state_dict
    from tombola.interop.state_dict_safetensors import write_safetensors
    from tombola.pruning import Mask
    from tombola.store.files import told_clearly

    target = output or source.with_suffix(".safetensors")
    if target.exists():
        raise TombolaError(f"{target} is there already; move it away, or give another --output")
    state, mask = read_state_dict(source, limit=limit)
    with told_clearly(target):
        write_safetensors(target, state, Mask({}) if mask is None else mask, {"imported": source.name})
    said = "no mask in it; nothing counts as pruned" if mask is None else f"density {mask.density:.4f}"
    messages().print(f"{len(state)} tensors, {said}", markup=False)
    print(target)
    return 0
