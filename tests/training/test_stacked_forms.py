"""The forms that a GPU computes in, checked on a CPU: against float64, against single convolutions, and for waits."""

from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from tombola.data.batches import Batches, Prepare
from tombola.data.dataset import Dataset
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training import Task, engines
from tombola.training.hold import BITS
from tombola.training.stacked import StackedEngine
from tombola.training.stacked import loop as loop_module
from tombola.training.stacked.choice import CANDIDATES, Shape, fastest, feasible
from tombola.training.stacked.convolution import FORMS, Geometry
from tombola.training.stacked.memory import stack_sizes
from tombola.training.stacked.precision import Precision

MakeData = Callable[..., Dataset]

TOLERANCE = 1e-4
"""Largest difference of a weight after 50 steps from the float64 dense engine; weights are of order 0.1 to 1.

The dense engine in float32 differs by up to half of that: Adam divides gradients near zero by little more than eps.
"""

RECIPES = {
    "sgd": {"optimiser": "sgd", "lr": 0.05, "weight_decay": 0.01},
    "nesterov": {"optimiser": "sgd", "lr": 0.02, "momentum": 0.9, "nesterov": True},
    "adam": {"optimiser": "adam", "lr": 0.005, "eps": 1e-3, "weight_decay": 0.01},
    "adamw": {"optimiser": "adamw", "lr": 0.005, "eps": 1e-3, "weight_decay": 0.1},
}
BODIES: dict[str, Callable[[], list[nn.Module]]] = {
    "linear": lambda: [nn.Flatten(), nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 5)],
    "conv": lambda: [nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Tanh(), *_head(64)],
    "strided": lambda: [nn.Conv2d(1, 4, (3, 2), (2, 1), (1, 0)), nn.Tanh(), nn.Conv2d(4, 6, 2, groups=2), *_head(48)],
    "batch norm": lambda: [nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), *_head(64)],
    "row norm": lambda: [nn.Flatten(), nn.Linear(36, 8, bias=False), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 5)],
    "max pool": lambda: [nn.Conv2d(1, 4, 3), nn.Tanh(), nn.MaxPool2d(2), *_head(16)],
    "average pool": lambda: [nn.Conv2d(1, 4, 3), nn.Tanh(), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), *_head(4)],
}
MASKS = {"dense": 1.0, "half": 0.5, "tenth": 0.1, "fiftieth": 0.02, "one survivor": -1.0, "dead layer": 0.0}
STACKS = [
    pytest.param(body, name, engine, marks=[pytest.mark.slow] if (b + r + e) % 2 else [])
    for b, body in enumerate(BODIES)
    for r, name in enumerate(RECIPES)
    for e, engine in enumerate(("separate", "together"))
]
"""Every stack is trained by every recipe, in one of the two ways; in the other one if there is time."""


def _head(inputs: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(inputs, 5)]


def make(body: str, seed: int) -> nn.Module:
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return nn.Sequential(*BODIES[body]())


def mask_of(module: nn.Module, kind: str) -> Mask | None:
    weights = {name: weight for name, weight in module.named_parameters() if weight.dim() > 1}
    generator = torch.Generator().manual_seed(5)
    keep = {
        name: torch.rand(weight.shape, generator=generator) < max(MASKS[kind], 0.5) for name, weight in weights.items()
    }
    first = next(iter(weights))
    if 0 < MASKS[kind] < 0.5:
        share = MASKS[kind]
        keep = {name: torch.rand(weight.shape, generator=generator) < share for name, weight in weights.items()}
    if MASKS[kind] <= 0:
        keep[first] = torch.zeros_like(keep[first])
        keep[first].view(-1)[3] = kind == "one survivor"
    return None if kind == "dense" else Mask(keep)


def tasks(body: str, double: bool = False) -> list[Task]:
    modules = [make(body, seed) for seed in range(len(MASKS))]
    masks = [mask_of(module, kind) for module, kind in zip(modules, MASKS, strict=True)]
    return [
        Task(module.double() if double else module, mask, replicate=number)
        for number, (module, mask) in enumerate(zip(modules, masks, strict=True))
    ]


