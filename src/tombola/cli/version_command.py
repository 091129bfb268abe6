"""``tombola version``: what is installed."""

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import tombola
from tombola.cli.parse import parse

PACKAGES = ("torch", "numpy", "scipy", "numba", "xarray", "pydantic", "tyro")


@dataclass
class Options:
    """``tombola version`` takes no arguments."""


def main(args: list[str]) -> int:
    """Print the versions that results may depend on."""
    parse(Options, args, "tombola version", "Print versions.")
    print(f"tombola {tombola.__version__}, Python {platform.python_version()}")
    for name in PACKAGES:
        try:
            print(f"  {name} {version(name)}")
        except PackageNotFoundError:
            print(f"  {name} is not installed")
    return 0
