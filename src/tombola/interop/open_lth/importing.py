"""Results of open_lth (facebookresearch/open_lth) as a run folder of ours."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tombola.errors import TombolaError
from tombola.interop.imported import Findings, Imported, Source, publish, run_name
from tombola.interop.levels import check_nested
from tombola.interop.open_lth.hparams import data_fields, prune_fields, read_hparams, train_fields
from tombola.interop.open_lth.jobs import FORMAT, Writer
from tombola.interop.open_lth.level import MAIN, Level, read_level, read_state
from tombola.interop.open_lth.networks import Translation, translate
from tombola.interop.restricted import LIMIT
from tombola.pruning import Mask
from tombola.specs import ExperimentSpec
from tombola.specs.resolve import validate
from tombola.store import JobId

REPLICATE, LEVEL = re.compile(r"replicate_(\d{1,6})"), re.compile(r"level_(\d{1,6})")
HPARAMS = "hparams.log"


def import_open_lth(folder: str | Path, out: str | Path = "runs", *, limit: int = LIMIT) -> Imported:
    """Bring an experiment of open_lth into a run folder of ours.

    Parameters
    ----------
    folder
        ``<runner>_<hash>`` with its folders ``replicate_<n>/level_<k>/main``; also one that holds just one such folder,
        or the folder of one replicate.
    out
        The folder that run folders lie in.
    limit
        The most bytes that one file, or the tensors in it, may take.

    Raises
    ------
    TombolaError
        One sentence, if there is no such experiment, a file is damaged or hostile, or the run folder is there already.
    """
    root = find_root(Path(folder))
    findings = Findings()
    places = dict(_places(root, findings))
    if not places:
        raise TombolaError(f"{root} holds no level of open_lth (replicate_<n>/level_<k>/{MAIN} with a logger)")
    levels = {job: read_level(place, str(job), findings, limit=limit) for job, place in places.items()}
    hparams = _hparams(list(places.values()), findings)
    translation = _translation(levels, hparams, findings, limit)
    masks = _masks(levels, translation, findings)
    spec = _spec(root, levels, hparams, translation, findings)
    _note(levels, findings)
    files = [path for level in levels.values() for path in level.files]
    files += [place / HPARAMS for place in places.values() if (place / HPARAMS).is_file()]
    environment = {"framework": "open_lth", "experiment": root.name}
    source = Source(FORMAT, str(folder), tuple(files), {"hparams": hparams}, environment)
    writer = Writer(spec, hparams, levels, masks, translation, findings, limit)
    return publish(spec, Path(out), source, findings, writer.write)


def find_root(folder: Path) -> Path:
    """Return the folder that replicates (or the levels of one) lie in.

    Raises
    ------
    TombolaError
        If there is none, or more than one.
    """
    if not folder.is_dir():
        raise TombolaError(f"{folder} is no folder")
    if _has(folder, REPLICATE) or _has(folder, LEVEL):
        return folder
    inner = sorted(place for place in folder.iterdir() if place.is_dir() and _has(place, REPLICATE))
    if len(inner) != 1:
        found = (
            f"it holds several: {', '.join(place.name for place in inner[:5])}; name one" if inner else "none is there"
        )
        raise TombolaError(f"{folder} is not the folder of one experiment of open_lth (replicate_<n> in it): {found}")
    return inner[0]


def _has(folder: Path, pattern: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(place.name) and place.is_dir() for place in folder.iterdir())


def _numbered(folder: Path, pattern: re.Pattern[str]) -> list[tuple[int, Path]]:
    found = [(int(match[1]), place) for place in folder.iterdir() if (match := pattern.fullmatch(place.name))]
    return sorted(pair for pair in found if pair[1].is_dir())


def _places(root: Path, findings: Findings) -> Iterator[tuple[JobId, Path]]:
    """Yield every level's folder; replicates count from 0 here, in the order of their numbers there."""
    replicates = _numbered(root, REPLICATE) or [(0, root)]
    numbers = [number for number, _ in replicates]
    if numbers != list(range(len(numbers))):
        findings.notes.append(f"Replicates {', '.join(map(str, numbers))} there are 0 to {len(numbers) - 1} here.")
    branches: set[str] = set()
    for replicate, (_, place) in enumerate(replicates):
        for level, inside in _numbered(place, LEVEL) or [(0, place)]:
            if (inside / MAIN / "logger").is_file():
                yield JobId(replicate, level), inside / MAIN
            else:
                findings.warn(f"Replicate {replicate}, level {level} has no {MAIN}/logger; it is absent here.")
            branches |= {other.name for other in inside.iterdir() if other.is_dir() and other.name != MAIN}
    branches = {name for name in branches if not LEVEL.fullmatch(name)}
    if branches:
        findings.notes.append(f"Branches beside {MAIN} were not imported: {', '.join(sorted(branches))}.")