@pytest.mark.parametrize(("body", "name", "engine"), STACKS)
def test_fifty_steps_agree_with_the_float64_dense_engine(body: str, name: str, engine: str, data: Dataset) -> None:
    train = TrainSpec.model_validate(RECIPES[name] | {"length": "50st", "batch_size": 50, "record_every": "25st"})
    wanted = engines["dense"].fit(tasks(body, double=True), data, train, "cpu")
    made = tasks(body)
    form = CANDIDATES[list(RECIPES).index(name)] if body != "strided" else "grouped"
    given = StackedEngine(arithmetic=engine, convolution=form, capture=True).fit(made, data, train, "cpu")
    for task, one, other in zip(made, wanted, given, strict=True):
        for key, weight in one.trained.items():
            torch.testing.assert_close(other.trained[key].double(), weight.double(), rtol=0, atol=TOLERANCE)
        for key, keep in (task.mask or {}).items():  # +0.0 in every bit: nothing was revived
            assert not other.trained[key].view(BITS[4])[~keep].any()
        assert other.records.early_stop() == one.records.early_stop()
        torch.testing.assert_close(
            torch.from_numpy(other.records.val_loss), torch.from_numpy(one.records.val_loss), rtol=0, atol=TOLERANCE
        )


GEOMETRIES = {
    "same": ((3, 3), Geometry(padding=(1, 1))),
    "valid": ((3, 3), Geometry()),
    "odd": ((3, 2), Geometry((2, 1), (1, 0), (1, 2))),
    "groups": ((3, 3), Geometry(groups=2)),
    "point": ((1, 1), Geometry()),
}


