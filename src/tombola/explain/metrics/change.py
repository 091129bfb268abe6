"""Change from the map of the dense network of the same replicate, cell by cell."""

import numpy as np
from jaxtyping import Float

from tombola.explain import similarity
from tombola.explain.metrics.case import Case
from tombola.explain.metrics.metric import Metric, metrics


def change_l1(case: Case) -> Float[np.ndarray, " n"]:
    """L1: mean absolute difference from the dense network's map, each divided by its own maximum."""
    return similarity.l1(case.maps, dense(case))


def change_spearman(case: Case) -> Float[np.ndarray, " n"]:
    """Rank correlation with the dense network's map (Spearman); missing where one of the two is constant."""
    return similarity.spearman(case.maps, dense(case))


def change_ssim(case: Case) -> Float[np.ndarray, " n"]:
    """Structural similarity with the dense network's map (Wang et al. 2004), in uniform windows of up to 7x7 cells."""
    return similarity.ssim(case.maps, dense(case))


def change_top_iou(case: Case) -> Float[np.ndarray, " n"]:
    """IoU of the most important tenth of cells with those of the dense network."""
    return similarity.top_iou(case.maps, dense(case))


def dense(case: Case) -> Float[np.ndarray, "n y x"]:
    """Return the dense network's maps; `Metric` has made sure that they are there."""
    return case.maps if case.dense is None else case.dense


DENSE = ("dense",)
metrics.register("change-l1")(Metric(change_l1, "change", "neither", 0, 2, DENSE))
metrics.register("change-spearman")(Metric(change_spearman, "change", "neither", -1, 1, DENSE, constant_missing=True))
metrics.register("change-ssim")(Metric(change_ssim, "change", "neither", -1, 1, DENSE))
metrics.register("change-top-iou")(Metric(change_top_iou, "change", "neither", 0, 1, DENSE))
