"""What integrity checks look at: numbers of one network, taken once, so that its tensors need not stay in memory."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tombola.interop.sparse_analysis.arguments import ScoreTable
from tombola.interop.sparse_analysis.labels import Label
from tombola.interop.sparse_analysis.logs import Log
from tombola.interop.sparse_analysis.snapshot import Family


@dataclass(frozen=True)
class Layer:
    """One prunable layer.

    Attributes
    ----------
    size, nominal, effective
        Weights; those kept by flag or mask; those that take part.
    """

    size: int
    nominal: int
    effective: int


@dataclass(frozen=True)
class Outside:
    """What became of weights under the mask in training, and of the others.

    Attributes
    ----------
    pruned
        Weights that the effective mask prunes.
    nonzero
        Those of them that the trained file does not hold as zero.
    shrink
        Median of trained over initial value of pruned weights: 1 where nothing moved them, below where weight decay
        did; None where they are all zero or their initial values are not known.
    moved
        Pruned weights whose quotient is another one, so that something else moved them too.
    zero
        Weights that the mask keeps and the file holds as zero.
    support
        Non-zero trained weights that the nominal mask keeps.
    """

    pruned: int
    nonzero: int
    shrink: float | None
    moved: int
    zero: int
    support: int


@dataclass(frozen=True)
class Facts:
    """One network in numbers.

    Attributes
    ----------
    name, place, family, label
        As found.
    method, architecture
        By label if it says so, else by record and content; and by content alone.
    recorded_method, recorded_density
        What arguments and score table say; density in percent.
    layers
        Layer -> counts, of the last state there is.
    roles
        Which states there are.
    digests
        ``initial`` weights, initial ``scores``, effective ``mask``, ``trained`` weights -> SHA-256, where known.
    frozen
        Weights that differ between initialisation and the pruned state: (number, largest difference).
    mask_changed
        Effective mask bits that differ between the pruned and the trained state.
    not_finite, impossible
        File: tensor -> number of entries that are no finite numbers; that such a tensor cannot have.
    dummies
        Stand-ins of biases that hold neither 0 nor 1.
    outside
        Of trained weights; None where there is no trained state.
    score_square
        Sum of squared scores before fine-tuning; None outside of Gem-Miner.
    log, checks, arguments, unread, table
        As found.
    """

    name: str
    place: Path
    family: Family
    label: Label
    method: str
    architecture: str
    recorded_method: str | None = None
    recorded_density: float | None = None
    layers: dict[str, Layer] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    frozen: tuple[int, float] = (0, 0.0)
    mask_changed: int = 0
    not_finite: dict[str, int] = field(default_factory=dict)
    impossible: dict[str, int] = field(default_factory=dict)
    dummies: int = 0
    outside: Outside | None = None
    score_square: float | None = None
    log: Log | None = None
    checks: dict[str, Log] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    table: ScoreTable | None = None

    @property
    def size(self) -> int:
        """Prunable weights."""
        return sum(layer.size for layer in self.layers.values())

    @property
    def kept(self) -> int:
        """Effective weights."""
        return sum(layer.effective for layer in self.layers.values())

    @property
    def effective(self) -> float:
        """Percent of prunable weights that take part."""
        return 100 * self.kept / self.size if self.size else 100.0

    @property
    def nominal(self) -> float:
        """Percent of prunable weights that flag or mask keep."""
        return 100 * sum(layer.nominal for layer in self.layers.values()) / self.size if self.size else 100.0

    @property
    def labelled(self) -> float | None:
        """Percent remaining that the network is said to have: by its path, else by its record."""
        said = self.label.density if self.label.density is not None else self.label.folder_density
        return self.recorded_density if said is None else said

    @property
    def group(self) -> tuple[str, str, float | None]:
        """What replicates of one nominal configuration share: architecture, method, labelled percent."""
        return self.architecture, self.method, self.labelled

    @property
    def inferred_strength(self) -> float | None:
        """Factor of the score regulariser: last search row's regularisation over the sum of squared scores."""
        if self.log is None or not self.score_square or "regularization_loss" not in self.log.columns:
            return None
        search = self.log.columns["regularization_loss"][self.log.search]
        return float(search[-1]) / self.score_square if len(search) and search[-1] > 0 else None


def group_name(group: tuple[str, str, float | None]) -> str:
    """Return a nominal configuration as findings name it.

    Examples
    --------
    >>> group_name(("fc", "synflow", 10.0))
    'fc synflow 10 %'
    """
    architecture, method, density = group
    return f"{architecture} {method}" + ("" if density is None else f" {density:g} %")
