"""Stored networks of the sparse-network analysis of 2023, with the masks that it looked at and the effective ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from tombola.interop.sparse_analysis.discover import read_networks
from tombola.interop.sparse_analysis.snapshot import Family, tensor_digest

SHORT = {"gem-miner": "gem", "synflow": "syn", "random": "rnd"}
"""Our word for a method -> theirs."""
SHORTCUT = "shortcut"
"""Layers that the published analyses leave out."""

Kind = Literal["effective", "nominal"]


@dataclass(frozen=True)
class StoredNetwork:
    """A trained network.

    Attributes
    ----------
    method, density, replicate
        As its folder says: ``gem``, ``syn`` or ``rnd``; percent that remain; the seed.
    architecture
        ``fc`` or ``resnet20``.
    weights
        Layer -> trained weights, in order, shortcuts left out.
    nominal, effective
        Layer -> what the files say is kept, and what takes part in the forward pass.
    initial_digest
        Of the initial weights; None where they are not stored.
    """

    method: str
    density: float
    replicate: int
    architecture: str
    weights: Mapping[str, Float[np.ndarray, "..."]]
    nominal: Mapping[str, Bool[np.ndarray, "..."]]
    effective: Mapping[str, Bool[np.ndarray, "..."]]
    initial_digest: str | None = None

    @property
    def label(self) -> str:
        """Method and replicate."""
        return f"{self.method}{self.replicate}"

    def masks(self, kind: Kind) -> Mapping[str, Bool[np.ndarray, "..."]]:
        """Return the masks of one kind."""
        return self.effective if kind == "effective" else self.nominal


def stored_networks(folder: Path) -> list[StoredNetwork]:
    """Return the labelled, trained networks at or below a folder, by method and replicate.

    Raises
    ------
    TombolaError
        If a file is damaged or asks for more than tensors.
    """
    found = []
    families: tuple[Family, ...] = get_args(Family)
    for stored in read_networks(folder, families):
        label, trained = stored.label, stored.states.trained
        density = label.folder_density or label.density
        if trained is None or label.method not in SHORT or density is None or label.replicate is None:
            continue
        layers = [name for name in trained.layers if SHORTCUT not in name]
        first = stored.states.initial
        found.append(
            StoredNetwork(
                SHORT[label.method],
                density,
                label.replicate,
                label.architecture or ("resnet20" if len(layers) > 6 else "fc"),
                _arrays(trained.weights(), layers),
                _arrays(trained.nominal(), layers),
                _arrays(trained.effective(), layers),
                None if first is None else tensor_digest(first.weights()),
            )
        )
    order = [*SHORT.values()]
    return sorted(found, key=lambda each: (each.architecture, -each.density, order.index(each.method), each.replicate))


def _arrays(tensors: Mapping[str, Tensor], layers: list[str]) -> dict[str, np.ndarray]:
    return {name: tensors[name].numpy() for name in layers}
