"""What a study declared about its analysis: pairs, families, margins, compression rates, and whether its lock holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tombola.errors import TombolaError

if TYPE_CHECKING:
    import pandas as pd

    from tombola.study.design.folder import Study
    from tombola.study.design.spec import StudySpec
    from tombola.study.statistics import Dose

EXPORTED = Path("export/answers.csv")
PILOT = "pilot"
"""What the server calls answers from before the lock."""


@dataclass(frozen=True)
class Declared:
    """What a study, or the command line, says about an analysis.

    Attributes
    ----------
    pairs, families, correction, margin, doses, reference, locked
        As `tombola.study.statistics.valid_analysis` takes them.
    notes
        Why the analysis is not confirmatory, and what was left out.
    """

    pairs: Sequence[tuple[str, str]] | None = None
    families: Mapping[str, Sequence[str]] | None = None
    correction: str = "holm"
    margin: Mapping[str, float] | None = None
    doses: "Mapping[str, Dose] | None" = None
    reference: str | None = None
    locked: bool | None = None
    notes: tuple[str, ...] = ()


def gather(paths: Sequence[Path], batches: Sequence[str] = ()) -> "tuple[pd.DataFrame, Declared]":
    """Return the answers of a study folder, or of files one below the other, and what was declared about them.

    Parameters
    ----------
    paths
        One study folder, or files: tidy CSV or frames of the published study.
    batches
        Batches to keep; by default all, of a locked study all but the pilot.

    Raises
    ------
    TombolaError
        If there are no answers, a batch is none of theirs, or folders and files are mixed.
    """
    folders = [path for path in paths if path.is_dir()]
    if folders and len(paths) > 1:
        raise TombolaError("analyse one study folder, or files; folders cannot be pooled")
    if not folders:
        return _only(_of_files(paths), batches), Declared()
    from tombola.study.design.folder import open_study

    study = open_study(folders[0])
    frame = of_study(study)
    without_pilot = study.lock_file.is_file() and not batches and PILOT in set(frame.batch)
    frame = frame[frame.batch != PILOT].reset_index(drop=True) if without_pilot else _only(frame, batches)
    declared = declared_by(study, frame)
    notes = ("Pilot answers came before the lock and are left out.",) if without_pilot else ()
    return frame, Declared(**(vars(declared) | {"notes": (*notes, *declared.notes)}))


def of_study(study: "Study") -> "pd.DataFrame":
    """Return the answers of a study: as its server holds them, else as they were exported or imported."""
    from tombola.study.answers import read_answers

    if study.answers_file.is_file():
        from tombola.study.server.export import export_answers

        return export_answers(study)
    if not (study.path / EXPORTED).is_file():
        raise TombolaError(f"{study.path} has no answers: neither {study.answers_file.name} nor {EXPORTED}")
    return read_answers(study.path / EXPORTED)


def declared_by(study: "Study", answers: "pd.DataFrame") -> Declared:
    """Return what a study's spec, preregistration and lock say about the analysis of some answers."""
    from tombola.study.lock import check_lock, read_preregistration

    pairs = list(study.spec.pairs) or None
    doses, reference = doses_of(study.spec)
    status = check_lock(study, answers)
    if not status.locked:
        return Declared(pairs, doses=doses, reference=reference)
    plan = read_preregistration(study.path)
    return Declared(
        pairs,
        plan.families or None,
        plan.correction,
        dict(plan.margins) or None,
        doses,
        reference,
        status.confirmatory,
        tuple(f"Not confirmatory: {problem}." for problem in status.problems),
    )


def doses_of(spec: "StudySpec") -> "tuple[dict[str, Dose] | None, str | None]":
    """Return compression rate and replicate of every condition, and what pairs have in common.

    Nothing where a condition has no rate, fewer than four rates differ, or pairs have no unpruned condition in common.
    """
    from tombola.study.statistics import Dose
    from tombola.study.statistics.dose import RATES

    rated = [each for each in spec.conditions if each.compression_rate is not None]
    doses = {each.name: Dose(float(each.compression_rate or 1), each.replicate or 0) for each in rated}
    common = [name for name, dose in doses.items() if dose.rate == 1 and all(name in pair for pair in spec.pairs)]
    reference = common[0] if spec.pairs and common else None
    rates = {dose.rate for name, dose in doses.items() if name != reference}
    usable = len(rated) == len(spec.conditions) and len(rates) >= RATES and (not spec.pairs or reference is not None)
    return (doses, reference) if usable else (None, None)


def _of_files(paths: Sequence[Path]) -> "pd.DataFrame":
    from tombola.study.answers import merge, read_answers, read_texts
    from tombola.study.files.derived import SHARED, read_derived

    return merge(
        [read_derived(path) if set(SHARED) <= set(read_texts(path).columns) else read_answers(path) for path in paths]
    )


def _only(frame: "pd.DataFrame", batches: Sequence[str]) -> "pd.DataFrame":
    known = list(frame.batch.unique())
    for name in batches:
        if name not in known:
            raise TombolaError(f"no answer is of batch '{name}'; there are {', '.join(known) or 'none'}")
    return frame[frame.batch.isin(list(batches))].reset_index(drop=True) if batches else frame
