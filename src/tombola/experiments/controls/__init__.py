"""Controls: a level trained again with one thing changed. Adding one is a function and a registry line."""

from tombola.experiments.controls import (
    degrees,
    dense_budget,
    dense_short,
    invert,
    kaiming,
    magnitude,
    other_order,
    other_ticket,
    random_network,
    random_pruning,
    reinit,
    shuffle,
    signs,
    weights,
)
from tombola.experiments.controls.context import ControlContext
from tombola.experiments.controls.rule import Control, ControlRule, controls

__all__ = [
    "Control",
    "ControlContext",
    "ControlRule",
    "controls",
    "degrees",
    "dense_budget",
    "dense_short",
    "invert",
    "kaiming",
    "magnitude",
    "other_order",
    "other_ticket",
    "random_network",
    "random_pruning",
    "reinit",
    "shuffle",
    "signs",
    "weights",
]
