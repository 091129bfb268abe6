"""The sparse-network analysis of 2023 (SNA): its printed numbers, and the corrected ones, beside ours.

Each part is a function of the stored networks that returns cells; parts of other analyses stand beside the distances.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.reproduce.sparse_analysis_distances import distance_cells
from tombola.analysis.reproduce.sparse_analysis_networks import StoredNetwork, stored_networks

Part = Callable[[Sequence[StoredNetwork]], list[Cell]]

PARTS: tuple[Part, ...] = (distance_cells,)
"""What is reproduced; add a function here."""


def reproduce(folder: Path) -> list[Cell]:
    """Return every number that the stored networks in a folder determine.

    Parameters
    ----------
    folder
        ``All_Results`` or any folder above it; networks are found by content, at any depth.

    Raises
    ------
    TombolaError
        If a file is damaged or asks for more than tensors.
    """
    networks = stored_networks(folder)
    return [cell for part in PARTS for cell in part(networks)]
