"""Compiled networks as a whole: NaN, threads, splits of calls, what is read and written, what is checked."""

from collections.abc import Callable
from copy import deepcopy
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.specs import TrainSpec
from tombola.training.sparse.layers import Unsupported

MakeCase = Callable[..., Any]
TRAIN = TrainSpec(batch_size=60)
BODIES = ["linear", "conv", "norm", "strided", "pool first", "residual", "sums", "before"]


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(a.numpy().tobytes() == b.numpy().tobytes() for a, b in pairs)


@pytest.mark.parametrize("body", [*BODIES[:3], *BODIES[5:]])
def test_threads_do_not_change_bits(body: str, make_case: MakeCase, draw_samples: Callable[..., Any]) -> None:
    def prepared(seed: int) -> tuple[nn.Module, Callable[[], None]]:
        case = make_case(body, 0.3, seed)
        network = case.network(TRAIN)

        def go() -> None:
            case.train(network, draw_samples(20, 60, seed=seed), [1e-3] * 20)
            network.write()

        return case.module, go

    alone, together = ([prepared(seed) for seed in range(4)] for _ in range(2))
    for _, go in alone:
        go()
    threads = [Thread(target=go) for _, go in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(same(one, other) for (one, _), (other, _) in zip(alone, together, strict=True))


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
@pytest.mark.parametrize("body", BODIES)
def test_split_calls_are_one_call(
    body: str, optimiser: str, make_case: MakeCase, draw_samples: Callable[..., Any]
) -> None:
    train = TrainSpec(batch_size=37, optimiser=optimiser, momentum=0.5)
    samples, rates, modules = draw_samples(10, 37), [1e-3 * (step + 1) for step in range(10)], []
    for parts in ((10,), (3, 0, 7)):
        case = make_case(body, 0.3)
        network, done = case.network(train), 0
        for steps in parts:
            case.train(network, samples[done * 37 :][: steps * 37], rates[done : done + steps])
            # evaluation and writing leave no trace
            network.evaluate(case.images.numpy(), case.labels.numpy())
            network.write()
            done += steps
        modules.append(case.module)
    assert same(*modules)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("layer", ["first", "last"])
def test_what_is_not_finite_reaches_the_loss(layer: str, body: str, value: float, make_case: MakeCase) -> None:
    case = make_case(body)
    weights = [weight for weight in case.module.parameters() if weight.dim() > 1]
    # an infinite first weight need not: tanh makes it 1
    weights[0 if layer == "first" else -1].data.view(-1)[1] = value if layer == "last" else float("nan")
    with torch.no_grad():
        assert not torch.isfinite(F.cross_entropy(deepcopy(case.module)(case.fed(dtype=torch.float32)), case.labels))
    network = case.network(TRAIN)
    assert not np.isfinite(network.evaluate(case.images.numpy(), case.labels.numpy()).loss)
    assert not np.isfinite(case.train(network, np.arange(180), [1e-3] * 3))


def test_pruned_weights_are_not_even_read(make_case: MakeCase) -> None:
    case, clean = make_case("conv", 0.5), make_case("conv", 0.5)
    for name, keep in case.mask.items():
        case.module.get_parameter(name).data[~keep] = float("nan")
    losses = []
    for one in (case, clean):
        network = one.network(TRAIN)
        losses.append(one.train(network, np.arange(180), [1e-3] * 3))
        network.write()
    assert losses[0] == losses[1]
    assert same(case.module, clean.module)
    for name, keep in case.mask.items():
        assert not case.module.get_parameter(name).data.view(torch.int32)[~keep].any()


def test_reading_takes_the_state_of_the_module(make_case: MakeCase) -> None:
    case, other = make_case("norm", 0.5), make_case("norm", 0.5, seed=1)
    case.mask = other.mask
    network = case.network(TRAIN)
    case.module.load_state_dict(other.module.state_dict())
    images, labels = case.images.numpy(), case.labels.numpy()
    wanted = other.network(TRAIN).evaluate(images, labels)
    assert network.evaluate(images, labels) != wanted
    network.read()
    assert network.evaluate(images, labels) == wanted


def test_layout_and_order_of_weights_in_memory_do_not_matter(make_case: MakeCase) -> None:
    case, plain = make_case("conv", 0.5), make_case("conv", 0.5)
    case.module.to(memory_format=torch.channels_last)
    for one in (case, plain):
        network = one.network(TRAIN)
        one.train(network, np.arange(60), [1e-3])
        network.write()
    assert case.module[2].weight.is_contiguous(memory_format=torch.channels_last)
    assert all(torch.equal(a, b) for a, b in zip(case.module.parameters(), plain.module.parameters(), strict=True))


def test_samples_are_checked(make_case: MakeCase) -> None:
    case = make_case("linear")
    network = case.network(TRAIN)
    for samples in (np.full(60, 200), np.full(60, -1)):
        with pytest.raises(ValueError, match="from 0 to 199"):
            case.train(network, samples, [1e-3])
    with pytest.raises(ValueError, match="do not make 2 batches of 60"):
        case.train(network, np.arange(60), [1e-3, 1e-3])
    with pytest.raises(ValueError, match="every image needs a label"):
        network.evaluate(case.images[:100].numpy(), case.labels.numpy())


@pytest.mark.parametrize("name", ["1.bias", "1.weight", "0.bias", "nothing"])
def test_only_weights_of_layers_may_be_masked(name: str, make_case: MakeCase) -> None:
    case = make_case("norm")
    case.mask = {name: torch.zeros(6, dtype=torch.bool)}
    with pytest.raises(Unsupported, match=f"the mask covers '{name}'"):
        case.network(TRAIN)
