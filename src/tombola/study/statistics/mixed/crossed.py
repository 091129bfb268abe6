"""Votes crossed by two groupings, and equations in one pair of unknowns per worker and per image.

Every vote ties one worker to one image, so the matrix of such equations is block diagonal but for one block of 2 x 2
per vote that joins the two groupings. Eliminating the grouping with more members, which costs hardly anything, leaves a
dense matrix of twice the size of the other: seconds become milliseconds.
"""

from dataclasses import dataclass

import numpy as np
import scipy  # its parts are loaded where they are first used
from jaxtyping import Float, Int
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pairs = Float[np.ndarray, "member 2"]
Blocks = Float[np.ndarray, "member 2 2"]


@dataclass(frozen=True, eq=False)
class Crossing:
    """Which members of two groupings each vote belongs to. Make one with `crossing`.

    Attributes
    ----------
    member
        Numbers of the two members of each vote, in order; those of the second grouping follow those of the first.
    sizes
        Members of the two groupings.
    """

    member: Int[np.ndarray, "vote 2"]
    sizes: tuple[int, int]

    def total(self, values: Float[np.ndarray, "vote ..."]) -> Float[np.ndarray, "member ..."]:
        """Return the sums of values over the votes of every member of both groupings."""
        wide = values.reshape(len(values), -1)
        count, width = sum(self.sizes), wide.shape[1]
        place = self.member.T[:, :, None] * width + np.arange(width)
        sums = np.bincount(place.ravel(), np.broadcast_to(wide, place.shape).ravel(), count * width)
        return sums.reshape(count, *values.shape[1:])

    def joined(self, blocks: Float[np.ndarray, "vote 2 2"]) -> "scipy.sparse.bsr_array":
        """Return the matrix (first, second) that has a block where a vote joins two members."""
        starts = np.searchsorted(self.member[:, 0], np.arange(self.sizes[0] + 1))
        shape = (2 * self.sizes[0], 2 * self.sizes[1])
        return scipy.sparse.bsr_array((blocks, self.member[:, 1] - self.sizes[0], starts), shape=shape)


def crossing(
    first: Int[np.ndarray, " vote"], second: Int[np.ndarray, " vote"]
) -> tuple[Crossing, Int[np.ndarray, " vote"]]:
    """Return a crossing, and the order in which it has the votes.

    Parameters
    ----------
    first, second
        Numbers from 0 of the members of each vote; `first` is the grouping with fewer members.
    """
    order = np.lexsort((second, first))
    sizes = (int(first.max()) + 1, int(second.max()) + 1)
    return Crossing(np.stack([first, second + sizes[0]], 1)[order], sizes), order


class Factor:
    """A factorised matrix with diagonal blocks per member and joining blocks per vote.

    Parameters
    ----------
    votes
        Which blocks a vote joins.
    diagonal
        Symmetric blocks of the members.
    joining
        Block of each vote in the rows of its first member and the columns of its second; votes of equal members add up.

    Raises
    ------
    LinAlgError
        If the matrix is not positive definite.
    """

    def __init__(self, votes: Crossing, diagonal: Blocks, joining: Float[np.ndarray, "vote 2 2"]) -> None:
        few = votes.sizes[0]
        self._votes = votes
        self._inverse = np.linalg.inv(diagonal[few:])
        self._gain = joining @ self._inverse[votes.member[:, 1] - few]
        self._joined, self._gains = votes.joined(joining), votes.joined(self._gain)
        rest = -(self._gains @ self._joined.T).toarray()
        block = 2 * np.arange(few)[:, None, None] + np.array([[0], [1]]), 2 * np.arange(few)[:, None, None] + [0, 1]
        rest[block] += diagonal[:few]
        self._root = np.linalg.cholesky(rest)
        self._block = block
        eliminated = float(np.log(np.linalg.det(diagonal[few:])).sum())
        self.log_determinant = eliminated + 2 * float(np.log(np.diag(self._root)).sum())

    def solve(self, right: Pairs) -> Pairs:
        """Return the solution of the equations with the right-hand side `right`."""
        few = self._votes.sizes[0]
        second = right[few:]
        first = scipy.linalg.cho_solve((self._root, True), right[:few].ravel() - self._gains @ second.ravel())
        left = second - (self._joined.T @ first).reshape(-1, 2)
        return np.concatenate([first.reshape(-1, 2), np.einsum("mab,mb->ma", self._inverse, left)])

    def inverse_blocks(self) -> tuple[Blocks, Float[np.ndarray, "vote 2 2"]]:
        """Return the blocks of the inverse: of every member, and of the two members of every vote."""
        few, member = self._votes.sizes[0], self._votes.member
        inverse = scipy.linalg.cho_solve((self._root, True), np.eye(2 * few))
        across = (self._gains.T @ inverse).reshape(-1, 2, few, 2)
        between = across[member[:, 1] - few, :, member[:, 0], :].transpose(0, 2, 1)
        seconds = self._votes.total(self._gain.transpose(0, 2, 1) @ between)[few:] + self._inverse
        return np.concatenate([inverse[self._block], seconds]), -between
