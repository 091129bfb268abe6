"""Somebody's weights as a run folder of one ticket: a state dict, pruned by torch's utilities or not."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from tombola.data import describe, sets
from tombola.errors import TombolaError, nearest
from tombola.interop.customary_names import renamed
from tombola.interop.imported import Findings, Imported, Source, file_digest, publish, run_name
from tombola.interop.restricted import LIMIT
from tombola.interop.state_dict import read_state_dict
from tombola.networks import InputShape, PrunableLayer, State, build, prunable_layers, restore
from tombola.pruning import Mask, Ticket
from tombola.records import FINAL, START, Records
from tombola.specs import ExperimentSpec, resolve
from tombola.specs.keys import digest
from tombola.specs.resolve import preset_names
from tombola.store import JobId, RunFolder
from tombola.store.jobs import TRAINED, JobInfo
from tombola.store.publishing import publish_job

FORMAT = "state-dict"
MASKS = ("keys", "zeros")
STATES = ("trained", "initial")


def import_state_dict(
    file: str | Path,
    network: ExperimentSpec,
    out: str | Path = "runs",
    *,
    mask_from: str = "keys",
    state: str = "trained",
    name: str | None = None,
    limit: int = LIMIT,
) -> Imported:
    """Bring a state dict into a run folder with one ticket; nothing in the file is executed.

    Parameters
    ----------
    file
        What `tombola.interop.read_state_dict` reads.
    network
        An experiment with this network; its data give the shape of images and the number of classes.
    out
        The folder that run folders lie in.
    mask_from
        ``keys``: the mask is what the file says it is (``weight_mask``), and without such keys nothing is pruned.
        ``zeros``: every prunable weight that is zero counts as pruned.
    state
        What the weights are: ``trained``, or the ``initial`` ones of a ticket.
    name
        Of the run; default: the file's.
    limit
        The most bytes that the file, or the tensors in it, may take.

    Raises
    ------
    TombolaError
        If the file is damaged or hostile, does not fit the network, or the run folder is there already.
    """
    for value, valid, what in ((mask_from, MASKS, "source of masks"), (state, STATES, "state")):
        if value not in valid:
            raise TombolaError(f"unknown {what} '{value}'{nearest(value, valid)}")
    path, findings = Path(file), Findings()
    found, flags = read_state_dict(path, limit=limit)
    architecture = network.network.architecture
    weights = renamed(architecture, found)
    stored = None if flags is None else _renamed_mask(architecture, flags)
    shape, classes = _images(network)
    layers = _fitting(path, weights, network, shape, classes)
    mask = _mask(weights, stored, layers, mask_from, findings)
    mask.apply_(weights)
    level = 0 if mask.count == mask.size else 1
    spec = network.with_(
        name=run_name(name or path.stem), replicates=1, controls=(), prune={"levels": level}, plugins=()
    )
    findings.unknown.append("How these weights came about: the spec's training and pruning are those of its preset.")
    if level:
        findings.unknown.append("The dense network that this one was pruned from (level 0).")

    def fill(folder: RunFolder) -> int:
        job = JobId(0, level)
        provenance = {
            **job._asdict(),
            "imported": FORMAT,
            "input_shape": list(shape),
            "classes": classes,
            "network": network.network.model_dump(mode="json"),
        }
        initial, trained = (weights, {}) if state == "initial" else ({}, {TRAINED: weights})
        info = _info(job, file_digest(path), mask, layers)
        publish_job(folder, info, Ticket(initial, mask, provenance), _nothing_measured(), trained)
        return 1

    facts: dict[str, Any] = {"mask_from": mask_from, "state": state, "density": mask.density}
    source = Source(FORMAT, str(file), (path,), facts, {"data": {"name": network.data.name}})
    return publish(spec, Path(out), source, findings, fill)


def network_spec(text: str) -> ExperimentSpec:
    """Return the experiment that ``--network`` names: a preset, or a spec file.

    Raises
    ------
    TombolaError
        If it is neither.
    """
    if text in preset_names():
        return resolve(text)
    if not Path(text).is_file():
        raise TombolaError(
            f"--network {text} is neither a file nor a preset{nearest(text, preset_names())}; give one with the network"
        )
    return resolve(file=Path(text))


def _images(spec: ExperimentSpec) -> tuple[InputShape, int]:
    """Return shape and number of classes of the images, from what is known of the set without having it."""
    source = sets[spec.data.name]
    if source.shape is not None and source.classes:
        return source.shape, len(source.classes)
    info = describe(spec.data)
    return info.shape, len(info.classes)


def _renamed_mask(architecture: str, mask: Mask) -> Mask:
    held = renamed(architecture, mask.held)
    return Mask(renamed(architecture, dict(mask)), held)


def _fitting(
    path: Path, weights: State, spec: ExperimentSpec, shape: InputShape, classes: int
) -> tuple[PrunableLayer, ...]:
    module = build(spec.network, shape, classes)
    try:
        restore(module, weights)
    except TombolaError as error:
        raise TombolaError(f"{path} does not fit the network of '{spec.name}': {error}") from error
    return prunable_layers(module, spec.network.prunable)


def _mask(
    weights: State, stored: Mask | None, layers: tuple[PrunableLayer, ...], mask_from: str, findings: Findings
) -> Mask:
    """Return a mask of all prunable layers, in order."""
    if mask_from == "zeros":
        return Mask({layer.name: weights[layer.name] != 0 for layer in layers})
    if stored is None:
        if any(bool((weights[layer.name] == 0).any()) for layer in layers):
            findings.notes.append("Some weights are zero; they count as weights like others (--mask-from zeros).")
        return Mask.dense(layers)
    names = {layer.name for layer in layers}
    others = [name for name in stored if name not in names]
    if others:
        findings.warn(f"Masks of {', '.join(others)} were applied once and dropped: these are never pruned here.")
    whole = {layer.name: torch.ones(layer.shape, dtype=torch.bool) for layer in layers}
    keep = whole | {name: stored[name] for name in whole if name in stored}
    return Mask(keep, {name: values for name, values in stored.held.items() if name in names})


def _info(job: JobId, content: str, mask: Mask, layers: tuple[PrunableLayer, ...]) -> JobInfo:
    return JobInfo(
        key=digest({"imported": FORMAT, "content": content, "mask": mask.digest()}),
        **job._asdict(),
        status="done",
        density=mask.density,
        remaining=mask.remaining(),
        sizes=mask.sizes(),
        kinds={layer.name: layer.kind for layer in layers},
        engine=FORMAT,
        device="unknown",
        versions={"imported": FORMAT},
    )


def _nothing_measured() -> Records:
    """Return one record without a measurement: a job that is done has a last record."""
    nothing = np.full(1, np.nan)
    flags = np.full(1, START | FINAL, np.uint8)
    return Records(np.zeros(1, np.int64), flags, nothing, nothing, nothing, nothing)
