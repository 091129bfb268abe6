"""The jobs of an imported experiment of open_lth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tombola.interop.imported import Findings
from tombola.interop.open_lth.hparams import SHAPES
from tombola.interop.open_lth.level import Level, Moment, read_state
from tombola.interop.open_lth.networks import Translation
from tombola.networks import State
from tombola.pruning import Mask, Ticket
from tombola.specs import ExperimentSpec
from tombola.specs.keys import digest
from tombola.store import JobId, RunFolder
from tombola.store.jobs import EARLY_STOP, IMPORTED, TRAINED, JobInfo
from tombola.store.publishing import publish_job

FORMAT = "open-lth"


@dataclass(frozen=True)
class Writer:
    """Writes the jobs of one experiment.

    Attributes
    ----------
    spec, hparams
        The experiment, in our terms and theirs.
    levels, masks
        What the files hold, by job; masks in our names, where they are known.
    translation
        Names of weights.
    findings
        Where to tell what does not fit.
    limit
        The most bytes of one file.
    """

    spec: ExperimentSpec
    hparams: Mapping[str, str]
    levels: Mapping[JobId, Level]
    masks: Mapping[JobId, Mask]
    translation: Translation
    findings: Findings
    limit: int

    def write(self, folder: RunFolder) -> int:
        """Write every job; return how many there are."""
        for job, level in self.levels.items():
            self._write(folder, job, level)
        return len(self.levels)

    def _write(self, folder: RunFolder, job: JobId, level: Level) -> None:
        records = level.log.records()
        stop = records.early_stop()
        mask = self.masks.get(job)
        failed = len(records.step) == 0
        known = next(iter(self.masks.values()), None)
        info = JobInfo(
            key=digest({"imported": FORMAT, "experiment": self.spec.name, "job": job.path}),
            **job._asdict(),
            status="failed" if failed else "done",
            reason=f"{job}: its logger holds no measurement" if failed else "",
            density=float("nan") if mask is None else mask.density,
            remaining={} if mask is None else mask.remaining(),
            sizes={} if known is None else known.sizes(),
            kinds=dict(self.translation.kinds),
            early_stop_step=None if stop is None else int(records.step[stop]),
            engine=FORMAT,
            device="unknown",
            versions={IMPORTED: FORMAT},
        )
        if mask is None:
            publish_job(folder, info, None, records, {})
            return
        first = None if level.first == level.last else level.first
        initial = self._state(job, level, first) or {}
        wanted = {} if failed else {TRAINED: level.last, EARLY_STOP: level.at(info.early_stop_step)}
        states = {name: state for name, at in wanted.items() if (state := self._state(job, level, at)) is not None}
        publish_job(folder, info, Ticket(initial, mask, self._provenance(job, mask)), records, states)

    def _state(self, job: JobId, level: Level, moment: Moment | None) -> State | None:
        state = read_state(level, moment, str(job), self.findings, limit=self.limit)
        return None if state is None else self.translation.state(state)

    def _provenance(self, job: JobId, mask: Mask) -> dict[str, Any]:
        found: dict[str, Any] = {
            **job._asdict(),
            "imported": FORMAT,
            "procedure": "imported",
            "network": self.spec.network.model_dump(mode="json"),
        }
        dataset = self.hparams.get("dataset_name", "")
        output = [name for name, kind in self.translation.kinds.items() if kind == "output"]
        if dataset in SHAPES and output:
            found["input_shape"] = list(SHAPES[dataset])
            found["classes"] = mask.shapes()[output[0]][0]
        return found
