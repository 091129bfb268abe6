"""The jobs of an imported experiment: every training that the files tell of, as a job folder."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tombola.interop.playground.experiment import CLASSES, CONTROL
from tombola.interop.playground.histories import Histories
from tombola.interop.playground.replicate import Replicate, Setting, read_replicate
from tombola.interop.playground.states import unknown_initial
from tombola.networks import PrunableLayer, State, build, prunable_layers
from tombola.pruning import Mask, Ticket
from tombola.records import Records
from tombola.specs.keys import digest
from tombola.store import JobId, RunFolder
from tombola.store.folder import TICKET
from tombola.store.jobs import EARLY_STOP, IMPORTED, TRAINED, JobInfo
from tombola.store.publishing import publish_job

FORMAT = "playground"


@dataclass(frozen=True)
class Writer:
    """Writes the jobs of one experiment.

    Attributes
    ----------
    folder
        Where to.
    setting
        What is the same for all replicates.
    controls
        By replicate, the histories of its controls.
    last
        Steps of a training, where they are known.
    device
        What the framework says it trained on.
    """

    folder: RunFolder
    setting: Setting
    controls: dict[int, Histories]
    last: int | None
    device: str

    def write(self) -> tuple[int, dict[int, list[int]]]:
        """Write every job; return how many there are, and by replicate the levels whose mask is not known."""
        module = build(self.setting.network, self.setting.input_shape, CLASSES, device="meta")
        layers = prunable_layers(module)
        count, without_mask = 0, {}
        for number in range(self.setting.histories.shape[0]):
            replicate = read_replicate(self.setting, number)
            levels = range(self.setting.levels + 1)
            without_mask[number] = [level for level in levels if level not in replicate.masks]
            for level in levels:
                self._ticket(JobId(number, level), replicate, layers)
                count += 1
            if number in self.controls:
                count += self._controls(number, self.controls[number], replicate, layers)
        return count, without_mask

    def _controls(
        self, number: int, histories: Histories, replicate: Replicate, layers: tuple[PrunableLayer, ...]
    ) -> int:
        repetitions, levels, _ = histories.shape
        for repetition, level in np.ndindex(repetitions, levels):
            job = JobId(number, level + 1, CONTROL, repetition)
            records = histories.records((repetition, level), self.setting.interval, self.last)
            mask = replicate.masks.get(job.level)
            ticket = Ticket({}, mask, self._provenance(job)) if mask else None
            info = self._info(job, records, mask, layers, histories)
            publish_job(self.folder, info, ticket, records, {}, with_initial=False)
        return repetitions * levels

    def _ticket(self, job: JobId, replicate: Replicate, layers: tuple[PrunableLayer, ...]) -> None:
        histories = self.setting.histories
        records = histories.records((job.replicate, job.level), self.setting.interval, self.last)
        mask = replicate.masks.get(job.level)
        info = self._info(job, records, mask, layers, histories)
        states: dict[str, State] = {}
        if info.status == "done" and job.level == self.setting.levels and replicate.trained is not None:
            states[TRAINED] = replicate.trained
        if info.status == "done" and job.level in replicate.early_stop:
            states[EARLY_STOP] = replicate.early_stop[job.level]
        ticket = None
        if mask is not None:
            initial = {name: value.clone() for name, value in replicate.initial.items()}
            if initial:
                mask.apply_(initial)
            ticket = Ticket(initial, mask, self._provenance(job))
        publish_job(self.folder, info, ticket, records, states)

    def _info(
        self,
        job: JobId,
        records: Records,
        mask: Mask | None,
        layers: tuple[PrunableLayer, ...],
        histories: Histories,
    ) -> JobInfo:
        stop = records.early_stop()
        lost = stop is None and "val_loss" not in histories.missing
        reported = self.setting.histories.density
        return JobInfo(
            key=digest({"imported": FORMAT, "experiment": self.setting.files.name, "job": job.path}),
            **job._asdict(),
            status="failed" if lost else "done",
            reason=f"{job}: no validation loss is finite" if lost else "",
            density=mask.density if mask else math.nan if reported is None else float(reported[job.level]),
            remaining=mask.remaining() if mask else {},
            sizes={layer.name: layer.size for layer in layers},
            kinds={layer.name: layer.kind for layer in layers},
            early_stop_step=None if stop is None else int(records.step[stop]),
            engine=FORMAT,
            device=self.device,
            versions={IMPORTED: FORMAT},
        )

    def _provenance(self, job: JobId) -> dict[str, Any]:
        setting = self.setting
        return {
            **job._asdict(),
            "imported": FORMAT,
            "procedure": "imported" if job.control == TICKET else CONTROL,
            "input_shape": list(setting.input_shape),
            "classes": CLASSES,
            "network": setting.network.model_dump(mode="json"),
            "unknown": unknown_initial(setting.network, setting.input_shape, CLASSES),
        }