@pytest.mark.parametrize("wide", [False, True], ids=["by replicate", "by image"])
@pytest.mark.parametrize("bias", [False, True], ids=["plain", "bias"])
@pytest.mark.parametrize("case", GEOMETRIES)
@pytest.mark.parametrize("form", FORMS)
def test_forms_are_the_convolution_of_each(form: str, case: str, bias: bool, wide: bool) -> None:
    (height, width), geometry = GEOMETRIES[case]
    if form == "unfolded" and geometry.groups > 1:
        pytest.skip("takes no groups, and is not chosen for them")
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()

    x = draw(5, 3, 4, 7, 6).transpose(0, 1) if wide else draw(3, 5, 4, 7, 6)
    weight, shift = draw(3, 6, 4 // geometry.groups, height, width), draw(3, 6) if bias else None
    leaves = [leaf for leaf in (x, weight, shift) if leaf is not None]
    options = (geometry.stride, geometry.padding, geometry.dilation, geometry.groups)
    single = [F.conv2d(x[r], weight[r], None if shift is None else shift[r], *options) for r in range(3)]
    wanted = torch.stack(single)
    given = FORMS[form](x, weight, shift, geometry)
    toward = torch.randn(wanted.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(given, wanted)
    for one, other in zip(
        torch.autograd.grad(given, leaves, toward), torch.autograd.grad(wanted, leaves, toward), strict=True
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("training", [True, False])
def test_the_fastest_form_is_one_that_is_feasible(training: bool) -> None:
    precision = Precision(torch.device("cpu"), torch.float32, False)
    plain = Shape((2, 3, 4, 6, 6), (2, 4, 4, 3, 3), True, Geometry(), precision, training)
    assert fastest(plain) in CANDIDATES
    assert fastest(plain) == fastest(plain)
    groups = Shape((2, 3, 4, 6, 6), (2, 4, 2, 3, 3), True, Geometry(groups=2), precision, training)
    assert not feasible("unfolded", groups)
    assert not feasible("unfolded", Shape((64, 512, 64, 64, 64), (64, 64, 64, 3, 3), True, Geometry(), precision))


class Waits(TorchDispatchMode):
    """Raises at what makes the CPU wait for a GPU: values, or shapes that depend on values."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        name = func.overloadpacket.__name__
        if name in {"_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "item", "_unique2"}:
            raise AssertionError(f"{name} waits for the device")
        return func(*args, **kwargs or {})


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Let no step of the stacked engine wait; yield a list that grows by every step."""
    steps: list[int] = []
    step = loop_module.StackTraining._step

    def watch(self: loop_module.StackTraining) -> None:
        update = self.update.step
        with Waits():
            # a fused optimiser on a CPU reads its rate tensor there; on CUDA it is read by the kernel
            self.update.step = lambda: None  # type: ignore[method-assign]
            step(self)
        self.update.step = update  # type: ignore[method-assign]
        update()
        steps.append(1)

    monkeypatch.setattr(loop_module.StackTraining, "_step", watch)
    return steps


@pytest.mark.parametrize("body", ["linear", "conv", "batch norm"])
def test_steps_never_wait_for_the_device(body: str, watched: list[int], make_data: MakeData) -> None:
    data = make_data(augment=("flip", "crop:2"))
    train = TrainSpec.model_validate({"length": "20st", "batch_size": 50, "record_every": "10st"})
    StackedEngine(arithmetic="together", convolution="grouped", capture=True).fit(tasks(body), data, train, "cpu")
    assert len(watched) == 20 + 3  # the runs before capture


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adam"])
def test_capture_leaves_no_trace(optimiser: str, data: Dataset) -> None:
    """The runs before it are taken back: weights, statistics, momentum, order, losses."""
    recipe = RECIPES["adam"] if optimiser == "adam" else RECIPES["nesterov" if optimiser == "momentum" else "sgd"]
    # 1 / 32 and its multiples are exact in float32, which the table of rates holds
    train = TrainSpec.model_validate(recipe | {"lr": 0.03125, "length": "9st", "batch_size": 50, "record_every": "3st"})
    plain, captured = (
        StackedEngine(capture=capture).fit(tasks("batch norm"), data, train, "cpu") for capture in (None, True)
    )
    for one, other in zip(plain, captured, strict=True):
        for key, weight in one.trained.items():
            torch.testing.assert_close(other.trained[key], weight, rtol=0, atol=1e-6)
        torch.testing.assert_close(*(torch.from_numpy(r.records.train_loss) for r in (one, other)), equal_nan=True)


@pytest.mark.parametrize("window", [1, 3000, 2**26])
def test_windows_hold_whole_epochs_and_do_not_matter(
    window: int, monkeypatch: pytest.MonkeyPatch, make_data: MakeData
) -> None:
    data = make_data(augment=("crop:2",))
    monkeypatch.setattr("tombola.training.stacked.batches.WINDOW", window)
    train = TrainSpec.model_validate({"length": "30st", "batch_size": 50, "record_every": "10st"})
    wanted = engines["dense"].fit([Task(make("linear", 0), start_step=7)], data, train, "cpu")
    given = StackedEngine().fit([Task(make("linear", 0), start_step=7)], data, train, "cpu")
    assert all(torch.equal(given[0].trained[name], value) for name, value in wanted[0].trained.items())


def test_stacked_batches_are_those_of_each_replicate(make_data: MakeData) -> None:
    from tombola.training.stacked.batches import StackedBatches

    data, cpu = make_data(augment=("flip", "crop:1")), torch.device("cpu")
    prepare = Prepare(data.normalisation, cpu)
    members = [Task(nn.Identity(), seed=seed, replicate=replicate) for seed, replicate in ((0, 0), (0, 1), (4, 0))]
    stacked = StackedBatches(members, data, data.train, 50, (3, 14), prepare)
    singles = [
        Batches(data, 50, seed=task.seed, replicate=task.replicate, prepare=prepare, device=cpu).from_step(3)
        for task in members
    ]
    end = 0
    for step in range(3, 14):
        if step >= end:
            end = stacked.load(step) + stacked.window
        images, labels = stacked.take()
        for single, own, truth in zip(singles, images.chunk(3), labels, strict=True):
            wanted_images, wanted_labels = next(single)
            assert torch.equal(own, wanted_images)
            assert torch.equal(truth, wanted_labels)


def test_stack_sizes() -> None:
    assert stack_sizes(10, 100, 50, 500) == [4, 3, 3]
    assert stack_sizes(4, 100, 50, 450) == [4]
    assert stack_sizes(3, 100, 500, 50) == [1, 1, 1]
