"""Stored networks of the sparse-network analysis, of Synaptic-Flow and of Gem-Miner as run folders of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tombola.errors import TombolaError
from tombola.interop.imported import Findings, Imported, Source, publish, run_name
from tombola.interop.restricted import LIMIT
from tombola.interop.sparse_analysis.collection import Group, sort_into_runs
from tombola.interop.sparse_analysis.discover import read_network, read_networks
from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.integrity import ERROR, NOTE, WARNING, Finding, inspect
from tombola.interop.sparse_analysis.integrity_files import write_integrity
from tombola.interop.sparse_analysis.measuring import measure
from tombola.interop.sparse_analysis.naming import Naming, name_layers
from tombola.interop.sparse_analysis.recipes import spec_layer, steps_per_epoch
from tombola.interop.sparse_analysis.recorded import name_recorded, read_recorded
from tombola.interop.sparse_analysis.snapshot import Family
from tombola.interop.sparse_analysis.writing import REINIT, Writer
from tombola.specs import ExperimentSpec
from tombola.specs.keys import run_key
from tombola.specs.resolve import validate
from tombola.store import RunFolder

FORMATS: dict[str, tuple[Family, ...]] = {
    "sparse-analysis": ("gem-miner", "synaptic-flow"),
    "synaptic-flow": ("synaptic-flow",),
    "gem-miner": ("gem-miner",),
}
DATASETS = {(1, 28, 28): "mnist", (3, 32, 32): "cifar10"}


@dataclass(frozen=True)
class Collection:
    """What an import made.

    Attributes
    ----------
    runs
        One for each architecture and method.
    networks
        Every network that was read, in numbers.
    findings
        Everything that is wrong with them, errors first.
    """

    runs: tuple[Imported, ...]
    networks: tuple[Facts, ...]
    findings: tuple[Finding, ...]


def import_networks(
    folder: str | Path, out: str | Path = "runs", *, format: str = "sparse-analysis", limit: int = LIMIT
) -> Collection:
    """Bring every stored network below a folder into run folders of ours, and check their integrity.

    Networks are found by what is in folders, at any depth. A run's masks are the *effective* ones: ``weight_mask`` of
    the SynFlow family, ``flag and score > .5`` of Gem-Miner's. What is wrong is in ``integrity.json`` and
    ``integrity.csv`` of each run folder; nothing is left out because of it.

    Parameters
    ----------
    folder
        A folder of networks.
    out
        The folder that run folders lie in.
    format
        ``sparse-analysis`` (both families), ``synaptic-flow`` or ``gem-miner``.
    limit
        The most bytes that one file, or the tensors in it, may take.

    Raises
    ------
    TombolaError
        One sentence, if there is no such network, or a run folder is there already.
    """
    root = Path(folder)
    networks = [measure(stored) for stored in read_networks(root, FORMATS[format], limit)]
    if "synaptic-flow" in FORMATS[format]:
        networks += read_recorded(root)
    if not networks:
        raise TombolaError(
            f"{root} holds no network of {' or '.join(FORMATS[format])} (tensors with '.flag' or '.weight_mask' in "
            "files that end in .pt or .pth, at any depth)"
        )
    found = inspect(networks)
    groups = sort_into_runs(networks)
    plans = [_plan(group, groups, root, format, found, limit) for group in groups]
    for spec, _, _ in plans:
        target = Path(out) / f"{spec.name}-{run_key(spec)}"
        if target.exists():
            raise TombolaError(f"{target} is there already; move it away to import again, or give another --out")
    runs = [_publish(root, Path(out), format, group, plan, found) for group, plan in zip(groups, plans, strict=True)]
    return Collection(tuple(runs), tuple(networks), tuple(found))


Plan = tuple[ExperimentSpec, Writer, Findings]


def _plan(group: Group, groups: Sequence[Group], root: Path, format: str, found: Sequence[Finding], limit: int) -> Plan:
    findings = Findings()
    naming = _naming(root, group, limit)
    data = _data(group, naming)
    layer = spec_layer(group, data, findings)
    layer |= {"name": _name(root, group, groups), "replicates": len(group.replicates), "network": naming.network}
    if any(REINIT in place.facts.checks for place in group.places):
        layer["controls"] = [f"{REINIT}:1"]
    spec = validate(layer)
    per_epoch = steps_per_epoch(group.places[0].facts.family, data, [p.facts for p in group.places])
    _tell(group, naming, data, per_epoch, found, findings)
    return spec, Writer(format, root, spec, group, naming, found, per_epoch, findings, limit), findings


def _naming(root: Path, group: Group, limit: int) -> Naming:
    first = group.places[0].facts
    if first.table is not None and not first.roles:
        return name_recorded(first.table)
    stored = read_network(first.place, root, limit)
    if stored is None or stored.states.last is None:
        raise TombolaError(f"{first.place} changed while it was read")
    return name_layers(stored.states.last)


def _name(root: Path, group: Group, groups: Sequence[Group]) -> str:
    """Return the name of a group's run; the number of weights tells apart what else would be called the same."""
    name = f"{root.resolve().name}-{group.architecture}-{group.method}"
    same = [other for other in groups if (other.architecture, other.method) == (group.architecture, group.method)]
    if len(same) > 1:
        name += f"-{group.places[0].facts.size}" + ("" if group.places[0].facts.roles else "-tables")
    return run_name(name)


