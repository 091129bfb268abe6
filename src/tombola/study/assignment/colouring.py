"""Equitable colouring: colours on the edges of a bipartite graph, spread evenly at every node.

Who sees an image under which condition, and who sees which side, are the same question: participants on one side,
images on the other, an edge per meeting, and a colour for each edge such that at every node no colour occurs more
than once more often than another (de Werra 1971). It is solved by cutting every node into nodes of as many edges as
there are colours and colouring what results with alternating paths (König 1916).
"""

from collections.abc import Hashable, Sequence

from tombola.study.assignment.draw import Draw

Edge = tuple[Hashable, Hashable]
Node = tuple[int, Hashable, int]
"""Which side of the graph, which node there, and which piece of it."""


def equitable_colouring(edges: Sequence[Edge], colours: int, draw: Draw) -> list[int]:
    """Return a colour per edge, such that at every node the numbers of any two colours differ by at most one.

    Parameters
    ----------
    edges
        Pairs of a left and a right node; the two sides may use the same labels. An edge may occur several times.
    colours
        How many colours.
    draw
        Breaks ties, so that no colour is favoured where numbers cannot be equal.
    """
    order = draw.shuffled(range(len(edges)))
    met: dict[tuple[int, Hashable], int] = {}
    ends: list[tuple[Node, Node] | None] = [None] * len(edges)
    for index in order:
        pieces = []
        for side in (0, 1):
            key = (side, edges[index][side])
            pieces.append((side, edges[index][side], met.get(key, 0) // colours))
            met[key] = met.get(key, 0) + 1
        ends[index] = (pieces[0], pieces[1])
    at: dict[Node, dict[int, int]] = {}
    found = [-1] * len(edges)
    for index in order:
        pair = ends[index]
        assert pair is not None  # every index is in the order
        left, right = at.setdefault(pair[0], {}), at.setdefault(pair[1], {})
        free_left = [c for c in range(colours) if c not in left]
        common = [c for c in free_left if c not in right]
        if common:
            colour = draw.choice(common)
        else:
            colour = draw.choice(free_left)
            other = draw.choice([c for c in range(colours) if c not in right])
            _swap_path(pair[1], colour, other, at, found, ends)
        left[colour] = right[colour] = index
        found[index] = colour
    return found


def _swap_path(
    start: Node,
    colour: int,
    other: int,
    at: dict[Node, dict[int, int]],
    found: list[int],
    ends: list[tuple[Node, Node] | None],
) -> None:
    """Free `colour` at `start` by swapping it with `other` along the path of both that begins there."""
    path, node, wanted = [], start, colour
    while wanted in at[node]:
        index = at[node][wanted]
        path.append(index)
        pair = ends[index]
        assert pair is not None
        node = pair[1] if pair[0] == node else pair[0]
        wanted = other if wanted == colour else colour
    for index in path:
        for node in ends[index] or ():
            del at[node][found[index]]
    for index in path:
        found[index] = other if found[index] == colour else colour
        for node in ends[index] or ():
            at[node][found[index]] = index
