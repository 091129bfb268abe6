from collections.abc import Callable
from contextlib import suppress

import pytest
import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.training.placement import find_device, placed, threads_set


def pretend(monkeypatch: pytest.MonkeyPatch, devices: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: devices > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: devices)


def test_devices_of_a_machine_without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, 0)
    assert find_device("auto") == find_device(" CPU ") == torch.device("cpu")
    for wanted in ("cuda", "cuda:1"):
        with pytest.raises(TombolaError, match=f"'{wanted}' is not there: this machine has 0 CUDA devices"):
            find_device(wanted)


def test_devices_of_a_machine_with_two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, 2)
    assert find_device("auto") == find_device("cuda") == torch.device("cuda:0")
    assert find_device("cuda:1") == torch.device("cuda:1")
    assert find_device("cpu") == torch.device("cpu")
    with pytest.raises(TombolaError, match="'cuda:2' is not there"):
        find_device("cuda:2")


@pytest.mark.parametrize("wanted", ["gpu", "", "mps", "meta", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "auto:1"])
def test_unknown_devices_are_refused(wanted: str) -> None:
    with pytest.raises(TombolaError, match="use auto, cpu, cuda or cuda:N"):
        find_device(wanted)


def test_threads_are_given_back_also_after_an_error() -> None:
    before = torch.get_num_threads()
    inside = 0
    with suppress(ZeroDivisionError), threads_set(before + 1):
        inside = torch.get_num_threads()
        raise ZeroDivisionError
    assert (inside, torch.get_num_threads()) == (before + 1, before)
    with pytest.raises(TombolaError, match="threads = 0"), threads_set(0):
        pass


def test_layout_gradients_and_parameters_are_given_back(make_module: Callable[..., nn.Module]) -> None:
    module = make_module("conv", channels=3)
    module[3].weight.data = module[3].weight.data.contiguous(memory_format=torch.channels_last)
    parameters = list(module.parameters())
    strides = [parameter.stride() for parameter in parameters]
    values = [parameter.detach().clone() for parameter in parameters]
    parameters[0].grad = torch.ones_like(parameters[0])
    with placed(module, torch.device("cpu"), channels_last=True):
        assert module[0].weight.is_contiguous(memory_format=torch.channels_last)
        assert module[0].weight.grad is None
        parameters[0].grad = torch.ones_like(parameters[0])
    assert all(after is before for after, before in zip(module.parameters(), parameters, strict=True))
    assert [parameter.stride() for parameter in parameters] == strides
    assert all(torch.equal(after, before) for after, before in zip(parameters, values, strict=True))
    assert all(parameter.grad is None for parameter in parameters)
