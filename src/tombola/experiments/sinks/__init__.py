"""Trackers that watch a run from outside: TensorBoard, Weights & Biases. They change nothing and stop nothing."""

from tombola.experiments.sinks import tensorboard, wandb
from tombola.experiments.sinks.base import Sink, TrackedJob, sinks
from tombola.experiments.sinks.tracker import Tracker, make_trackers

__all__ = ["Sink", "TrackedJob", "Tracker", "make_trackers", "sinks", "tensorboard", "wandb"]
