"""The stacked engine: all networks of equal shapes train together, on a GPU as one CUDA graph per step."""

from tombola.training.engine import engines
from tombola.training.stacked.engine import StackedEngine

__all__ = ["StackedEngine"]

engines.register("stacked")(StackedEngine())
