from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import tombola
from tombola.data.batches import Prepare
from tombola.data.dataset import Dataset, Part
from tombola.data.normalisation import Normalisation
from tombola.errors import TombolaError
from tombola.training import Evaluation, Evaluator, fit
from tombola.training import evaluate as evaluate_file

CPU = torch.device("cpu")


def evaluator(data: Dataset, part: Part, **options: int) -> Evaluator:
    return Evaluator(data, part, Prepare(data.normalisation, CPU), CPU, **options)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of 8 samples, so that 70 samples end in a partial one."""
    monkeypatch.setattr(evaluate_file, "PIXELS", {"cpu": 1})


@pytest.mark.usefixtures("small_batches")
def test_last_partial_batch_weighs_as_much_as_it_holds(data: Dataset, make_module: Callable[..., nn.Module]) -> None:
    module = make_module().double().eval()
    part = data.validation
    assert len(part) % 8
    images = (part.images.double() / 255 - 0.5) / 0.25
    with torch.no_grad():
        outputs = module(images)
    naive = F.cross_entropy(outputs, part.labels).item()
    batch_mean = torch.stack(
        [F.cross_entropy(o, y) for o, y in zip(outputs.split(8), part.labels.split(8), strict=True)]
    )
    measured = evaluator(data, part)(module.float())
    assert measured.loss == pytest.approx(naive, rel=1e-6)
    assert measured.loss != pytest.approx(batch_mean.mean().item(), rel=1e-4)
    assert measured.accuracy == (outputs.argmax(1) == part.labels).double().mean().item()


def test_batch_size_does_not_matter(
    data: Dataset, make_module: Callable[..., nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, whole = make_module(), evaluator(data, data.test)
    monkeypatch.setattr(evaluate_file, "PIXELS", {"cpu": 36 * 16})
    parts = evaluator(data, data.test)
    assert (whole.batch_size, parts.batch_size) == (2**20 // 36, 16)
    assert parts(module).loss == pytest.approx(whole(module).loss, rel=1e-6)
    assert parts(module).accuracy == whole(module).accuracy


def test_accuracy_vector_of_playground_5_8(make_data: Callable[..., Dataset]) -> None:
    images = torch.tensor([[2, 2, 2, 2], [2, 2, 0, 0], [0, 0, 2, 2]], dtype=torch.uint8).view(3, 1, 2, 2)
    module = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with torch.no_grad():
        module[1].weight.copy_(torch.tensor([[0.5, 0.5, 0.1, 0.1], [0.4, 0.4, 0.2, 0.2]]))
        module[1].bias.zero_()
    raw = make_data(shape=(1, 2, 2), normalisation=Normalisation("raw", (0.0,), (1 / 255,)))
    two = Dataset("two", ("0", "1"), raw.train, raw.validation, raw.test, raw.normalisation, (), raw.split)
    assert evaluator(two, Part(images, torch.tensor([0, 0, 1])))(module).accuracy == 1
    assert evaluator(two, Part(images, torch.tensor([1, 0, 0])))(module).accuracy == pytest.approx(1 / 3)


def test_evaluates_in_eval_mode_and_gives_every_part_its_mode_back(data: Dataset) -> None:
    module = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(36), nn.Dropout(0.5), nn.Linear(36, 5)).train()
    module[1].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    measure = evaluator(data, data.validation)
    first, second = measure(module), measure(module)
    assert first == second == Evaluation(first.loss, first.accuracy)
    assert [part.training for part in module] == [True, False, True, True]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_outputs_carry_no_gradient(data: Dataset) -> None:
    class Watched(nn.Linear):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            outputs = super().forward(images.flatten(1))
            assert outputs.is_inference()
            return outputs

    evaluator(data, data.test)(Watched(36, 5))


def test_nan_outputs_give_a_nan_loss(data: Dataset, make_module: Callable[..., nn.Module]) -> None:
    module = make_module()
    nn.init.constant_(module[3].bias, float("nan"))
    assert evaluator(data, data.test)(module).loss != evaluator(data, data.test)(module).loss


@pytest.mark.parametrize("module", [nn.Sequential(nn.Flatten(), nn.Linear(36, 4)), nn.Identity()])
def test_outputs_that_are_no_class_scores_are_refused(data: Dataset, module: nn.Module) -> None:
    with pytest.raises(TombolaError, match=r"the network returns shape \[.*5 classes"):
        evaluator(data, data.test)(module)


@pytest.mark.usefixtures("small_batches")
def test_batch_mean_weighs_the_incomplete_batch_like_any_other(
    data: Dataset, make_module: Callable[..., nn.Module]
) -> None:
    # playground.md B9: of 5,000 samples in batches of 60, the last 20 weigh three times as much
    module = make_module().eval()
    part = data.validation
    with torch.no_grad():
        outputs = module((part.images.float() / 255 - 0.5) / 0.25)
    for batch in (7, 30, 60, 70, 100):
        pairs = zip(outputs.split(batch), part.labels.split(batch), strict=True)
        wanted = torch.stack([F.cross_entropy(o, y) for o, y in pairs]).mean().item()
        measured = evaluator(data, part, batch=batch)(module)
        assert measured.loss == pytest.approx(wanted, rel=1e-6)
        assert measured.accuracy == evaluator(data, part)(module).accuracy
    assert evaluator(data, part, batch=30)(module).loss != pytest.approx(evaluator(data, part)(module).loss, rel=1e-4)


def test_validation_loss_is_what_the_recipe_says(data: Dataset, make_module: Callable[..., nn.Module]) -> None:
    short = {"steps": 2, "record_every": 1, "batch_size": 60}
    legacy = fit(make_module(), data, validation_loss="batch-mean", **short).records
    plain = fit(make_module(), data, **short).records
    assert (legacy.val_loss != plain.val_loss).all()
    assert (legacy.val_accuracy == plain.val_accuracy).all()
    assert (legacy.train_loss[1:] == plain.train_loss[1:]).all()
    for engine in ("sparse", "stacked"):
        with pytest.raises(TombolaError, match="averages the validation loss over samples"):
            fit(make_module(), data, engine=engine, validation_loss="batch-mean", **short)


def test_a_network_is_evaluated_in_one_call(data: Dataset, make_module: Callable[..., nn.Module]) -> None:
    module = make_module("conv").train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    result = fit(module, data, steps=3, record_every=1, test_curve=True)
    for part, name in (("test", "test_accuracy"), ("validation", "val_accuracy")):
        assert tombola.evaluate(module, data, part).accuracy == getattr(result.records, name)[-1]
    assert 0 < tombola.evaluate(module, data, "train").loss < 5
    assert module.training
    module.load_state_dict(before)
    assert tombola.evaluate(module, data).accuracy == result.records.test_accuracy[0]
    with pytest.raises(TombolaError, match=r"part = 'val': toy has train, validation, test; choose one"):
        tombola.evaluate(module, data, "val")  # type: ignore[arg-type]
