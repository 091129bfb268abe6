"""Is an assignment what it claims to be? One line per property, with the figures."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tombola.study.design.folder import Study


class Check(NamedTuple):
    """One property of an assignment: what was asked, what was found, whether it holds."""

    what: str
    wanted: str
    found: str
    holds: bool


def verify_blocks(study: Study, blocks: Sequence[Sequence[str]] | None = None) -> tuple[Check, ...]:
    """Check the properties that make blocks balanced, counted from the names of the trials alone.

    Parameters
    ----------
    study
        The study.
    blocks
        Names of the main trials of every participant; by default the plan of the study. Whoever has answers can check
        what really happened.
    """
    blocks = study.blocks if blocks is None else blocks
    spec, truth = study.spec, study.truth
    units = [[truth[name] for name in block if truth[name].phase != "after"] for block in blocks]
    images = [Counter(unit.image for unit in block) for block in units]
    cells = Counter(unit.cell for block in units for unit in block)
    of_cell = [cells[cell] for cell in study.cells]
    classes = [[sum(u.image_class == name for u in block) for name in _classes(study)] for block in units]
    kinds = [
        [sum(u.cell.split("/", 1)[1] == label for u in block) for label in spec.cells_per_image] for block in units
    ]
    most = max((max(block.values(), default=0) for block in images), default=0)
    lengths = [len(block) for block in units]
    checks = [
        Check("conditions in which a participant meets an image", "1", str(most), most <= 1),
        Check("raters per cell", str(spec.raters), _range(of_cell), set(of_cell) == {spec.raters}),
        Check("images per participant", f"at most {spec.cap}", _range(lengths), max(lengths, default=0) <= spec.cap),
        _difference("images of a class, within a participant", classes, None),
        _difference("images of a condition or pair, within a participant", kinds, 1),
    ]
    if spec.task == "pairwise" and spec.sides == "per-participant":
        within = [
            [sum((u.left, u.right) == sides for u in block) for sides in (pair, pair[::-1])]
            for block in units
            for pair in spec.pairs
        ]
        across: dict[str, list[int]] = {cell: [0, 0] for cell in study.cells}
        first = {label: pair[0] for label, pair in zip(spec.cells_per_image, spec.pairs, strict=True)}
        for block in units:
            for unit in block:
                across[unit.cell][unit.left != first[unit.cell.split("/", 1)[1]]] += 1
        checks += [
            _difference("left minus right of a pair, within a participant", within, 1),
            _difference("left minus right, over the raters of a stimulus", list(across.values()), 1),
        ]
    return tuple(checks)


def _classes(study: Study) -> list[str]:
    return sorted({study.truth[variants[0][0]].image_class for variants in study.cells.values()})


def _difference(what: str, rows: Sequence[Sequence[int]], bound: int | None) -> Check:
    """Compare the largest and the smallest number of each row; without a bound the check only tells."""
    worst = max((max(row) - min(row) for row in rows if row), default=0)
    wanted = "as even as can be" if bound is None else f"differ by at most {bound}"
    return Check(what, wanted, f"differ by at most {worst}", bound is None or worst <= bound)


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers, default=0), max(numbers, default=0)
    return str(low) if low == high else f"{low} to {high}"
