"""Who votes on what: the answers of one pair as worker and image, before anybody has answered."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from tombola.errors import TombolaError
from tombola.study.design.folder import Study
from tombola.study.design.spec import VERSUS


@dataclass(frozen=True, eq=False)
class Layout:
    """Planned answers.

    Attributes
    ----------
    worker, image
        Numbers from 0, one each per answer.
    """

    worker: Int[np.ndarray, " answer"]
    image: Int[np.ndarray, " answer"]

    @property
    def answers(self) -> int:
        """How many answers."""
        return len(self.worker)

    @property
    def workers(self) -> int:
        """How many workers give any."""
        return len(np.unique(self.worker))

    @property
    def images(self) -> int:
        """How many images get any."""
        return len(np.unique(self.image))

    @property
    def worker_size(self) -> float:
        """Mean answers of the worker of an answer, Σ n² / Σ n."""
        return mean_size(self.worker)

    @property
    def image_size(self) -> float:
        """Mean answers on the image of an answer, Σ n² / Σ n."""
        return mean_size(self.image)


def mean_size(groups: Int[np.ndarray, " answer"]) -> float:
    """Return how large the group of an answer is on average: Σ n² / Σ n."""
    counts = np.bincount(groups)
    return float((counts**2).sum() / max(1, counts.sum()))


def balanced(images: int, raters: int, per_worker: int, seed: int = 0) -> Layout:
    """Return a layout in which every image gets `raters` answers and workers give `per_worker`, the last maybe fewer.

    Nobody meets an image twice; who meets which images is random.

    Raises
    ------
    TombolaError
        If a number is below 1, or a worker is to answer about more images than there are.
    """
    for name, value in (("images", images), ("raters", raters), ("answers per participant", per_worker)):
        if value < 1:
            raise TombolaError(f"{name} = {value}: give a whole number of at least 1")
    if per_worker > images:
        raise TombolaError(f"{per_worker} answers per participant need as many images, and there are {images}")
    generator = np.random.Generator(np.random.PCG64(seed))
    shown: list[int] = []
    for _ in range(raters):
        order = generator.permutation(images).tolist()
        # whoever began in the last round goes on in this one, with other images first
        begun = len(shown) % per_worker
        met = set(shown[len(shown) - begun :])
        shown += [image for image in order if image not in met][: per_worker - begun] if begun else []
        placed = set(shown[len(shown) - (per_worker - begun) :]) if begun else set()
        shown += [image for image in order if image not in placed]
    total = images * raters
    return Layout(np.arange(total) // per_worker, np.array(shown[:total], np.int64))


def of_study(study: Study, pair: tuple[str, str]) -> Layout:
    """Return the planned main answers of a study to one of its pairs.

    Raises
    ------
    TombolaError
        If the study has no such pair.
    """
    label = VERSUS.join(pair)
    found = [
        (worker, study.truth[name].image)
        for worker, block in enumerate(study.blocks)
        for name in block
        if study.truth[name].cell.split("/", 1)[1] == label
    ]
    if not found:
        raise TombolaError(f"the study has no pair '{label}'; it has {', '.join(map(VERSUS.join, study.spec.pairs))}")
    workers, images = (np.unique([each[place] for each in found], return_inverse=True)[1] for place in (0, 1))
    return Layout(workers, images)
