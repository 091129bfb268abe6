"""What a training step costs: predicted from layer shapes and densities by rates measured on this machine.

`model.py` is the prediction; `dense_rates.py` and `sparse_rates.py` measure, in under two seconds; `book.py` keeps
what was measured in the user's cache. `race.py` times whole engines instead of predicting them.
"""

from tombola.training.cost.book import cost_model
from tombola.training.cost.kernels import compile_kernels, kernels_are_compiled
from tombola.training.cost.model import CostModel, Prediction
from tombola.training.cost.nominal import nominal_seconds

__all__ = ["CostModel", "Prediction", "compile_kernels", "cost_model", "kernels_are_compiled", "nominal_seconds"]
