"""What may be trained in a run folder whose results another framework trained (`tombola import`): added controls."""

from collections.abc import Iterable

from tombola.errors import TombolaError
from tombola.experiments.bench import Bench
from tombola.experiments.graph import Job
from tombola.experiments.trial import Trial
from tombola.networks import build
from tombola.specs import ExperimentSpec
from tombola.store import RunFolder
from tombola.store.files import read_json
from tombola.store.folder import TICKET


def refuse_imported(folder: RunFolder, spec: ExperimentSpec) -> None:
    """Refuse to train anything in an imported folder but controls that were added to it.

    Parameters
    ----------
    folder
        Any run folder; of those that were not imported nothing is said.
    spec
        What is to be trained there.

    Raises
    ------
    TombolaError
        If that is no more than what was imported, or more replicates or levels.
    """
    if not folder.imported:
        return
    before = read_json(folder.import_file).get("experiment", {})
    same = (spec.replicates, spec.prune.levels) == (before.get("replicates"), before.get("levels"))
    if not same or list(spec.controls) == before.get("controls"):
        raise TombolaError(
            f"{folder.path} was imported from another framework, so its networks cannot be trained further; "
            "`tombola control` adds controls, and its spec.yaml starts a run of your own (--spec, with another --name)"
        )


def refuse_without_tickets(folder: RunFolder, jobs: Iterable[Job]) -> None:
    """Refuse controls in an imported folder that need a network which was not imported.

    Raises
    ------
    TombolaError
        Naming the first one that is missing.
    """
    if not folder.imported:
        return
    for job in jobs:
        for need in job.needs:
            if job.id.control != TICKET and not folder.job(job.id).exists() and not folder.job(need).exists():
                what = "dense network" if need.level == 0 else "ticket"
                raise TombolaError(
                    f"{folder.path} has no {what} of replicate {need.replicate} (level {need.level}), which control "
                    f"'{job.id.control}' starts from and which cannot be trained in an imported run; its spec.yaml "
                    "starts a run of your own (--spec, with another --name)"
                )


def refuse_unknown(trial: Trial, bench: Bench) -> None:
    """Refuse a trial of an imported run that starts from values which the other framework did not keep.

    Raises
    ------
    TombolaError
        Naming them.
    """
    if not bench.folder.imported:
        return
    module = build(bench.spec.network, bench.shape.input_shape, bench.shape.classes, device="meta")
    missing = sorted(module.state_dict().keys() - trial.ticket.initial.keys())
    if missing:
        raise TombolaError(
            f"it starts from initial values of {', '.join(missing)}, which the framework that the run was imported "
            "from did not keep"
        )
