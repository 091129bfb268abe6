"""The stored networks of one setting: which of them fit together, and what is odd about them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tombola.errors import TombolaError
from tombola.interop.imported import Findings
from tombola.interop.levels import listed
from tombola.interop.nnstd.finding import Stored
from tombola.interop.nnstd.layers import DOCUMENTED, Layout, layout_of
from tombola.interop.nnstd.matrices import Matrix, read_matrix

Shape = tuple[tuple[int, ...], Layout]
"""Sizes of a network, inputs first, and how its matrices are written."""


@dataclass
class Group:
    """The networks of one setting, of one architecture: that of most of them.

    Attributes
    ----------
    root
        What is imported.
    stored
        Everything that was found of this setting.
    limit
        The most bytes of one file.
    findings
        What was noticed.
    sizes
        Inputs, units of each layer.
    chosen
        What can be read and has these sizes.
    networks, epochs
        What replicates and levels (from 1) are there.
    """

    root: Path
    stored: Sequence[Stored]
    limit: int
    findings: Findings = field(default_factory=Findings)

    def __post_init__(self) -> None:
        shapes = {each.folder: self._shape(each) for each in self.stored}
        known = Counter(shape[0] for shape in shapes.values() if shape is not None)
        if not known:
            raise TombolaError(f"no network of '{self.setting}' can be read: {self.findings.warnings[0]}")
        self.sizes = known.most_common(1)[0][0]
        for each in self.stored:
            shape = shapes[each.folder]
            if shape is not None and shape[0] != self.sizes:
                layers = "-".join(map(str, shape[0]))
                self.findings.warn(f"{self.called(each)} has layers {layers}; it is left out.")
            elif shape is not None and shape[1] != DOCUMENTED:
                self.findings.warn(f"{self.called(each)}: {shape[1].deviation}; it is read so.")
        self.chosen = [each for each in self.stored if (shape := shapes[each.folder]) and shape[0] == self.sizes]
        self.networks = [*dict.fromkeys(each.name for each in self.chosen)]
        self.epochs = sorted({each.epoch for each in self.chosen}, key=lambda epoch: epoch or 0)
        self._tell()

    @property
    def setting(self) -> str:
        """What the networks have in common by name: ``e5_s0``."""
        return self.stored[0].setting

    def layers(self, each: Stored) -> list[Matrix]:
        """Return the layers of a network as (units, inputs), biases left out."""
        matrices = self._matrices(each)
        layout = layout_of(matrices)
        layers = [layout.layer(matrix) for matrix in matrices]
        zeros = sum(layer.zeros for layer in layers)
        if zeros:
            self.findings.warn(f"{self.called(each)}: {zeros} stored connections are zero; they count as kept.")
        return layers

    def called(self, each: Stored) -> str:
        """Return what findings call a stored network."""
        return each.folder.relative_to(self.root).as_posix() if each.folder != self.root else each.folder.name

    def _shape(self, each: Stored) -> Shape | None:
        try:
            matrices = self._matrices(each)
            layout = layout_of(matrices)
        except TombolaError as error:
            self.findings.warn(f"{self.called(each)} is left out: {error}.")
            return None
        sizes = [layout.sizes(matrix) for matrix in matrices]
        return (sizes[0][0], *(units for _, units in sizes)), layout

    def _matrices(self, each: Stored) -> list[Matrix]:
        numbers = sorted(each.files)
        if numbers != [*range(len(numbers))]:
            raise TombolaError(f"it has layers {listed(numbers)}, and some before them are missing")
        matrices = [read_matrix(each.files[number], self.limit) for number in numbers]
        if not all(np.isfinite(matrix.values).all() for matrix in matrices):
            raise TombolaError("a weight is not finite")
        return matrices

    def _tell(self) -> None:
        if any(each.number is None for each in self.chosen):
            self.findings.warn("Names of networks do not end in _w and a number; replicates are in order of names.")
        for name in self.networks:
            there = {each.epoch for each in self.chosen if each.name == name}
            missing = [epoch for epoch in self.epochs if epoch not in there]
            if missing:
                self.findings.warn(f"{name} lacks epochs {listed(epoch or 0 for epoch in missing)}.")
        named = listed(epoch for epoch in self.epochs if epoch is not None)
        self.findings.notes += [
            f"Levels 1 to {len(self.epochs)} are what was stored after epochs {named}; masks moved in between (SET)."
            if named
            else "Each network was stored once.",
            "Biases (the last row of each matrix) are left out.",
        ]
        self.findings.unknown += [
            "The dense network (there is none: training was sparse from the start), initial weights and accuracies.",
            "The image set and the activation: ReLU stands for it, and distances do not ask.",
        ]
