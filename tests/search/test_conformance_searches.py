"""Every registered search, unasked: exact counts, frozen weights, equal bits, no trace left."""

from collections.abc import Callable

import pytest
import torch

from tombola.networks import capture
from tombola.networks.state import restore
from tombola.pruning import Mask
from tombola.search import SearchResult, SearchTask, searches
from tombola.training.evaluate import evaluate

MakeTask = Callable[..., SearchTask]
NETWORKS = ("linear", "norm")


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        one[name].numpy().tobytes() == other[name].numpy().tobytes() for name in one
    )


@pytest.fixture(params=[(search, network) for search in searches for network in NETWORKS], ids=" ".join)
def found(request: pytest.FixtureRequest, make_task: MakeTask) -> tuple[str, SearchTask, dict, SearchResult]:
    name, network = request.param
    task = make_task(network)
    before = capture(task.module)
    return name, task, before, searches[name](task)


def test_the_mask_keeps_exactly_what_was_asked_for(found: tuple) -> None:
    _, task, _, result = found
    assert result.mask.count == task.keep
    assert result.mask.shapes() == {layer.name: layer.shape for layer in task.layers}
    assert list(result.mask) == [layer.name for layer in task.layers]
    assert result.found["target_density"] == task.keep / task.size


def test_weights_and_biases_stay_bit_for_bit(found: tuple) -> None:
    _, task, before, result = found
    parameters = {name for name, _ in task.module.named_parameters()}
    for state in (result.state, capture(task.module)):
        assert state.keys() == before.keys()
        assert same({name: state[name] for name in parameters}, {name: before[name] for name in parameters})


def test_running_statistics_follow_the_search(found: tuple) -> None:
    _, task, before, result = found
    for name, value in result.state.items():
        if name.endswith("num_batches_tracked"):
            assert int(value) == task.steps
        elif "running" in name:
            assert torch.isfinite(value).all()
            assert not torch.equal(value, before[name])
            assert "var" not in name or (value > 0).all()


def test_no_trace_is_left_on_the_network(found: tuple) -> None:
    _, task, _, _ = found
    assert all(parameter.grad is None and parameter.requires_grad for parameter in task.module.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in task.module.modules())
    assert not any("parametri" in type(module).__name__.lower() for module in task.module.modules())


def test_scores_are_finite_and_have_moved(found: tuple, make_task: MakeTask) -> None:
    name, _, _, result = found
    assert {layer: score.shape for layer, score in result.scores.items()} == result.mask.shapes()
    assert all(torch.isfinite(score).all() for score in result.scores.values())
    still = searches[name](make_task("norm" if "conv.0.weight" in result.mask else "linear", lr=1e-30))
    assert not same(result.scores, still.scores)


def test_rows_tell_every_epoch(found: tuple) -> None:
    _, task, _, result = found
    assert [row["step"] for row in result.rows] == [0, 21, 42, 63] == list(range(0, task.steps + 1, task.per_epoch))
    assert all(0 <= row[name] <= 1 for row in result.rows for name in row if "accuracy" in name and row["step"])
    last = result.rows[-1]
    assert abs(last["val_accuracy_rounded"] - accuracy(task, result, "validation")) < 1e-9
    assert abs(last["test_accuracy"] - accuracy(task, result, "test")) < 1e-9


def accuracy(task: SearchTask, result: SearchResult, part: str) -> float:
    """What the searched network achieves without training: that of the record at step 0."""
    restore(task.module, result.state)
    result.mask.apply_(task.module)
    return evaluate(task.module, task.data, part, device="cpu").accuracy


@pytest.mark.parametrize("name", searches)
def test_equal_tasks_give_equal_bits_and_others_do_not(name: str, make_task: MakeTask) -> None:
    first, second = searches[name](make_task("norm")), searches[name](make_task("norm"))
    assert first.mask == second.mask
    assert same(first.scores, second.scores)
    assert same(first.state, second.state)
    assert str(first.rows) == str(second.rows)
    for other in ({"seed": 1}, {"replicate": 1}, {"level": 2}):
        assert not same(first.scores, searches[name](make_task("norm", **other)).scores), other


@pytest.mark.parametrize("name", searches)
def test_the_global_random_state_is_neither_read_nor_changed(name: str, make_task: MakeTask) -> None:
    torch.manual_seed(1)
    first = searches[name](make_task())
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second = searches[name](make_task())
    assert torch.equal(torch.get_rng_state(), before)
    assert same(first.scores, second.scores)


@pytest.mark.parametrize("name", searches)
def test_threads_and_mode_are_given_back(name: str, make_task: MakeTask) -> None:
    task = make_task("norm", threads=2, length="2st")
    task.module.eval()
    before = torch.get_num_threads()
    searches[name](task)
    assert torch.get_num_threads() == before
    assert not any(module.training for module in task.module.modules())


@pytest.mark.parametrize("name", searches)
def test_progress_is_told_and_an_interruption_leaves_the_network_whole(name: str, make_task: MakeTask) -> None:
    heard: list[tuple[str, int, int]] = []

    def tell(what: str, done: int, total: int) -> None:
        heard.append((what, done, total))
        if done > 30:
            raise KeyboardInterrupt

    task = make_task("norm", tell=tell)
    before, state = torch.get_rng_state(), capture(task.module)
    with pytest.raises(KeyboardInterrupt):
        searches[name](task)
    assert heard[-1] == ("search", 31, 63)
    assert torch.equal(torch.get_rng_state(), before)
    own = {layer: state[layer] for layer in result_layers(task)}
    assert same({layer: capture(task.module)[layer] for layer in own}, own)
    assert all(parameter.grad is None for parameter in task.module.parameters())


def result_layers(task: SearchTask) -> list[str]:
    return [layer.name for layer in task.layers]


@pytest.mark.parametrize("name", searches)
def test_the_mask_stays_within_the_prunable_set(name: str, make_task: MakeTask) -> None:
    task = make_task("norm")
    hidden = task.layers[:2]
    only = SearchTask(
        *(task.module, hidden, 40, task.data, task.train, task.search),
        device="cpu",
    )
    result = searches[name](only)
    assert set(result.mask) == {layer.name for layer in hidden}
    assert result.mask.count == 40


@pytest.mark.parametrize("name", searches)
@pytest.mark.parametrize("keep", [1, "all"])
def test_extremes(name: str, keep: int | str, make_task: MakeTask) -> None:
    task = make_task(length="1ep")
    count = task.size if keep == "all" else 1
    result = searches[name](
        SearchTask(*(task.module, task.layers, count, task.data, task.train, task.search), device="cpu")
    )
    assert result.mask.count == count
    assert keep != "all" or result.mask == Mask.dense(task.layers)


def test_residual_networks_with_frozen_parts(make_task: MakeTask) -> None:
    task = make_task("residual", length="4st", keep=0.1)
    before = capture(task.module)
    for name in ("gem-miner", "edge-popup"):
        result = searches[name](task)
        assert result.mask.count == task.keep
        assert task.size == 268_336 - 2 * 144  # one channel instead of three
        assert all(
            torch.equal(result.state[part], before[part])
            for part in before
            if "running" not in part and "num" not in part
        )
        assert not any("shortcut" in layer for layer in result.mask)
