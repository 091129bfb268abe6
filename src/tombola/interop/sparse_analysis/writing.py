"""The jobs of an imported group of networks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tombola.interop.imported import Findings
from tombola.interop.restricted import LIMIT
from tombola.interop.sparse_analysis.collection import Group, Place
from tombola.interop.sparse_analysis.discover import Stored, read_network
from tombola.interop.sparse_analysis.histories import history_csv, records
from tombola.interop.sparse_analysis.integrity import ERROR, Finding
from tombola.interop.sparse_analysis.naming import Naming, name_layers
from tombola.networks import State
from tombola.pruning import Mask, Ticket
from tombola.specs import ExperimentSpec
from tombola.specs.keys import digest
from tombola.store import JobId, RunFolder
from tombola.store.files import write_text
from tombola.store.jobs import IMPORTED, TRAINED, JobInfo
from tombola.store.publishing import publish_job
from tombola.store.states import save_ticket

REINIT = "reinit"
HISTORY, NOMINAL = "history.csv", "nominal.safetensors"
"""Beside a job's own files: the log as it was, and the nominal mask where it is another than the effective one."""


@dataclass(frozen=True)
class Writer:
    """Writes the jobs of one run.

    Attributes
    ----------
    format
        ``sparse-analysis``, ``synaptic-flow`` or ``gem-miner``.
    root
        What is imported.
    spec
        The experiment, in our terms.
    group
        The networks.
    naming
        What the run's layers are called.
    found
        Integrity findings.
    per_epoch
        Steps of an epoch, where they are known.
    findings
        Where to tell what does not fit.
    limit
        The most bytes of one file.
    """

    format: str
    root: Path
    spec: ExperimentSpec
    group: Group
    naming: Naming
    found: Sequence[Finding]
    per_epoch: int | None
    findings: Findings
    limit: int = LIMIT

    def write(self, folder: RunFolder) -> int:
        """Write every job; return how many there are."""
        count = 0
        for place in self.group.places:
            if not place.facts.roles:
                count += self._recorded(folder, place)
                continue
            stored = read_network(place.facts.place, self.root, self.limit)
            if stored is not None:
                count += self._network(folder, place, stored)
        return count

    def _network(self, folder: RunFolder, place: Place, stored: Stored) -> int:
        last = stored.states.last
        assert last is not None
        naming = name_layers(last)
        if naming.kinds.keys() != self.naming.kinds.keys():
            self.findings.warn(f"{stored.name} is of another network than the others of its group; it is left out.")
            return 0
        job = JobId(place.replicate, place.level)
        mask, nominal = naming.mask(last.effective()), naming.mask(last.nominal())
        log = records(stored.log, self.per_epoch)
        initial = stored.states.initial or stored.states.before
        states = {TRAINED: self._state(stored.states.trained, naming, mask)} if stored.states.trained else {}
        provenance = self._provenance(job, place, naming, nominal)
        start = self._state(initial, naming, mask) if initial is not None else {}
        publish_job(folder, self._info(job, place, mask, naming), Ticket(start, mask, provenance), log, states)
        if stored.log is not None:
            write_text(folder.job(job) / HISTORY, history_csv(stored.log))
        if nominal != mask:
            save_ticket(folder.job(job) / NOMINAL, Ticket({}, nominal, provenance), with_initial=False)
        return 1 + self._check(folder, place, stored, mask, naming)

    def _recorded(self, folder: RunFolder, place: Place) -> int:
        """Write a network of which only tables are left: records and counts, no ticket."""
        facts, job = place.facts, JobId(place.replicate, place.level)
        info = replace(
            self._info(job, place, Mask({}), self.naming),
            density=facts.kept / facts.size,
            remaining={name: layer.effective for name, layer in facts.layers.items()},
            sizes={name: layer.size for name, layer in facts.layers.items()},
        )
        publish_job(folder, info, None, records(facts.log, self.per_epoch), {})
        if facts.log is not None:
            write_text(folder.job(job) / HISTORY, history_csv(facts.log))
        return 1

    def _check(self, folder: RunFolder, place: Place, stored: Stored, mask: Mask, naming: Naming) -> int:
        """Write the sanity check that is a control of ours, if it was logged and there are levels for it."""
        log = stored.checks.get(REINIT)
        if log is None or place.level == 0 or REINIT not in self.spec.control_repetitions():
            return 0
        job = JobId(place.replicate, place.level, REINIT)
        ticket = Ticket({}, mask, self._provenance(job, place, naming, None))
        info = self._info(job, place, mask, naming)
        publish_job(folder, info, ticket, records(log, self.per_epoch), {}, with_initial=False)
        write_text(folder.job(job) / HISTORY, history_csv(log))
        return 1

    def _state(self, snapshot: Any, naming: Naming, mask: Mask) -> State:
        state = naming.state(snapshot)
        mask.apply_(state)
        return state

    def _info(self, job: JobId, place: Place, mask: Mask, naming: Naming) -> JobInfo:
        content = {
            "imported": self.format,
            "network": place.facts.name,
            "content": place.facts.digests,
            "job": job.path,
        }
        return JobInfo(
            key=digest(content),
            **job._asdict(),
            status="done",
            density=mask.density,
            remaining=mask.remaining(),
            sizes=mask.sizes(),
            kinds=dict(naming.kinds),
            engine=self.format,
            device="unknown",
            versions={IMPORTED: self.format},
        )

    def _provenance(self, job: JobId, place: Place, naming: Naming, nominal: Mask | None) -> dict[str, Any]:
        facts = place.facts
        mine = [f for f in self.found if facts.name in f.networks]
        found: dict[str, Any] = {
            **job._asdict(),
            "imported": self.format,
            "procedure": "imported",
            "source": facts.name,
            "labelled_percent": facts.labelled,
            "errors": sorted({f.code for f in mine if f.severity == ERROR}),
            "network": self.spec.network.model_dump(mode="json"),
        }
        if nominal is not None:
            found |= {"nominal": nominal.remaining(), "nominal_density": nominal.density}
        if naming.input_shape is not None:
            found |= {"input_shape": list(naming.input_shape), "classes": naming.classes}
        return found
