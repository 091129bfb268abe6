"""The cost model: milliseconds of a training step per engine, from layer shapes and densities."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tombola.networks import LayerGraph
from tombola.training.cost.dense_cost import dense_image, dense_step
from tombola.training.cost.dense_rates import DenseRates
from tombola.training.cost.split_cost import split_image, split_step
from tombola.training.cost.tile_rates import SparseRates, TileRates


@dataclass(frozen=True)
class Prediction:
    """What an engine is expected to take.

    Attributes
    ----------
    step
        Milliseconds of one training step of one network.
    image
        Milliseconds of evaluating one image.
    """

    step: float
    image: float


@dataclass(frozen=True)
class CostModel:
    """Rates of this machine, and what follows from them.

    Attributes
    ----------
    dense, sparse
        Measured rates of the two engines of a CPU.
    """

    dense: DenseRates
    sparse: SparseRates

    def predict(self, graph: LayerGraph, densities: Mapping[str, float], batch: int) -> dict[str, Prediction]:
        """Return what every engine is expected to take, by its name.

        Parameters
        ----------
        graph
            The network.
        densities
            Density by name of the weight; weights that are not named are dense.
        batch
            Images per step.
        """
        return {
            "dense": Prediction(dense_step(graph, batch, self.dense) / 1e6, dense_image(graph, self.dense) / 1e6),
            "sparse": Prediction(
                split_step(graph, densities, batch, self.dense, self.sparse) / 1e6,
                split_image(graph, densities, batch, self.dense, self.sparse) / 1e6,
            ),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the rates as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "CostModel":
        """Return the model of plain data.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the data are not what `as_json` gives.
        """
        dense, sparse = dict(plain["dense"]), dict(plain["sparse"])
        for name in ("linear", "conv", "optimiser"):
            dense[name] = [tuple(map(float, row)) for row in dense[name]]
        dense["element"] = {name: [tuple(map(float, row)) for row in curve] for name, curve in dense["element"].items()}
        for kind in ("sums", "dots"):
            sparse[kind] = {int(width): TileRates.from_json(tile) for width, tile in sparse[kind].items()}
        for name in ("permute", "optimiser"):
            sparse[name] = [tuple(map(float, row)) for row in sparse[name]]
        sparse["element"] = {
            name: [(float(size), float(cost)) for size, cost in curve] for name, curve in sparse["element"].items()
        }
        return cls(DenseRates(**dense), SparseRates(**sparse))
