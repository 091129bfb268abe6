"""Label permutation: a network that was trained on nonsense must be explained otherwise."""

from dataclasses import replace

import torch
from torch import nn

from tombola.data import Dataset, load
from tombola.data.split import permutation
from tombola.errors import TombolaError
from tombola.experiments.trial import Shape, fresh_state
from tombola.explain.sanity.check import Check, Steps, checks
from tombola.explain.sanity.question import Question, alike
from tombola.networks import build
from tombola.specs.converge import ConvergeSpec
from tombola.store import Run
from tombola.streams import stream_seed
from tombola.training import fit
from tombola.training.fit import changed

LIMIT = 0.5
"""As for shuffled weights."""


def labels(question: Question) -> Steps:
    """A network is trained on permuted labels; maps of the same classes must differ (Adebayo et al. 2018).

    Rank correlation with the original map.
    """
    if question.permuted is None:
        raise TombolaError(
            "the sanity check 'labels' needs Question.permuted, which trains a network on permuted labels; "
            "permuted_network(run) makes one"
        )
    return {"permuted labels": alike(question.original.maps, question.maps(question.permuted()))}


def permuted_network(run: Run, replicate: int = 0, epochs: int | None = None) -> nn.Module:
    """Train a run's dense network on permuted labels, from a fresh initialisation of the replicate's own stream.

    Parameters
    ----------
    run
        Gives data, network and recipe; training goes on to its end, as nothing is to be learned that a rule of
        convergence could see.
    replicate
        Selects initialisation, permutation and data order.
    epochs
        Length, by default the recipe's.
    """
    spec = run.spec
    data = permuted_labels(load(spec.data, spec.seed), stream_seed(spec.seed, "explain", "labels", replicate))
    module = build(spec.network, data.input_shape, len(data.classes))
    shape = Shape(data.input_shape, len(data.classes))
    module.load_state_dict(fresh_state(spec, shape, stream_seed(spec.seed, "init", replicate)))
    recipe = spec.train.model_copy(update={"converge": ConvergeSpec()})
    if epochs is not None:
        recipe = changed(recipe, {"epochs": epochs})
    result = fit(module, data, recipe, seed=spec.seed, replicate=replicate)
    if result.status != "done":
        raise TombolaError(f"training on permuted labels ended as '{result.status}'; leave out --sanity labels")
    return module.eval()


def permuted_labels(data: Dataset, seed: int) -> Dataset:
    """Return a data set whose training images have each other's labels."""
    order = torch.from_numpy(permutation(len(data.train), seed))
    return replace(data, train=replace(data.train, labels=data.train.labels[order]))


checks.register("labels")(
    Check(
        labels,
        LIMIT,
        "its maps hardly change when the network is trained on permuted labels",
        default=False,
        networks=1,
    )
)
