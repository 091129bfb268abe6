"""A machine in the place of people: a network that had no part in the maps looks at what a window shows."""

import numpy as np
import torch
from jaxtyping import Float

from tombola.explain.metrics.case import Case
from tombola.explain.metrics.metric import Metric, metrics
from tombola.explain.render.count import pixel_count


def recognition(case: Case, q: str = "0.1") -> Float[np.ndarray, " n"]:
    """Recognition: whether another replicate's dense network gives the true class for the window alone.

    The window is the share q of the pixels, at their places in the mean image. A map that shows nothing is not
    recognised. People see black in place of the mean image, which networks have never met.
    """
    if case.judge is None or case.labels is None:
        raise ValueError("recognition needs a judge and labels")
    shown = (case.ranks < pixel_count(q, case.ranks[0].size)) & (case.full > 0)
    said = case.logits(case.images.cpu() * torch.from_numpy(shown)[:, None], case.judge).argmax(dim=1).numpy()
    return np.asarray((said == case.labels) & shown.any(axis=(1, 2)), dtype=np.float64)


metrics.register("recognition")(Metric(recognition, "recognition", "higher", 0, 1, ("judge", "labels")))
