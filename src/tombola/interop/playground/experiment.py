"""The playground framework's description of an experiment, as a spec of ours."""

from dataclasses import dataclass
from typing import Any

from tombola.interop.imported import run_name
from tombola.interop.playground.description import Description
from tombola.specs import ExperimentSpec
from tombola.specs.resolve import validate

BATCH = 60
CLASSES = 10
CONTROL = "reinit"
"""The framework's "random retrain". It keeps biases and normalisation as trained, which ``prune.control_init:
weights-only`` stands for (playground reference, B2)."""


@dataclass(frozen=True)
class ImageSet:
    """What the framework made of an image set.

    Attributes
    ----------
    name, normalisation
        As ours are called; there is no set of ours for its toys.
    shape
        Channels, height and width.
    train, validation, test
        Images; None where it is not known.
    """

    name: str
    normalisation: str
    shape: tuple[int, int, int]
    train: int | None = None
    validation: int | None = None
    test: int | None = None

    @property
    def batches(self) -> int | None:
        """Steps of an epoch: the last, incomplete batch was dropped."""
        return None if self.train is None else self.train // BATCH


SETS = {
    "MNIST": ImageSet("mnist", "mnist", (1, 28, 28), 55_000, 5_000, 10_000),
    "CIFAR-10": ImageSet("cifar10", "imagenet", (3, 32, 32), 45_000, 5_000, 10_000),
    "Toy-MNIST": ImageSet("toy-mnist", "mnist", (1, 28, 28)),
    "Toy-CIFAR": ImageSet("toy-cifar", "imagenet", (3, 32, 32)),
}
"""Playground reference, section 3."""


def image_set(description: Description) -> ImageSet:
    """Return the image set of an experiment."""
    return SETS[description.dataset]


def training_steps(description: Description) -> int | None:
    """Return the steps of one training; None for image sets of unknown size."""
    batches = image_set(description).batches
    return None if batches is None else batches * description.epoch_count


def experiment_spec(
    name: str, description: Description, *, replicates: int, levels: int, repetitions: int
) -> ExperimentSpec:
    """Return the experiment as a spec.

    Parameters
    ----------
    name
        The prefix of the experiment's files; becomes the run's name.
    description
        What the framework recorded.
    replicates, levels, repetitions
        How many the files hold; of repetitions, the most that any replicate has.

    Raises
    ------
    TombolaError
        If the description cannot be trained (a plan that pools too often, a learning rate of 0).
    """
    images = image_set(description)
    network: dict[str, Any] = {
        "family": description.net.lower(),
        "conv": list(description.plan_conv),
        "linear": list(description.plan_fc),
    }
    train = {
        "length": f"{description.epoch_count}ep",
        "batch_size": BATCH,
        "optimiser": "adam",
        "lr": description.learning_rate,
        "record_every": f"{description.plot_step}st",
        "test_curve": True,
        "validation_loss": "batch-mean",
    }
    one_shot = description.experiment_name == "osp"
    prune = {
        "procedure": "one-shot" if one_shot else "iterative",
        "counts": "legacy-half-rate" if one_shot else "iterated",
        "levels": levels,
        "conv_rate": description.prune_rate_conv,
        "linear_rate": description.prune_rate_fc,
        "output_rate": description.prune_rate_fc / 2,
        "reset": "weights-only",
        "control_init": "weights-only" if repetitions else "full",
    }
    return validate(
        {
            "name": run_name(name),
            "replicates": replicates,
            "data": {"name": images.name, "validation": images.validation, "normalisation": images.normalisation},
            "network": network,
            "train": train,
            "prune": prune,
            "controls": [f"{CONTROL}:{repetitions}"] if repetitions else [],
        }
    )