def _hparams(places: list[Path], findings: Findings) -> dict[str, str]:
    for place in places:
        found = read_hparams(place / HPARAMS)
        if found:
            return found
    findings.warn(f"No {HPARAMS} says how the networks were trained, so the spec does not either.")
    return {}


def _translation(levels: dict[JobId, Level], hparams: dict[str, str], findings: Findings, limit: int) -> Translation:
    for job, level in levels.items():
        if level.mask is not None:
            state = read_state(level, level.first, str(job), findings, limit=limit)
            weights = dict(level.mask) if state is None else state
            return translate(weights, level.mask, hparams)
    return Translation({"architecture": hparams.get("model_name", "unknown")}, {}, {})


def _masks(levels: dict[JobId, Level], translation: Translation, findings: Findings) -> dict[JobId, Mask]:
    """Return every known mask in our names, all of one network."""
    masks = {job: translation.mask(level.mask) for job, level in levels.items() if level.mask is not None}
    first = next(iter(masks), None)
    for job, mask in masks.items():
        if first is not None and mask.shapes() != masks[first].shapes():
            raise TombolaError(f"the masks of {first} and {job} are of different networks; import them one by one")
    for replicate in {job.replicate for job in masks}:
        own = {job.level: mask for job, mask in masks.items() if job.replicate == replicate}
        check_nested(replicate, own, findings)
    return masks


def _spec(
    root: Path, levels: dict[JobId, Level], hparams: dict[str, str], translation: Translation, findings: Findings
) -> ExperimentSpec:
    train: dict[str, Any] = train_fields(hparams, findings) | {"test_curve": True}
    longest = max(levels.values(), key=lambda level: len(level.log.steps))
    if longest.log.interval:
        train["record_every"] = f"{longest.log.interval}st"
    if "length" not in train and longest.log.steps and longest.log.steps[-1]:
        train["length"] = f"{longest.log.steps[-1]}st"
    starts = {level.log.steps[0] for job, level in levels.items() if job.level > 0 and len(level.log.steps) > 1}
    prune = prune_fields(hparams, findings) | {"levels": max(job.level for job in levels)}
    if len(starts) == 1 and starts != {0}:
        prune["rewind"] = f"step:{starts.pop()}"
    return validate(
        {
            "name": run_name(root.name),
            "replicates": 1 + max(job.replicate for job in levels),
            "data": data_fields(hparams),
            "network": translation.fields,
            "train": train,
            "prune": prune,
        }
    )


def _note(levels: dict[JobId, Level], findings: Findings) -> None:
    measured = {name for level in levels.values() for name in level.log.values}
    unused = sorted({name for level in levels.values() for name in level.log.unused})
    if "val_loss" not in measured:
        findings.unknown.append(
            "Early stops: open_lth has no validation set, so only accuracies by step and at the end are known."
        )
    if "train_loss" in measured:
        findings.notes.append(
            "Training losses are means over the training set at the record, not since the one before."
        )
    if unused:
        findings.notes.append(f"Metrics without a counterpart here: {', '.join(unused)}.")
    missing = [str(job) for job, level in levels.items() if level.mask is None]
    if missing:
        findings.unknown.append(f"Masks of {'; '.join(missing[:5])}{'; …' if len(missing) > 5 else ''}.")
    findings.unknown.append("The time of each training; the order of the data.")
