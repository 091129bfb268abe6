"""What each engine would take at each level, and which one `auto` takes. Told in the log; never part of a record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from torch import nn

from tombola.errors import TombolaError
from tombola.experiments.events import KernelsCompiled, Listener
from tombola.experiments.procedures import procedures
from tombola.networks import LayerGraph, PrunableLayer, layer_graph
from tombola.pruning import expected_densities, planned_remaining
from tombola.specs import ExperimentSpec, Length
from tombola.training import engines
from tombola.training.cost import (
    Prediction,
    compile_kernels,
    cost_model,
    kernels_are_compiled,
    nominal_seconds,
)

DENSE, SPARSE = "dense", "sparse"

SHORT = 90.0
"""Seconds of one ordinary core below which an experiment is trained dense at once: compiling and measuring would cost
about what they save."""

Predictions = dict[int, dict[str, Prediction]]
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Forecast:
    """Predictions, and what there is to say about them.

    Attributes
    ----------
    predictions
        By level and engine; empty where nothing was measured.
    notes
        Sentences for the log.
    """

    predictions: Predictions = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def relative(self, level: int, engine: str) -> Prediction:
        """Return how long an engine takes at a level as a share of the dense engine; 1 where nobody knows."""
        here = self.predictions.get(level, {})
        if engine not in here or DENSE not in here:
            return Prediction(1.0, 1.0)
        mine, dense = here[engine], here[DENSE]
        return Prediction(mine.step / dense.step, mine.image / dense.image)

    def lines(self, chosen: dict[int, str]) -> list[str]:
        """Return the notes, and one line for every level with predictions."""
        told = list(self.notes)
        for level, here in sorted(self.predictions.items()):
            figures = ", ".join(f"{engine} {predicted.step:.3g} ms" for engine, predicted in here.items())
            told.append(f"level {level}: engine {chosen[level]} (predicted a step: {figures})")
        return told


@dataclass(frozen=True)
class Question:
    """What engines are to be chosen for.

    Attributes
    ----------
    spec
        The experiment.
    module
        Its network; may be on the meta device.
    shape
        Channels, height and width of an image.
    layers
        The prunable layers.
    samples
        Training images.
    """

    spec: ExperimentSpec
    module: nn.Module
    shape: Shape
    layers: Sequence[PrunableLayer]
    samples: int

    def impossible(self, device: str) -> str | None:
        """Return why the sparse engine is out of the question."""
        if device != "cpu":
            return f"the sparse engine computes on the CPU, not on {device}"
        prune = self.spec.prune
        moves = procedures[prune.procedure].moves
        reason = engines[SPARSE].supports(
            self.module, self.spec.train, self.shape, holds_values=prune.holds_values, moves=moves
        )
        return None if reason is None else f"the sparse engine cannot train this network: {reason}"

    def graph(self) -> LayerGraph:
        """Return the network's layer graph."""
        return layer_graph(self.module, self.shape)

    def nominal_seconds(self) -> float:
        """Return what the whole experiment takes on one ordinary core with the dense engine, evaluation left out."""
        spec, train = self.spec, self.spec.train
        steps = Length.parse(train.length).steps(self.samples // train.batch_size)
        return spec.jobs * steps * nominal_seconds(self.graph(), train.batch_size)


def choose(question: Question, device: str, threads: int, listener: Listener) -> tuple[dict[int, str], Forecast]:
    """Return the engine that `auto` takes for every level.

    Dense, unless the network runs on a CPU, has sparse kernels for every layer, and the experiment takes more than
    `SHORT`: then, per level, the engine that is predicted to take less.
    """
    everywhere = dict.fromkeys(range(question.spec.prune.levels + 1), DENSE)
    if reason := question.impossible(device):
        return everywhere, Forecast(notes=(f"engine dense: {reason}",))
    if question.nominal_seconds() < SHORT:
        return everywhere, Forecast(notes=("engine dense: the experiment is too short for a choice to pay",))
    seconds = ready_kernels(listener)
    forecast = predict(question, threads, measure=True)
    if seconds is not None:
        forecast = Forecast(forecast.predictions, (f"kernels compiled in {seconds:.1f} s", *forecast.notes))
    return cheaper(forecast.predictions), forecast


def cheaper(predictions: Predictions) -> dict[int, str]:
    """Return the engine of the shortest step for every level; dense where they tie."""
    return {
        level: min(here, key=lambda engine: (here[engine].step, engine != DENSE)) for level, here in predictions.items()
    }


def predict(question: Question, threads: int, *, measure: bool) -> Forecast:
    """Return predictions for every level; none where nothing is known of this machine and nothing may be measured."""
    try:
        graph = question.graph()
        model = cost_model(threads, measure=measure)
    except TombolaError as reason:
        return Forecast(notes=(f"no predictions: {reason}",))
    if model is None:
        return Forecast()
    batch = question.spec.train.batch_size
    predictions = {}
    for plan in planned_remaining(question.layers, question.spec.prune):
        densities = expected_densities(plan, question.layers, question.spec.prune)
        predictions[plan.level] = model.predict(graph, densities, batch)
    return Forecast(predictions)


def ready_kernels(listener: Listener) -> float | None:
    """Compile the sparse engine's kernels where they are not; return the seconds it took, None if there was nothing."""
    if kernels_are_compiled():
        return None
    listener(KernelsCompiled(None))
    seconds = compile_kernels()
    listener(KernelsCompiled(seconds))
    return seconds


def needs_kernels(levels: dict[int, str], pending: Iterable[int]) -> bool:
    """Return whether a level that is still to do is trained by the sparse engine."""
    return any(levels[level] == SPARSE for level in pending)
