"""Two levels of a run side by side: how far the explanation of each image changes from one to the other."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from tombola.errors import TombolaError
from tombola.explain import similarity
from tombola.explain.attribute import Attribution
from tombola.explain.beside import explain_all
from tombola.explain.network import ExplainedNetwork, explain_views
from tombola.explain.normalising import normalise_maps
from tombola.explain.pictures import Pictures, pictures
from tombola.explain.plan import Plan
from tombola.store import Run

CHANGES = {
    "l1": similarity.l1,
    "spearman": similarity.spearman,
    "ssim": similarity.ssim,
    "top_iou": similarity.top_iou,
}


@dataclass(frozen=True, eq=False)
class Pair:
    """Maps of the same images at two levels of one replicate."""

    first: ExplainedNetwork
    second: ExplainedNetwork
    a: Attribution
    b: Attribution

    @property
    def difference(self) -> Float[np.ndarray, "n y x"]:
        """The second map minus the first, each divided by its own largest absolute value."""
        scaled = [normalise_maps(found.maps.astype(np.float64), "max") for found in (self.a, self.b)]
        return np.asarray(scaled[1] - scaled[0])


@dataclass(frozen=True, eq=False)
class Comparison:
    """What changes from one level to another.

    Attributes
    ----------
    run
        Its name.
    plan
        What was asked.
    shown
        The images.
    pairs
        One per replicate.
    changes
        One row per replicate and image, most changed first within a replicate: mean absolute difference of cells
        (``l1``), rank correlation (``spearman``, empty where a map is constant), structural similarity (``ssim``), IoU
        of the most important tenth (``top_iou``), and what both networks say.
    """

    run: str
    plan: Plan
    shown: Pictures
    pairs: tuple[Pair, ...]
    changes: pd.DataFrame


def compare_levels(run: Run, first: int, second: int, plan: Plan | None = None) -> Comparison:
    """Explain the same images at two levels, and tell how far their maps differ.

    Parameters
    ----------
    run
        An opened run.
    first, second
        The levels.
    plan
        As for `explore`; levels and controls are not used.

    Raises
    ------
    TombolaError
        If a level is not there, no replicate has finished both, or the two are one.

    Examples
    --------
    >>> compare_levels(run, 0, 5).changes.head()  # doctest: +SKIP
    """
    plan = replace(plan or Plan(), levels=(first, second), controls=())
    if first == second:
        raise TombolaError(f"level {first} is to be compared with itself; name two levels")
    views = {
        (view.level, view.replicate): view
        for view in explain_views(run, plan.levels, plan.replicates, stage=plan.stage)
    }
    replicates = [replicate for level, replicate in views if level == first and (second, replicate) in views]
    if not replicates:
        raise TombolaError(f"no replicate of {run.path} has finished both level {first} and level {second}")
    shown = pictures(run, plan.part, plan.images, plan.indices)
    pairs, rows = [], []
    for replicate in replicates:
        a, b = (explain_all(views[level, replicate].module(), shown, plan) for level in (first, second))
        pairs.append(Pair(views[first, replicate], views[second, replicate], a, b))
        rows.append(_changes(pairs[-1], shown))
    return Comparison(run.path.resolve().name, plan, shown, tuple(pairs), pd.concat(rows, ignore_index=True))


def _changes(pair: Pair, shown: Pictures) -> pd.DataFrame:
    label = shown.labels.numpy()
    frame = pd.DataFrame(
        {
            "replicate": pair.first.replicate,
            "image": shown.indices,
            "class": [shown.classes[number] for number in label],
            **{name: change(pair.a.maps, pair.b.maps) for name, change in CHANGES.items()},
            "predicted_a": [shown.classes[number] for number in pair.a.predicted],
            "predicted_b": [shown.classes[number] for number in pair.b.predicted],
            "correct_a": pair.a.predicted == label,
            "correct_b": pair.b.predicted == label,
        }
    )
    return frame.sort_values(["l1", "image"], ascending=[False, True], ignore_index=True)
