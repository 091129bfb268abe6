"""What jobs find in the process that trains them."""

from dataclasses import dataclass

from tombola.data import Dataset
from tombola.experiments.engines import EngineChoice
from tombola.experiments.graph import Job
from tombola.experiments.trial import Shape
from tombola.networks import PrunableLayer, build, prunable_layers
from tombola.specs import ExperimentSpec
from tombola.store import RunFolder


@dataclass(frozen=True)
class Bench:
    """What every job of a run shares in one process: the experiment, its data, its folder."""

    spec: ExperimentSpec
    data: Dataset
    folder: RunFolder
    engines: EngineChoice

    @property
    def shape(self) -> Shape:
        """Input and classes of the network."""
        return Shape(self.data.input_shape, len(self.data.classes))

    def layers(self) -> tuple[PrunableLayer, ...]:
        """Return the prunable layers of the network."""
        module = build(self.spec.network, self.shape.input_shape, self.shape.classes, device="meta")
        return prunable_layers(module, self.spec.network.prunable)

    def engine(self, job: Job) -> str:
        """Return the engine that trains a job."""
        return self.engines.levels[job.size_level]
