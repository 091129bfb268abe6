"""``tombola presets``: the experiments that ship with Tombola."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from tombola.cli.parse import parse


@dataclass
class Options:
    """Arguments of ``tombola presets``."""

    name: Annotated[
        str | None, tyro.conf.Positional, tyro.conf.arg(help="show this one, resolved", metavar="PRESET")
    ] = None


def main(args: list[str]) -> int:
    """List the presets, or print one as the YAML it resolves to."""
    options = parse(Options, args, "tombola presets", "List the experiments that ship with Tombola, or show one.")
    from tombola.specs import preset_names, resolve
    from tombola.specs.resolve import preset

    if options.name:
        import yaml

        print(
            yaml.safe_dump(resolve(options.name).resolved(), sort_keys=False, default_flow_style=None, width=110),
            end="",
        )
        return 0
    width = max(map(len, preset_names()))
    for name in preset_names():
        print(f"{name:<{width}}  {preset(name).get('description', '')}")
    return 0
