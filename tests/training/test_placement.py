from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import torch
from torch import nn

from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.training import fit
from tombola.training.placement import PRODUCTS, find_device, placed, products, threads_set


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


SETTINGS: dict[str, Callable[[], None]] = {
    "untouched": lambda: None,
    "everything": lambda: setattr(torch.backends, "fp32_precision", "tf32"),
    "all of CUDA": lambda: setattr(torch.backends.cudnn, "fp32_precision", "tf32"),
    "one": lambda: setattr(torch.backends.cudnn.conv, "fp32_precision", "none"),
    "the old way": lambda: torch.set_float32_matmul_precision("medium"),
}


@pytest.fixture
def restored() -> Iterator[None]:
    """Give torch's settings back, whatever a test did to them."""
    places = [*PRODUCTS, ("generic", "all"), ("cuda", "all")]
    yield
    torch.set_float32_matmul_precision("highest")
    for place in places:
        torch._C._set_fp32_precision_setter(*place, "tf32" if place in {("cuda", "conv"), ("cuda", "rnn")} else "none")


def settings() -> dict[tuple[str, str], str]:
    return {place: torch._C._get_fp32_precision_getter(*place) for place in PRODUCTS}


@pytest.mark.parametrize("setting", SETTINGS)
def test_products_are_exact_unless_tf32_is_asked_for_on_cuda(setting: str, restored: None) -> None:
    SETTINGS[setting]()
    before = settings()
    for device, precision, expected in (
        ("cuda", "fp32", "ieee"),
        ("cuda", "bf16", "ieee"),
        ("cuda", "tf32", "tf32"),
        ("cpu", "tf32", "ieee"),
    ):
        with suppress(ZeroDivisionError), products(torch.device(device), precision):
            inside = settings()
            assert {name for place, name in inside.items() if place[0] == "cuda"} == {expected}
            assert {name for place, name in inside.items() if place[0] == "mkldnn"} == {"ieee"}
            raise ZeroDivisionError
        assert settings() == before


def test_what_was_inherited_is_inherited_again(restored: None) -> None:
    with products(torch.device("cuda"), "fp32"):
        pass
    assert torch.backends.cuda.matmul.fp32_precision == "none"
    torch.backends.fp32_precision = "tf32"
    assert torch.backends.cuda.matmul.fp32_precision == "tf32"
    with products(torch.device("cuda"), "fp32"):
        assert torch.backends.fp32_precision == "tf32"
    torch.backends.fp32_precision = "ieee"
    assert torch.backends.cuda.matmul.fp32_precision == torch.backends.mkldnn.matmul.fp32_precision == "ieee"


def test_a_cpu_computes_exactly_whatever_the_process_was_told(restored: None) -> None:
    one, other = torch.rand(2, 256, 256, generator=torch.Generator().manual_seed(0))
    exact = one @ other
    torch.set_float32_matmul_precision("medium")
    with products(torch.device("cpu"), "fp32"):
        assert torch.equal(one @ other, exact)


@pytest.mark.parametrize("engine", ["dense", "stacked"])
def test_engines_train_with_exact_products(
    engine: str, make_module: Callable[..., nn.Module], data: Dataset, restored: None
) -> None:
    torch.set_float32_matmul_precision("medium")
    before, inside = settings(), []
    fit(make_module(), data, engine=engine, steps=2, record_every=1, on_record=lambda _: inside.append(settings()))
    assert len(inside) == 3
    assert {name for here in inside for name in here.values()} == {"ieee"}
    assert settings() == before
