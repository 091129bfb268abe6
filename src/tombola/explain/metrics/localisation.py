"""Localisation: does the map show where the object is? Missing for images whose objects are not known."""

import numpy as np
from jaxtyping import Bool, Float

from tombola.explain.metrics.case import Case
from tombola.explain.metrics.metric import Metric, metrics


def pointing_game(case: Case) -> Float[np.ndarray, " n"]:
    """Pointing game: whether the largest value lies in the object's box (Zhang et al. 2018).

    At the image's size and without tolerance. Where several pixels share the largest value, the share of them in the
    box: a constant map has the box's share of the image, which is chance.
    """
    highest = case.full == case.full.max(axis=(1, 2), keepdims=True)
    return np.asarray((highest & in_boxes(case)).sum(axis=(1, 2)) / highest.sum(axis=(1, 2)))


def energy_in_box(case: Case) -> Float[np.ndarray, " n"]:
    """Energy in box: the share of the map's positive values that lies in the object's box (Wang et al. 2020).

    A map without positive values prefers nothing, and counts as constant: the box's share of the image.
    """
    positive = np.maximum(case.full, 0)
    positive = np.where(positive.any(axis=(1, 2), keepdims=True), positive, 1.0)
    return np.asarray((positive * in_boxes(case)).sum(axis=(1, 2)) / positive.sum(axis=(1, 2)))


def window_iou(case: Case) -> Float[np.ndarray, " n"]:
    """IoU of window and object: the most important pixels, as many as the object has, against the object.

    Intersection over union. The object's pixels where they are known, else its box. Only pixels with positive values
    are taken, as in windows that people are shown; a constant map shows nothing and has 0.
    """
    truth = in_boxes(case) if case.objects is None else case.objects
    chosen = (case.ranks < truth.sum(axis=(1, 2))[:, None, None]) & (case.full > 0)
    return np.asarray((chosen & truth).sum(axis=(1, 2)) / np.maximum(1, (chosen | truth).sum(axis=(1, 2))))


def in_boxes(case: Case) -> Bool[np.ndarray, "n h w"]:
    """Return which pixels the boxes hold."""
    boxes = np.zeros((len(case), 4), dtype=np.int64) if case.boxes is None else case.boxes
    left, top, right, bottom = (boxes[:, side, None, None] for side in range(4))
    row, column = np.arange(case.size[0])[None, :, None], np.arange(case.size[1])[None, None, :]
    return np.asarray((row >= top) & (row < bottom) & (column >= left) & (column < right))


metrics.register("pointing-game")(Metric(pointing_game, "localisation", "higher", 0, 1, ("boxes",)))
metrics.register("energy-in-box")(Metric(energy_in_box, "localisation", "higher", 0, 1, ("boxes",)))
metrics.register("window-iou")(Metric(window_iou, "localisation", "higher", 0, 1, ("boxes",)))
