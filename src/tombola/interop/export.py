"""Tickets in other programs' forms: a registry of formats, and the one way to write a file in one of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from tombola.data import normalisations
from tombola.errors import TombolaError, nearest
from tombola.interop.export_files import replacing, taken
from tombola.networks.state import State
from tombola.registry import Registry
from tombola.specs import ExperimentSpec
from tombola.store import Run, StoredTicket

StateName = Literal["initial", "trained", "early_stop", "rewind"]
STATES: tuple[str, ...] = get_args(StateName)


@dataclass(frozen=True)
class ExportOptions:
    """What may be asked of a format; each takes what concerns it.

    Attributes
    ----------
    state
        Which weights: ``initial``, ``trained``, ``early_stop``, or ``rewind`` (of dense levels that were rewound to).
    pruning_format
        Of state dicts: ``plain``, or ``torch`` for the keys of ``torch.nn.utils.prune``.
    spec
        The experiment, for formats that say how the network was trained and how its images are normalised.
    batches_per_epoch
        Of the run, for formats that count epochs; None where it is unknown.
    """

    state: str = "trained"
    pruning_format: str = "plain"
    spec: ExperimentSpec | None = None
    batches_per_epoch: int | None = None

    @classmethod
    def of(cls, run: Run, state: str = "trained", pruning_format: str = "plain") -> "ExportOptions":
        """Return options with all that a run knows."""
        samples = run.environment.get("data", {}).get("train")
        per_epoch = samples // run.spec.train.batch_size if samples else 0
        return cls(state, pruning_format, run.spec, per_epoch or None)


Write = Callable[[StoredTicket, Path, ExportOptions], str]
"""(ticket, path, options) -> a remark for the summary, or nothing. The path does not exist, or is an aside folder."""


@dataclass(frozen=True)
class ExportFormat:
    """One form of a ticket.

    Attributes
    ----------
    write
        Writes it.
    about
        What it is, in a line.
    suffix
        Of the file; empty where tickets make a folder.
    entries
        Patterns of what such a folder holds: a folder that holds anything else is never replaced.
    stateless
        Only the mask is written, so no state need have been kept.
    """

    write: Write
    about: str
    suffix: str = ""
    entries: tuple[str, ...] = ()
    stateless: bool = False


export_formats: Registry[ExportFormat] = Registry("export format")


def exporter(
    name: str, about: str, *, suffix: str = "", entries: tuple[str, ...] = (), stateless: bool = False
) -> Callable[[Write], Write]:
    """Return a decorator that registers a function (ticket, path, options) as an export format; see `ExportFormat`."""

    def keep(write: Write) -> Write:
        export_formats.register(name)(ExportFormat(write, about, suffix, entries, stateless))
        return write

    return keep


@dataclass(frozen=True)
class Exported:
    """What was written: where, how much, and what the format had to say."""

    path: Path
    bytes: int
    remark: str


def export(
    ticket: StoredTicket | Sequence[StoredTicket],
    to: str,
    path: str | Path,
    options: ExportOptions | None = None,
    *,
    overwrite: bool = False,
) -> Exported:
    """Write a ticket in another form; what is visible under `path` is complete.

    Parameters
    ----------
    ticket
        One ticket, or for folder formats several levels of one.
    to
        The format; ``tombola.interop.export_formats`` names them.
    path
        The file or folder to make.
    options
        See `ExportOptions`.
    overwrite
        Replace what is there.

    Raises
    ------
    TombolaError
        If the path exists, a state was not kept, the format cannot hold the ticket, or a package is missing.

    Examples
    --------
    >>> ticket = open_run("runs/lenet-digits-0e76177764ce").ticket(replicate=0, level=3)  # doctest: +SKIP
    >>> export(ticket, "safetensors", "ticket.safetensors")  # doctest: +SKIP
    """
    options = options or ExportOptions()
    form, target = export_formats[to], Path(path)
    tickets = [ticket] if isinstance(ticket, StoredTicket) else list(ticket)
    if form.suffix and len(tickets) != 1:
        raise TombolaError(f"{to} holds one ticket, not {len(tickets)}; name a level")
    _check(options)
    remarks = []
    with replacing(target, form.entries, overwrite=overwrite) as aside:
        if not form.suffix:
            aside.mkdir()
        for each in tickets:
            remarks.append(form.write(each, aside, options))
    return Exported(target, taken(target), "; ".join(dict.fromkeys(filter(None, remarks))))


def state_of(ticket: StoredTicket, state: str) -> State:
    """Return one of a ticket's states by name.

    Raises
    ------
    TombolaError
        If it was not kept.
    """
    values: State = getattr(ticket, state)
    return values


def metadata(ticket: StoredTicket, options: ExportOptions) -> dict[str, Any]:
    """Return what formats with metadata say of a ticket: provenance, density, the mask's digest. Nothing of places."""
    mask = ticket.mask
    return {
        **_experiment(options.spec),
        "state": options.state,
        "density": mask.density,
        "remaining": mask.remaining(),
        "mask_digest": mask.digest(),
        "provenance": ticket.provenance,
    }


def _experiment(spec: ExperimentSpec | None) -> dict[str, Any]:
    if spec is None:
        return {}
    facts: dict[str, Any] = {"experiment": spec.name, "data": spec.data.name}
    if spec.data.normalisation in normalisations:
        constants = normalisations[spec.data.normalisation]
        facts["normalisation"] = {"mean": list(constants.mean), "std": list(constants.std)}
    return facts


def _check(options: ExportOptions) -> None:
    if options.state not in STATES:
        raise TombolaError(f"unknown state '{options.state}'{nearest(options.state, STATES)}")