def _data(group: Group, naming: Naming) -> str | None:
    recorded = next((p.facts.arguments["dataset"] for p in group.places if "dataset" in p.facts.arguments), None)
    if isinstance(recorded, str) and recorded.lower() in DATASETS.values():
        return recorded.lower()
    return DATASETS.get(naming.input_shape) if naming.input_shape else None


def _tell(
    group: Group,
    naming: Naming,
    data: str | None,
    per_epoch: int | None,
    found: Sequence[Finding],
    findings: Findings,
) -> None:
    """Say what a reader of this run must know."""
    mine = [finding for finding in found if set(finding.networks) & set(group.names)]
    findings.errors += [finding.line for finding in mine if finding.severity == ERROR]
    for finding in mine:
        if finding.severity == WARNING:
            findings.warn(finding.line)
    notes = sum(finding.severity == NOTE for finding in mine)
    if notes:
        findings.notes.append(f"Integrity notes, {notes} of them, are in integrity.json.")
    findings.notes.append(f"Replicates are called {', '.join(group.replicates)} there.")
    findings.notes.append("Masks are the effective ones; densities are of all prunable weights.")
    if group.places[0].facts.family == "gem-miner":
        findings.notes.append(
            "Records are those of fine-tuning, from step 0; history.csv of each job has the search too. Its "
            "'validation' images were those of the test in the search, and are left out there."
        )
    if per_epoch is None:
        findings.unknown.append("Steps of an epoch: records count epochs.")
    if not any("dataset" in place.facts.arguments for place in group.places) and data is not None:
        findings.notes.append(f"The image set is not recorded; by the shape of images it is {data}.")
    if not group.places[0].facts.roles:
        findings.unknown.append("Masks and weights: only tables and logs are there.")
    elif naming.input_shape is None:
        findings.notes.append("No network of ours has these layers: names are theirs, and networks cannot be built.")
    findings.unknown += ["Early stops: no validation loss was logged.", "The time of each training; the order of data."]


def _publish(root: Path, out: Path, format: str, group: Group, plan: Plan, found: Sequence[Finding]) -> Imported:
    spec, writer, findings = plan
    mine = [finding for finding in found if set(finding.networks) & set(group.names)]
    facts: dict[str, Any] = {
        "networks": {p.facts.name: f"replicate {p.replicate}, level {p.level}" for p in group.places},
        "replicates": list(group.replicates),
        "percents": list(group.densities),
    }
    files = [path for p in group.places for path in sorted(p.facts.place.iterdir()) if path.is_file()]
    source = Source(format, str(root), tuple(files), facts, {"data": {"name": spec.data.name}})

    def fill(folder: RunFolder) -> int:
        write_integrity(folder.path, [place.facts for place in group.places], mine)
        return writer.write(folder)

    return publish(spec, out, source, findings, fill)
