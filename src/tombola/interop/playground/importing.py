"""Results of the playground framework as a run folder of ours (playground reference, section 8)."""

from pathlib import Path

from tombola.interop.imported import Findings, Imported, Source, publish
from tombola.interop.levels import listed
from tombola.interop.playground.description import Description, load_specs
from tombola.interop.playground.experiment import CONTROL, experiment_spec, image_set, training_steps
from tombola.interop.playground.files import ExperimentFiles, find_files
from tombola.interop.playground.histories import Histories, load_histories
from tombola.interop.playground.jobs import FORMAT, Writer
from tombola.interop.playground.replicate import Setting
from tombola.interop.restricted import LIMIT
from tombola.store import RunFolder

METHOD = "IMP-per-layer"


def import_playground(prefix: str | Path, out: str | Path = "runs", *, limit: int = LIMIT) -> Imported:
    """Bring an experiment of the playground framework into a run folder of ours.

    Nothing in its files is run: ``.pth`` files go through the restricted reader (`tombola.interop.restricted`).

    Parameters
    ----------
    prefix
        What the names of its files begin with, folder included:
        ``results/2020_09_08-17_03_11-Conv-CIFAR-10``; both spellings of newer and older versions are found.
    out
        The folder that run folders lie in.
    limit
        The most bytes that one file, or the tensors in it, may take.

    Returns
    -------
    Imported
        Where the run folder is, and what was noticed.

    Raises
    ------
    TombolaError
        One sentence, if files are missing, damaged or hostile, or the run folder is there already.
    """
    files = find_files(prefix)
    description = load_specs(files.specs)
    histories = load_histories(files.histories, limit=limit)
    findings = Findings()
    replicates, levels, _ = histories.shape
    _check_shapes(description, histories, findings)
    controls = _controls(files, histories, findings, limit)
    spec = experiment_spec(
        files.name,
        description,
        replicates=replicates,
        levels=levels - 1,
        repetitions=max((each.shape[0] for each in controls.values()), default=0),
    )
    images = image_set(description)
    setting = Setting(files, spec.network, images.shape, histories, description.plot_step, findings, limit)
    _note(description, histories, controls, findings)
    read = [files.specs, files.histories]
    for number in range(replicates):
        read += [path for path in (files.net(number), files.early_stop(number)) if path.is_file()]
    read += [files.control(number) for number in controls]
    if description.save_early_stop and not any(files.early_stop(number).is_file() for number in range(replicates)):
        findings.warn("The description says that networks at early stop were kept, but there is no file of them.")

    def fill(folder: RunFolder) -> int:
        count, without_mask = Writer(folder, setting, controls, training_steps(description), description.device).write()
        for number, missing in without_mask.items():
            if missing:
                findings.unknown.append(f"Masks of replicate {number} at level {listed(missing)}: no file holds them.")
        return count

    source = Source(FORMAT, str(prefix), tuple(read), dict(description.raw), _environment(files, description))
    return publish(spec, Path(out), source, findings, fill)


def _check_shapes(description: Description, histories: Histories, findings: Findings) -> None:
    replicates, levels, records = histories.shape
    for what, said, found in (
        ("replicates", description.net_count, replicates),
        ("levels above dense", description.prune_count, levels - 1),
    ):
        if said != found:
            findings.warn(f"The description says {said} {what}, the histories hold {found}; the histories count.")
    steps = training_steps(description)
    if steps is not None and steps // description.plot_step != records:
        findings.warn(
            f"{steps} steps with a record every {description.plot_step} give {steps // description.plot_step} records, "
            f"the histories hold {records}; the histories count."
        )
    if histories.density is not None and histories.density[0] != 1:
        findings.warn(f"Level 0 is reported with density {histories.density[0]:.4f}; it is dense.")


def _controls(files: ExperimentFiles, histories: Histories, findings: Findings, limit: int) -> dict[int, Histories]:
    found = {}
    for number in range(histories.shape[0]):
        path = files.control(number)
        if not path.is_file():
            continue
        control = load_histories(path, limit=limit)
        levels = histories.shape[1] - 1
        if control.shape[1] != levels:
            findings.warn(
                f"{path.name} holds {control.shape[1]} levels where {levels} are above dense; it is left out."
            )
        else:
            found[number] = control
    return found


def _note(description: Description, histories: Histories, controls: dict[int, Histories], findings: Findings) -> None:
    """Say how these results differ from a run of ours, and what is not known of them."""
    findings.notes += [
        "Levels above 0 started from their initial weights but with biases and normalisation as trained "
        "(prune.reset: weights-only).",
        "Validation losses are means over batches, in which the samples of the last, smaller batch weigh more "
        "(train.validation_loss: batch-mean).",
    ]
    if controls:
        findings.notes.append(
            f"Control {CONTROL} is the framework's random retrain: new weights, biases and normalisation as trained "
            "(prune.control_init: weights-only)."
        )
    method = str(description.raw.get("prune_method", METHOD))
    if method != METHOD:
        findings.notes.append(f"The description names the pruning method {method[:60]!r}.")
    if description.unknown:
        findings.notes.append(f"Entries of the description that mean nothing here: {', '.join(description.unknown)}.")
    if histories.unknown:
        findings.notes.append(f"Arrays of the histories that mean nothing here: {', '.join(histories.unknown)}.")
    findings.unknown += [
        "Seed, split and order of the data; what the spec says of them is not what these networks saw.",
        "Initial biases and normalisation; initial weights are known.",
        "The time of each training.",
    ]
    if histories.missing:
        findings.unknown.append(f"The files hold no {', '.join(histories.missing)}.")
    if histories.density is None:
        findings.unknown.append("Densities of levels without a mask.")


def _environment(files: ExperimentFiles, description: Description) -> dict[str, object]:
    images = image_set(description)
    sizes = {"train": images.train, "validation": images.validation, "test": images.test}
    name = str(description.raw.get("device_name", "")) if "device_name" in description.raw else ""
    facts: dict[str, object] = {
        "framework": "lottery-ticket playground",
        "experiment": files.name,
        "ended": files.ended(),
        "duration": description.duration,
        "device": " ".join(part for part in (description.device, f"({name})" if name else "") if part),
    }
    known = {key: value for key, value in sizes.items() if value is not None}
    return {key: value for key, value in facts.items() if value} | {"data": {"name": images.name} | known}
