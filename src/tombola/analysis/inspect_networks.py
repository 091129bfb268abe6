"""Inspecting tickets and runs: from what is stored to the structure of masked networks."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from tombola.analysis.inspect_graph import stored_graph
from tombola.analysis.inspect_masks import inspect_mask
from tombola.analysis.inspect_scores import read_scores
from tombola.analysis.inspect_structure import Structure
from tombola.errors import TombolaError, nearest
from tombola.networks import LayerGraph, layer_graph
from tombola.pruning import Mask, Ticket
from tombola.store import Run, StoredTicket, open_run
from tombola.store.folder import TICKET, JobId
from tombola.store.jobs import INFO, TICKET_FILE, read_info
from tombola.store.states import load_ticket


def inspect_ticket(
    ticket: Mask | Ticket | StoredTicket | str | Path,
    module: nn.Module | None = None,
    input_shape: Sequence[int] | None = None,
    *,
    trust: bool = False,
) -> Structure:
    """Return the structure of one masked network: densities, paths, dead units, multiply-adds, layer by layer.

    Parameters
    ----------
    ticket
        A mask, a ticket, or a ``ticket.safetensors`` or its job folder. A stored ticket says which network it is of.
    module
        The network, where the ticket does not say or its own word is not wanted; only its structure is read.
    input_shape
        Of one image: (channels, height, width). Needed with `module` where the ticket does not say.
    trust
        Build networks that other people's code makes (``network.factory``).

    Raises
    ------
    TombolaError
        If there is no such ticket, or `module` is another network or has no layer graph.

    Examples
    --------
    >>> inspect_ticket("runs/lenet-digits-0e76177764ce/jobs/0/3/none/0").path  # doctest: +SKIP
    """
    folder = None
    if isinstance(ticket, str | Path):
        folder = job_folder(Path(ticket))
        ticket = _stored(folder)
    elif isinstance(ticket, StoredTicket):
        folder = ticket.path
    mask = ticket if isinstance(ticket, Mask) else ticket.mask
    provenance = {} if isinstance(ticket, Mask) else dict(ticket.provenance)
    place = _place(provenance, folder)
    if module is None:
        return _inspected(mask, provenance, stored_graph(provenance, trust=trust), folder, *place)
    shape = input_shape or provenance.get("input_shape")
    if shape is None:
        raise TombolaError("paths need to know what images the network takes; give input_shape as well")
    return _inspected(mask, provenance, layer_graph(module, tuple(shape)), folder, *place, strict=True)


def inspect_run(
    run: Run | str | Path,
    *,
    replicates: Sequence[int] | None = None,
    levels: Sequence[int] | None = None,
    controls: Sequence[str] = (),
    trust: bool = False,
) -> list[Structure]:
    """Return the structure of every network of a run whose mask is known, in order of replicate and level.

    Parameters
    ----------
    run
        An opened run, or its folder.
    replicates, levels
        Which, by default all.
    controls
        Controls to inspect beside the tickets.
    trust
        Build networks that other people's code makes (plug-ins, ``network.factory``).

    Raises
    ------
    TombolaError
        If the run has no such replicate, level or control.
    """
    return list(inspected(run, replicates=replicates, levels=levels, controls=controls, trust=trust))


def inspected(
    run: Run | str | Path,
    *,
    replicates: Sequence[int] | None = None,
    levels: Sequence[int] | None = None,
    controls: Sequence[str] = (),
    trust: bool = False,
) -> Iterator[Structure]:
    """Yield the networks of `inspect_run` one by one, each when it is asked for."""
    opened = run if isinstance(run, Run) else open_run(run, trust=trust)
    graphs: dict[str, LayerGraph | str] = {}
    for job in chosen_jobs(opened, replicates, levels, controls):
        folder = opened.folder.job(job)
        if (folder / TICKET_FILE).is_file():
            ticket = opened.ticket(*job)
            network = repr([ticket.provenance.get(name) for name in ("network", "input_shape", "classes")])
            if network not in graphs:
                graphs[network] = stored_graph(ticket.provenance, trust=trust)
            yield _inspected(ticket.mask, ticket.provenance, graphs[network], folder, opened.path.name, job)


def chosen_jobs(
    run: Run, replicates: Sequence[int] | None, levels: Sequence[int] | None, controls: Sequence[str]
) -> list[JobId]:
    """Return the complete jobs of a run that a choice names, in order of replicate, level, control and repetition.

    Raises
    ------
    TombolaError
        If the run plans no such replicate, level or control.
    """
    spec = run.spec
    for what, asked, last in (("replicate", replicates, spec.replicates - 1), ("level", levels, spec.prune.levels)):
        for number in asked or ():
            if not 0 <= number <= last:
                raise TombolaError(f"the run {spec.name} has no {what} {number}; its {what}s go from 0 to {last}")
    known = list(spec.control_repetitions())
    for name in controls:
        if name not in known:
            raise TombolaError(f"the run {spec.name} has no control '{name}'{nearest(name, known)}")
    names = (TICKET, *controls)

    def wanted(job: JobId) -> bool:
        return (
            (replicates is None or job.replicate in replicates)
            and (levels is None or job.level in levels)
            and job.control in names
        )

    return sorted(filter(wanted, run.jobs), key=lambda job: (*job[:2], names.index(job.control), job.repetition))


def job_folder(path: Path) -> Path:
    """Return the folder of the job that a path names by its ticket file or as a folder.

    Raises
    ------
    TombolaError
        If there is no ticket.
    """
    folder = path if path.is_dir() else path.parent
    if path.name not in (folder.name, TICKET_FILE) or not (folder / TICKET_FILE).is_file():
        raise TombolaError(f"{path} is no ticket: neither a {TICKET_FILE} nor a folder that holds one")
    return folder


def _stored(folder: Path) -> Ticket:
    """Return a job folder's ticket; a file that lies alone lists its layers by name."""
    order = read_info(folder).kinds if (folder / INFO).is_file() else ()
    return load_ticket(folder / TICKET_FILE, order)


def _place(provenance: Mapping[str, Any], folder: Path | None) -> tuple[str, JobId | None]:
    """Return the run's name and the job a ticket was made in, as far as ticket and folder say."""
    told = [provenance.get(name) for name in JobId._fields]
    if not all(isinstance(value, int | str) for value in told):
        return "", None
    job = JobId(int(str(told[0])), int(str(told[1])), str(told[2]), int(str(told[3])))
    inside = folder is not None and folder.resolve().as_posix().endswith(f"/jobs/{job.path}")
    return folder.resolve().parents[4].name if folder is not None and inside else "", job


def _inspected(
    mask: Mask,
    provenance: Mapping[str, Any],
    graph: LayerGraph | str,
    folder: Path | None,
    run: str = "",
    job: JobId | None = None,
    *,
    strict: bool = False,
) -> Structure:
    """Inspect a mask with what its ticket says; a graph that does not fit becomes a reason unless `strict`."""
    known: dict[str, Any] = {"nominal": _nominal(provenance), "run": run, "job": job}
    known["scores"] = {} if folder is None else read_scores(folder)
    if isinstance(graph, str):
        return inspect_mask(mask, None, why=graph, **known)
    try:
        return inspect_mask(mask, graph, **known)
    except TombolaError as error:
        if strict:
            raise
        return inspect_mask(mask, None, why=str(error), **known)


def _nominal(provenance: Mapping[str, Any]) -> dict[str, int]:
    """Return the kept counts that whoever made the mask gave, by layer; nothing where the ticket does not say."""
    said = provenance.get("nominal")
    return {str(name): int(count) for name, count in said.items()} if isinstance(said, Mapping) else {}
