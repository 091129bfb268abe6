"""Which cells a participant gets who arrives when the plan is used up: what lost participants left behind."""

from collections.abc import Mapping

from tombola.study.assignment.draw import Draw
from tombola.study.assignment.plan import share
from tombola.study.design.folder import Study


def choose(study: Study, missing: Mapping[str, tuple[int, int]], arrival: int) -> list[str]:
    """Return names of main trials from cells that still need raters, at most one cell per image.

    Parameters
    ----------
    study
        The study.
    missing
        Cell -> how often its two variants were taken, for cells that need raters.
    arrival
        Number of the participant.
    """
    spec, draw = study.spec, Draw(study.spec.seed, "choose", arrival)
    of_image: dict[int, list[str]] = {}
    classes: dict[int, str] = {}
    for cell in missing:
        truth = study.truth[study.cells[cell][0][0]]
        of_image.setdefault(truth.image, []).append(cell)
        classes[truth.image] = truth.image_class
    images = list(of_image)
    need = {
        index: sum(spec.raters - sum(missing[cell]) for cell in of_image[image]) for index, image in enumerate(images)
    }
    if not need:
        return []
    left = max(*need.values(), -(-sum(need.values()) // spec.cap), 1)
    chosen = share(need, [classes[image] for image in images], left, draw)
    met: dict[str, int] = {}
    cells = []
    for index in chosen:
        options = draw.shuffled(of_image[images[index]])
        cell = min(options, key=lambda c: (sum(missing[c]), met.get(label(c), 0)))
        met[label(cell)] = met.get(label(cell), 0) + 1
        cells.append(cell)
    return [name for cell, side in _sides(cells, missing, draw) for name in study.cells[cell][side]]


def label(cell: str) -> str:
    """Return what a cell compares, without its image."""
    return cell.split("/", 1)[1]


def _sides(cells: list[str], missing: Mapping[str, tuple[int, int]], draw: Draw) -> list[tuple[str, int]]:
    """Give each cell the variant it lacks, as far as both variants come equally often (up to one) per kind of cell."""
    sides: dict[str, int] = {}
    for kind in dict.fromkeys(map(label, cells)):
        mine = sorted(
            draw.shuffled([cell for cell in cells if label(cell) == kind]),
            key=lambda cell: missing[cell][0] - missing[cell][1],
        )
        half, odd = divmod(len(mine), 2)
        lean = missing[mine[half]][1] - missing[mine[half]][0] if odd else 0
        first = half + (odd if lean > 0 or (lean == 0 and draw.below(2)) else 0)
        sides |= {cell: int(place >= first) for place, cell in enumerate(mine)}
    return [(cell, sides[cell]) for cell in cells]
