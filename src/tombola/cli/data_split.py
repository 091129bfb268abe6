"""``tombola data split``, and what file names tell about a set in ``tombola data info``."""

from pathlib import Path


def split_set(name: str, root: Path | None, rule: str, validation: int | None, seed: int, out: Path) -> int:
    """Write down which image is in which part; the last line of standard output is the file."""
    from tombola.data import split_names, write_split
    from tombola.specs.resolve import validate

    place = None if root is None else str(root)
    fields = {"name": name, "root": place, "split": rule, "validation": validation}
    names = split_names(validate({"data": fields}).data, seed)
    write_split(names, out)
    counts = ", ".join(f"{len(files):,} {part}" for part, files in names.items())
    print(f"{name}: {counts}; use it with --data.name {name} --data.split_file {out}")
    print(out)
    return 0


def contaminations(name: str, folder: Path) -> dict[str, str]:
    """Return what a backbone that was pretrained on ImageNet has seen of every part, where that is a question."""
    from tombola.data import contamination, sets
    from tombola.specs import DataSpec

    found = {part: contamination(names) for part, names in sets[name].names(folder, DataSpec(name=name)).items()}
    return {f"{part} seen": str(counts) for part, counts in found.items() if counts is not None}
