"""The plan of a study: which participant meets which image, in which cell, in which variant."""

from collections.abc import Mapping, Sequence

from tombola.study.assignment.colouring import equitable_colouring
from tombola.study.assignment.draw import Draw

Meeting = tuple[int, int, int]
"""Index of the image, index of the cell of that image, and variant (0 or 1)."""


def participants_needed(images: int, cells: int, raters: int, cap: int) -> int:
    """Return the smallest number of participants that can fill all cells.

    Somebody meets an image once, so there are at least as many people as answers to one image; and nobody meets more
    images than the cap.
    """
    return max(cells * raters, -(-images * cells * raters // cap))


def plan(classes: Sequence[str], cells: int, raters: int, cap: int, seed: int) -> list[list[Meeting]]:
    """Return balanced incomplete blocks, one per planned participant.

    Every cell (image x pair or condition) has exactly `raters` meetings; a participant meets an image at most once and
    at most `cap` images; as few participants as possible, with blocks of equal length up to one. In a block the cells
    of an image occur equally often up to one, and so do classes as far as images allow. The two variants of a cell
    (sides) are equally frequent up to one, within every block and kind of cell, and over the raters of every cell.

    Parameters
    ----------
    classes
        Class of every image.
    cells
        Cells per image.
    raters, cap, seed
        As the study has them.
    """
    visits = _visits(classes, cells * raters, participants_needed(len(classes), cells, raters, cap), seed)
    edges = [(who, image) for who, images in enumerate(visits) for image in images]
    which = equitable_colouring(edges, cells, Draw(seed, "cells"))
    sides = equitable_colouring(
        [((who, cell), (image, cell)) for (who, image), cell in zip(edges, which, strict=True)], 2, Draw(seed, "sides")
    )
    blocks: list[list[Meeting]] = [[] for _ in visits]
    for (who, image), cell, side in zip(edges, which, sides, strict=True):
        blocks[who].append((image, cell, side))
    return blocks


def _visits(classes: Sequence[str], each: int, participants: int, seed: int) -> list[list[int]]:
    """Return the images every participant meets; every image is met by exactly `each` participants."""
    draw = Draw(seed, "visits")
    need = dict.fromkeys(range(len(classes)), each)
    visits = []
    for left in range(participants, 0, -1):
        visits.append(share(need, classes, left, draw))
        for image in visits[-1]:
            need[image] -= 1
    return visits


def share(need: Mapping[int, int], classes: Sequence[str], left: int, draw: Draw) -> list[int]:
    """Return the images of the next of `left` participants, who together meet all needs.

    Of every class, and in all, the next participant takes one part in `left`, rounded down or up; within a class the
    images most in need. An image that needs everybody who is still to come is then always among them, so nothing is
    left over at the end (McNaughton 1959).

    Parameters
    ----------
    need
        Image -> how many participants must still meet it, at most `left`.
    classes
        Class of every image.
    left
        Participants still to come.
    draw
        Breaks ties.
    """
    waiting: dict[str, list[int]] = {}
    for image in sorted(draw.shuffled([i for i in need if need[i] > 0]), key=lambda i: -need[i]):
        waiting.setdefault(classes[image], []).append(image)
    totals = {name: sum(need[image] for image in images) for name, images in waiting.items()}
    size = -(-sum(totals.values()) // left)
    quota = {name: total // left for name, total in totals.items()}
    by_rest = sorted(draw.shuffled(list(quota)), key=lambda name: -(totals[name] % left))
    for name in by_rest[: size - sum(quota.values())]:
        quota[name] += 1
    return [image for name, images in waiting.items() for image in images[: quota[name]]]
