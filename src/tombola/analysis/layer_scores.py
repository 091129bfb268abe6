"""Scores that a level's mask was made by, layer by layer: of a search, or magnitudes of the parent's weights."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float

from tombola.analysis.inspect_scores import ScoreMass, read_scores
from tombola.errors import TombolaError
from tombola.store import JobId, Run
from tombola.store.jobs import SCORES

MAGNITUDE = "magnitude"
TRAINED_FIRST = ("iterative", "one-shot")
"""Procedures whose scores see the trained weights of the job's parent."""
SEARCHED, WEIGHED = "scores of the search", "magnitudes of the parent's trained weights"


@dataclass(frozen=True, eq=False)
class LayerScores:
    """Scores of one layer.

    Attributes
    ----------
    name
        The layer.
    values
        Of every weight that could be kept; NaN elsewhere.
    kept
        Which were.
    """

    name: str
    values: Float[np.ndarray, "output input ..."]
    kept: Bool[np.ndarray, "output input ..."]

    @property
    def mass(self) -> ScoreMass:
        """Mean, variance (of the population) and sum of the scores, and of their absolute values."""
        known = self.values[~np.isnan(self.values)].astype(np.float64)
        if not known.size:
            return ScoreMass(np.nan, np.nan, 0.0, np.nan, np.nan, 0.0)
        size = np.abs(known)
        mean, variance, total = float(known.mean()), float(known.var()), float(known.sum())
        return ScoreMass(mean, variance, total, float(size.mean()), float(size.var()), float(size.sum()))


def layer_scores(run: Run, job: JobId) -> tuple[list[LayerScores], str]:
    """Return the scores of every layer, and in words what they are.

    Searches keep their scores. Magnitudes are those of the trained weights of the level that was pruned; weights that
    were pruned before have none. Other scores (of gradients, say) are not kept weight by weight.

    Parameters
    ----------
    run, job
        Which network's mask.

    Raises
    ------
    TombolaError
        If its scores are not known, with the reason.
    """
    if job not in run.jobs:
        raise TombolaError(f"{run.path.name} has no {job} (yet)")
    ticket = run.ticket(*job)
    mask = ticket.mask
    kept = {name: mask[name].numpy() for name in mask}
    stored = ticket.path / SCORES
    if stored.is_file():
        from safetensors.torch import load_file

        found = load_file(stored)
        return [LayerScores(name, _array(found[name]), kept[name]) for name in kept if name in found], SEARCHED
    parent = _parent(run, job) if run.spec.prune.procedure in TRAINED_FIRST else None
    if run.spec.prune.score != MAGNITUDE or parent is None:
        raise TombolaError(
            f"Scores of single weights of {job} were not kept; plot kind 'score-statistics' draws what was kept of them"
        )
    before = run.ticket(*parent)
    trained, alive = before.trained, before.mask
    values = {name: _array(trained[name].abs().where(alive[name], torch.nan)) for name in kept}
    return [LayerScores(name, values[name], kept[name]) for name in kept], WEIGHED


def score_statistics(run: Run, job: JobId) -> dict[str, ScoreMass]:
    """Return the scores of every layer summed up: from the table that was kept, else from the scores themselves.

    Raises
    ------
    TombolaError
        If neither is known, or the table is damaged.
    """
    if job in run.jobs and (found := read_scores(run.ticket(*job).path)):
        weights = [name for name in run.jobs[job].sizes if name in found]
        return {name: found[name] for name in weights}
    layers, _ = layer_scores(run, job)
    return {layer.name: layer.mass for layer in layers}


def _parent(run: Run, job: JobId) -> JobId | None:
    """Return the job whose trained weights were pruned."""
    parts = (run.jobs[job].parent or "").split("/")
    if len(parts) != 4 or not all(part.isdigit() for part in (parts[0], parts[1], parts[3])):
        return None
    found = JobId(int(parts[0]), int(parts[1]), parts[2], int(parts[3]))
    return found if found in run.jobs else None


def _array(values: torch.Tensor) -> Float[np.ndarray, "..."]:
    found: Float[np.ndarray, ...] = values.detach().float().cpu().numpy()
    return found
