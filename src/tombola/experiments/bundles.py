"""Which ready jobs are handed out together: an engine that trains many networks at once gets them at once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from tombola.data import Dataset
from tombola.experiments.graph import Job
from tombola.experiments.plan import Plan
from tombola.experiments.workers import worker_count
from tombola.networks import build
from tombola.store import JobId
from tombola.training import engines

Bundle = tuple[Job, ...]


@dataclass(frozen=True)
class Sharing:
    """How ready jobs are shared out. Results do not depend on it.

    Attributes
    ----------
    workers
        Workers there are.
    lanes
        Workers that jobs of an engine which takes several at once are spread over.
    levels
        Engine by level.
    capacities
        The engines that take several networks at once, and how many of them fit into the memory of one worker.
    device
        Where they train.
    """

    workers: int
    lanes: int
    levels: Mapping[int, str]
    capacities: Mapping[str, int] = field(default_factory=dict)
    device: str = "cpu"

    def bundles(self, ready: Sequence[Job], free: int) -> list[Bundle]:
        """Return what to hand out now, for at most `free` workers; earlier jobs first.

        Jobs of an engine that takes several are spread evenly over its lanes, as far as memory allows; of other
        engines, each job is a bundle of its own.
        """
        counts = Counter(map(self._engine, ready))
        sizes = {name: min(self.capacities.get(name, 1), ceil(count / self.lanes)) for name, count in counts.items()}
        bundles: list[list[Job]] = []
        filling: dict[str, list[Job]] = {}
        for job in ready:
            engine = self._engine(job)
            bundle = filling.get(engine)
            if bundle is None or len(bundle) >= sizes[engine]:
                if len(bundles) >= free:
                    continue  # a bundle of another engine may have room
                bundle = filling[engine] = []
                bundles.append(bundle)
            bundle.append(job)
        return [tuple(bundle) for bundle in bundles]

    def lines(self) -> list[str]:
        """Return what there is to say about it."""
        where = "in one worker" if self.lanes == 1 else f"shared by {self.lanes} workers"
        return [
            f"engine {name}: ready jobs train together on {self.device}, {where}, up to {most:,} at a time "
            "(more would not fit into memory)"
            for name, most in self.capacities.items()
        ]

    def _engine(self, job: Job) -> str:
        return self.levels[job.size_level]


def share_out(plan: Plan, data: Dataset, wanted: int | None, pending: Collection[JobId]) -> Sharing:
    """Return how the pending jobs of a plan are shared out.

    On a CPU, jobs that train together are spread evenly over all workers; a CUDA device serves one worker, who has
    them all.

    Parameters
    ----------
    plan, data
        The experiment and its data.
    wanted
        Workers asked for; None takes as many as the cores allow.
    pending
        Jobs still to do.
    """
    levels, device = plan.engines.levels, plan.engines.device
    module = build(plan.spec.network, plan.shape.input_shape, plan.shape.classes, device="meta")
    used = sorted({levels[plan.jobs[job].size_level] for job in pending})
    room = {name: engines[name].capacity(module, data, plan.spec.train, device) for name in used}
    workers = worker_count(wanted, len(pending), plan.engines.threads)
    if device != "cpu" and min(room.values(), default=1) > 1:
        workers = 1
    lanes = workers if device == "cpu" else 1
    several = {name: most // lanes for name, most in room.items() if most // lanes > 1}
    return Sharing(workers, lanes, levels, several, device)
