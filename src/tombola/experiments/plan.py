"""A checked experiment: everything that can be wrong is found here, before any compute starts."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tombola.data import Info, describe
from tombola.data import load as load_data
from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.experiments import weights
from tombola.experiments.checks import check_controls, check_lengths
from tombola.experiments.controls import controls
from tombola.experiments.engines import EngineChoice, choose_engines
from tombola.experiments.events import Listener, silent
from tombola.experiments.forecast import Forecast, Question
from tombola.experiments.graph import Job, job_graph
from tombola.experiments.imported import refuse_imported, refuse_without_tickets
from tombola.experiments.procedures import procedures
from tombola.experiments.retain import refuse_dropped
from tombola.experiments.trial import Shape
from tombola.networks import PrunableLayer, build, prunable_layers
from tombola.pruning import allocations, planned_remaining, scores
from tombola.specs import ExperimentSpec, Length
from tombola.specs.keys import run_key
from tombola.specs.plugins import load_plugins
from tombola.store import JobId, RunFolder
from tombola.store.folder import TICKET
from tombola.store.jobs import JobInfo, read_info
from tombola.training import engines as registered_engines
from tombola.training.placement import find_device


@dataclass(frozen=True)
class Plan:
    """An experiment that can start: its folder, its jobs, what is there already.

    Attributes
    ----------
    spec
        The experiment, grown by what the folder already holds.
    folder
        Where it lives.
    info
        What the data look like.
    plugins
        Digests of plug-in sources.
    layers
        The prunable layers.
    engines
        The engine of every level.
    forecast
        What engines are predicted to take.
    jobs
        Every job, in an order in which each comes after what it needs.
    """

    spec: ExperimentSpec
    folder: RunFolder
    info: Info
    plugins: dict[str, str]
    layers: tuple[PrunableLayer, ...]
    engines: EngineChoice
    forecast: Forecast
    jobs: dict[JobId, Job]

    @property
    def shape(self) -> Shape:
        """Input and classes of the network."""
        return Shape(self.info.shape, len(self.info.classes))

    @cached_property
    def batches_per_epoch(self) -> int:
        """Steps of one epoch; the last incomplete batch is dropped."""
        return self.info.sizes.train // self.spec.train.batch_size

    @cached_property
    def steps(self) -> int:
        """Steps of one full training."""
        return Length.parse(self.spec.train.length).steps(self.batches_per_epoch)

    @cached_property
    def interval(self) -> int:
        """Steps between records."""
        return Length.parse(self.spec.train.record_every).steps(self.batches_per_epoch)

    def steps_of(self, job: JobId) -> int:
        """Return the steps a job trains: fewer where it restarts at step k, at most these where its ticket decides."""
        if job.level and self.spec.prune.finetune is not None:
            return Length.parse(self.spec.prune.finetune).steps(self.batches_per_epoch)
        rewound = job.level > 0 if job.control == TICKET else controls[job.control].resumes
        return self.steps - (self.spec.prune.rewind_step if rewound else 0)

    def finished(self) -> dict[JobId, JobInfo]:
        """Return the planned jobs that are complete on disk.

        Raises
        ------
        TombolaError
            If a job there was made by something else than this experiment.
        """
        found = {}
        for job_id, job in self.jobs.items():
            path = self.folder.job(job_id)
            if path.exists():
                info = read_info(path)
                if info.key != job.key and not info.imported:
                    raise TombolaError(
                        f"{path} holds a job with key {info.key} where {job.key} belongs: "
                        "the run folder was edited; move it away and run again"
                    )
                found[job_id] = info
        return found

    def load(self) -> Dataset:
        """Load the data, split, normalised and augmented as the spec says."""
        return load_data(self.spec.data, self.spec.seed)


def make_plan(spec: ExperimentSpec, out: Path, listener: Listener = silent) -> Plan:
    """Check an experiment and lay out its jobs, reading what its run folder holds already.

    The listener is told where kernels are compiled, because engines are to be chosen.

    Raises
    ------
    TombolaError
        One sentence for the first thing that cannot work: names, plans, shapes, split, lengths, device, data, folder.
    """
    plugins = load_plugins(spec.modules)
    places = {"root": spec.data.root, "split_file": spec.data.split_file}
    if any(places.values()):
        spec = spec.with_(data={name: str(Path(place).resolve()) for name, place in places.items() if place})
    procedure = procedures[spec.prune.procedure]
    spec = weights.settled(procedure.settled(spec))
    info = describe(spec.data)
    sources = {"plugins": " ".join(f"{name}={digest}" for name, digest in plugins.items())} if plugins else {}
    if info.identity is not None:
        sources["data"] = info.identity
    if (content := weights.digest(spec.network)) is not None:
        sources["weights"] = content
    given = procedure.given(spec, 0, 1)
    folder = RunFolder(out / f"{spec.name}-{run_key(spec, **sources, **({'given': given} if given else {}))}")
    if folder.spec_file.exists():
        spec = grown(spec, folder.read_spec())
        refuse_imported(folder, spec)
    _ = scores[spec.prune.score], allocations[spec.prune.allocation]
    if (reason := procedure.refuses(spec)) is not None:
        raise TombolaError(f"prune.procedure = '{spec.prune.procedure}': {reason}")
    check_controls(spec)
    check_lengths(spec, info)
    module = build(spec.network, info.shape, len(info.classes), device="meta")
    layers = prunable_layers(module, spec.network.prunable)
    reason = allocations[spec.prune.allocation].fits(module, info.shape, layers, spec.prune)
    if reason is not None and spec.prune.levels:
        raise TombolaError(f"prune.allocation = '{spec.prune.allocation}': {reason}")
    if spec.network.weights is not None:
        found = weights.read_given(spec.network, Shape(info.shape, len(info.classes)))
        within = procedure.within and not spec.prune.shuffle
        weights.check(found, planned_remaining(layers, spec.prune), within=within)
    engines, forecast = choose_engines(Question(spec, module, info.shape, layers, info.sizes.train), folder, listener)
    if spec.train.precision == "tf32" and find_device(engines.device).type == "cpu":
        raise TombolaError("train.precision = 'tf32' is arithmetic of CUDA devices, and this runs on a CPU; take fp32")
    for level, name in engines.levels.items():
        reason = registered_engines[name].supports(
            *(module, spec.train, info.shape),
            holds_values=level > 0 and spec.prune.holds_values,
            moves=level > 0 and procedure.moves,
        )
        if reason:
            raise TombolaError(f"engine.kind = '{name}' cannot train level {level}: {reason}; use auto or dense")
    jobs = job_graph(spec, engines, sources)
    refuse_without_tickets(folder, jobs.values())
    refuse_dropped(folder, jobs)
    return Plan(spec, folder, info, plugins, layers, engines, forecast, jobs)


def grown(spec: ExperimentSpec, before: ExperimentSpec) -> ExperimentSpec:
    """Return `spec` with at least the replicates, levels and controls that the folder was made for."""
    repetitions = before.control_repetitions()
    for name, count in spec.control_repetitions().items():
        repetitions[name] = max(count, repetitions.get(name, 0))
    return spec.with_(
        replicates=max(spec.replicates, before.replicates),
        prune={"levels": max(spec.prune.levels, before.prune.levels)},
        controls=[f"{name}:{count}" for name, count in repetitions.items()],
        control_levels="last" if {spec.control_levels, before.control_levels} == {"last"} else "all",
    )
