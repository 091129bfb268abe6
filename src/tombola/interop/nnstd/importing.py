"""NNSTD's stored networks as run folders of ours (sparse-analysis reference, section 10)."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from tombola.errors import TombolaError
from tombola.interop.imported import Imported, Source, file_digest, publish, run_name
from tombola.interop.nnstd.finding import Stored, find_networks
from tombola.interop.nnstd.group import Group
from tombola.interop.restricted import LIMIT
from tombola.networks import State
from tombola.pruning import Mask, Ticket
from tombola.records import FINAL, START, Records
from tombola.specs import ExperimentSpec
from tombola.specs.keys import digest, run_key
from tombola.specs.resolve import validate
from tombola.store import JobId, RunFolder
from tombola.store.jobs import IMPORTED, TRAINED, JobInfo
from tombola.store.publishing import publish_job

FORMAT = "nnstd"
IMAGES = {784: (1, 28, 28), 3072: (3, 32, 32)}


def import_nnstd(folder: str | Path, out: str | Path = "runs", *, limit: int = LIMIT) -> list[Imported]:
    """Bring networks of the sparse topology distance into run folders, one for each setting (``e5_s0``).

    A replicate is a network (``w3``), a level a stored epoch: level 1 the first, the last level the last. Masks are
    what the files store; biases, the last row of each matrix, are left out. What deviates from the documented form is
    read as far as it is understood, and named.

    Parameters
    ----------
    folder
        Networks are found at any depth.
    out
        The folder that run folders lie in.
    limit
        The most bytes that one file, or the matrix in it, may take.

    Raises
    ------
    TombolaError
        One sentence, if there is no such network, none can be read, or a run folder is there already.
    """
    root = Path(folder).absolute()
    stored = find_networks(root)
    groups = [
        Group(root, [each for each in stored if each.setting == setting], limit)
        for setting in dict.fromkeys(each.setting for each in stored)
    ]
    specs = [_spec(group) for group in groups]
    for spec in specs:
        target = Path(out) / f"{spec.name}-{run_key(spec)}"
        if target.exists():
            raise TombolaError(f"{target} is there already; move it away to import again, or give another --out")
    return [_publish(group, spec, Path(out)) for group, spec in zip(groups, specs, strict=True)]


def _spec(group: Group) -> ExperimentSpec:
    hidden = [str(size) for size in group.sizes[1:-1]]
    return validate(
        {
            "name": run_name(f"{group.root.name}-{group.setting}"),
            "data": {"name": "unknown"},
            "network": {"architecture": "plan", "linear": hidden, "activation": "relu", "bias": "none"},
            "replicates": len(group.networks),
            "prune": {"procedure": "set", "levels": len(group.epochs)},
        }
    )


def _publish(group: Group, spec: ExperimentSpec, out: Path) -> Imported:
    facts: dict[str, Any] = {
        "networks": {name: f"replicate {number}" for number, name in enumerate(group.networks)},
        "epochs": {str(epoch): f"level {level + 1}" for level, epoch in enumerate(group.epochs)},
    }
    files = tuple(path for each in group.chosen for path in each.files.values())
    source = Source(FORMAT, str(group.root), files, facts, {"data": {"name": spec.data.name}})

    def fill(folder: RunFolder) -> int:
        for each in group.chosen:
            _write(folder, group, spec, each)
        return len(group.chosen)

    return publish(spec, out, source, group.findings, fill)


def _write(folder: RunFolder, group: Group, spec: ExperimentSpec, each: Stored) -> None:
    """Write one network at one epoch as a finished job."""
    job = JobId(group.networks.index(each.name), group.epochs.index(each.epoch) + 1)
    layers = group.layers(each)
    names = [*(f"linear.{2 * number}.weight" for number in range(len(layers) - 1)), "output.weight"]
    mask = Mask({name: torch.from_numpy(layer.keep) for name, layer in zip(names, layers, strict=True)})
    state: State = {name: torch.from_numpy(layer.values) for name, layer in zip(names, layers, strict=True)}
    mask.apply_(state)
    files = [file_digest(each.files[number]) for number in sorted(each.files)]
    info = JobInfo(
        key=digest({"imported": FORMAT, "files": files, "job": job.path}),
        **job._asdict(),
        status="done",
        density=mask.density,
        remaining=mask.remaining(),
        sizes=mask.sizes(),
        kinds={name: "output" if name == names[-1] else "linear" for name in names},
        engine=FORMAT,
        device="unknown",
        versions={IMPORTED: FORMAT},
    )
    provenance = {
        **job._asdict(),
        "imported": FORMAT,
        "procedure": "imported",
        "source": group.called(each),
        "epoch": each.epoch,
        "network": spec.network.model_dump(mode="json"),
        "input_shape": list(IMAGES.get(group.sizes[0], (1, 1, group.sizes[0]))),
        "classes": group.sizes[-1],
    }
    publish_job(folder, info, Ticket({}, mask, provenance), _unmeasured(), {TRAINED: state})


def _unmeasured() -> Records:
    """Return one record without a measurement: a job that is done has a last record."""
    nothing = np.full(1, np.nan)
    return Records(np.zeros(1, np.int64), np.full(1, START | FINAL, np.uint8), nothing, nothing, nothing, nothing)
