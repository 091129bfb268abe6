"""What a network's folder is called, which may or may not be true of what is in it."""

import re
from dataclasses import dataclass
from pathlib import Path

METHODS = {
    "gem": "gem-miner",
    "gem_miner": "gem-miner",
    "syn": "synflow",
    "synflow": "synflow",
    "rnd": "random",
    "rand": "random",
    "random": "random",
    "snip": "snip",
    "grasp": "grasp",
    "mag": "magnitude",
    "magnitude": "magnitude",
    "dense": "dense",
}
"""Words of either program -> ours."""

STRUCTURED = "structured-random"
DENSE = "dense"
ARCHITECTURES = re.compile(r"(fc|resnet[-_]?\d+)", re.IGNORECASE)
STRUCTURED_FOLDER = re.compile(r"(random|rnd)[-_]fc", re.IGNORECASE)
NUMBER = r"(\d+(?:\.\d+)?)"
FULL = re.compile(rf"([A-Za-z_]+?)_{NUMBER}_(\d+)")
BARE = re.compile(rf"{NUMBER}_(\d+)")
METHOD_ONLY = re.compile(r"([A-Za-z_]+?)_(\d+)")


@dataclass(frozen=True)
class Label:
    """What a path says; None where it says nothing.

    Attributes
    ----------
    method, architecture
        In our words.
    density
        Percent remaining, of the folder itself.
    folder_density
        Percent remaining, of the folder above.
    replicate
        The number that replicates are told apart by: a seed, upstream.
    """

    method: str | None = None
    architecture: str | None = None
    density: float | None = None
    folder_density: float | None = None
    replicate: int | None = None


def read_label(folder: Path) -> Label:
    """Return what a folder's name, and those of the two folders above it, say.

    Examples
    --------
    >>> read_label(Path("All_Results/Resnet20/10/gem_10_42"))
    Label(method='gem-miner', architecture='resnet20', density=10.0, folder_density=10.0, replicate=42)
    >>> read_label(Path("All_Results/Random-FC/rnd_21"))
    Label(method='structured-random', architecture='fc', density=None, folder_density=None, replicate=21)
    """
    name, above = folder.name, [part.name for part in (folder.parent, folder.parent.parent)]
    method: str | None = None
    density: float | None = None
    replicate: int | None = None
    if (match := FULL.fullmatch(name)) and match[1].lower() in METHODS:
        method, density, replicate = METHODS.get(match[1].lower()), float(match[2]), int(match[3])
    elif (match := BARE.fullmatch(name)) and re.fullmatch(NUMBER, above[0]):
        density, replicate = float(match[1]), int(match[2])
    elif match := METHOD_ONLY.fullmatch(name):
        method, replicate = METHODS.get(match[1].lower()), int(match[2])
    if replicate is None or (method is None and density is None):
        return Label()
    if method is None and density == 100:
        method = DENSE
    folder_density = next(
        (float(part) for part in above[:1] if re.fullmatch(NUMBER, part) and float(part) <= 100), None
    )
    architecture = next((m[1].lower() for part in above if (m := ARCHITECTURES.fullmatch(part))), None)
    if any(STRUCTURED_FOLDER.fullmatch(part) for part in above):
        architecture, method = "fc", STRUCTURED if method in ("random", None) else method
    return Label(method, architecture and re.sub("[-_]", "", architecture), density, folder_density, replicate)
