"""``tombola data``: image sets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tombola.cli.data_split import contaminations, split_set
from tombola.cli.parse import parse
from tombola.errors import TombolaError, nearest

ACTIONS = ("list", "info", "pull", "split")

STATUS = {
    "embedded": "comes with Tombola",
    "yours": "you bring it (data.root)",
    "not found": "no",
    "damaged": "damaged",
}


@dataclass
class Options:
    """Arguments of ``tombola data``."""

    action: Annotated[
        str, tyro.conf.Positional, tyro.conf.arg(help="list, info, pull or split", metavar="list|info|pull|split")
    ] = "list"
    name: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(help="the image set", metavar="NAME")] = None
    root: Annotated[
        Path | None, tyro.conf.arg(help="folder holding image sets", metavar="DIR", aliases=["--data.root"])
    ] = None
    variant: Annotated[
        str | None, tyro.conf.arg(help="for pull: which form, where there are several", metavar="NAME")
    ] = None
    rule: Annotated[
        str, tyro.conf.arg(help="for split: drawn from --seed, or the set's published one", metavar="drawn|published")
    ] = "drawn"
    seed: Annotated[int, tyro.conf.arg(help="for split: the experiment's seed", metavar="N")] = 0
    validation: Annotated[
        int | None, tyro.conf.arg(help="for split: validation images; default: the set's own", metavar="N")
    ] = None
    out: Annotated[
        Path, tyro.conf.arg(help="for split: the file to write", metavar="FILE", aliases=["-o", "--output"])
    ] = Path("split.csv")
    address: Annotated[str | None, tyro.conf.arg(help="for pull: a mirror holding the same files", metavar="URL")] = (
        None
    )


def main(args: list[str]) -> int:
    """List image sets, describe one, or fetch one from its official address."""
    options = parse(
        Options,
        args,
        "tombola data",
        "Image sets: list them, describe one, fetch one, or say which image is in which part.",
    )
    if options.action not in ACTIONS:
        raise TombolaError(f"unknown action '{options.action}'{nearest(options.action, ACTIONS)}")
    if options.action == "list":
        return show_list(options.root)
    if options.name is None:
        raise TombolaError(
            f"tombola data {options.action} needs the NAME of an image set; `tombola data list` has them"
        )
    if options.action == "split":
        return split_set(options.name, options.root, options.rule, options.validation, options.seed, options.out)
    return show_info(options.name, options.root) if options.action == "info" else pull_named(options.name, options)


def show_list(root: Path | None) -> int:
    """Print every image set and whether it is at hand."""
    from rich.table import Table

    from tombola.cli.console import results, size
    from tombola.data import list_sets

    table = Table()
    for heading in ("name", "train / validation / test", "images", "classes", "at hand", "to pull"):
        table.add_column(heading, overflow="fold")
    for item in list_sets(root):
        sizes = "-" if item.sizes is None else " / ".join(f"{count:,}" for count in item.sizes)
        shape = "-" if item.shape is None else " x ".join(map(str, item.shape))
        where = str(item.folder) if item.folder else STATUS.get(item.status, item.status)
        pull = "-" if item.pull_bytes is None else size(item.pull_bytes)
        table.add_row(item.name, sizes, shape, str(item.classes or "-"), where, pull)
    results().print(table)
    return 0


def show_info(name: str, root: Path | None) -> int:
    """Print what is known about one image set."""
    from tombola.cli.console import size
    from tombola.data import list_sets, normalisations, sets

    source = sets[name]
    item = next(entry for entry in list_sets(root) if entry.name == name)
    print(f"{name}: {item.title}")
    if item.sizes is not None:
        print(
            f"  samples         {item.sizes.train} training, {item.sizes.validation} validation, {item.sizes.test} test"
        )
    if item.shape is not None:
        print(f"  images          {' x '.join(map(str, item.shape))} (channels x height x width), uint8")
    if source.classes:
        more = ", ..." if len(source.classes) > 12 else ""
        print(f"  classes         {len(source.classes)}: {', '.join(source.classes[:12])}{more}")
    constants = normalisations[source.normalisation]
    print(f"  normalisation   {source.normalisation}: mean {constants.mean}, std {constants.std}")
    problem = f" ({item.problem})" if item.problem else ""
    print(f"  at hand         {item.folder or STATUS.get(item.status, item.status)}{problem}")
    if item.pull_bytes is not None:
        print(f"  to pull         {size(item.pull_bytes)} from {item.address}")
    print(f"  terms           {item.terms}")
    if item.status == "found" and item.folder is not None:
        for part, found in contaminations(name, item.folder).items():
            print(f"  {part:15} {found}")
    return 0


def pull_named(name: str, options: Options) -> int:
    """Fetch an image set or published weights, with progress; the last line of standard output is where they are."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from tombola.cli.console import messages
    from tombola.data import Work, pull, sets
    from tombola.data.pretrained import FILES, pull_weights

    if name not in FILES:
        sets[name]
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=messages()) as shown:
        tasks = {}

        def tell(work: Work) -> None:
            if work.what not in tasks:
                tasks[work.what] = shown.add_task(work.what, total=work.total)
            shown.update(tasks[work.what], completed=work.done, total=work.total)

        if name in FILES and name not in sets:
            place = pull_weights(name, options.root, tell, address=options.address)
        else:
            place = pull(name, options.root, tell, variant=options.variant, address=options.address)
    print(place)
    return 0
