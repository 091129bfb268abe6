from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch.func import functional_call

from tombola.data.batches import Batches, Prepare
from tombola.networks import capture
from tombola.search import SearchTask, searches
from tombola.search.arena import Arena
from tombola.search.edge_popup import EdgePopup

MakeTask = Callable[..., SearchTask]


def test_layers_keep_the_same_share(make_task: MakeTask) -> None:
    # field 2.7: the top share of every layer
    result = searches["edge-popup"](make_task(keep=0.3))
    assert result.mask.remaining() == {"linear.0.weight": 461, "linear.2.weight": 115, "output.weight": 48}
    for name, keep in result.mask.items():
        magnitudes = result.scores[name].abs()
        assert magnitudes[keep].min() >= magnitudes[~keep].max()


def test_global_scope_ranks_all_layers_together(make_task: MakeTask) -> None:
    result = searches["edge-popup"](make_task(keep=0.3, scope="global", lr=1.0))
    flat = torch.cat([score.abs().flatten() for score in result.scores.values()])
    on = torch.cat([result.mask[name].flatten() for name in result.mask])
    assert flat[on].min() >= flat[~on].max()
    shares = [
        count / size for count, size in zip(result.mask.remaining().values(), result.mask.sizes().values(), strict=True)
    ]
    assert max(shares) - min(shares) > 0.05


def test_global_iterative_falls_in_steps_to_the_target(make_task: MakeTask) -> None:
    # sparse_analysis 4.3: 1 - (1 - p)^floor((t + 1) / period) is pruned in epoch t
    task = make_task(keep=0.25, scope="global-iterative", length="6ep", period="2ep")
    method = EdgePopup(task, Arena(task.module, task.layers))
    kept = [method.kept_at(epoch * task.per_epoch + 3) for epoch in range(6)]
    exponents = [(epoch + 1) // 2 for epoch in range(6)]
    assert kept == [max(task.keep, round(task.size * task.target ** (n / 3))) for n in exponents]
    assert kept[0] == task.size
    assert kept[-1] == task.keep
    result = searches["edge-popup"](task)
    assert [row["effective_density"] for row in result.rows][-1] == task.target
    assert result.mask.count == task.keep


def test_one_step_is_the_straight_through_step(make_task: MakeTask) -> None:
    """Against the definition: scores change by -lr * dL/dmask * sign(score), masked or not."""
    task = make_task(length="1st", lr=0.5, momentum=0.0, schedule="constant")
    module, arena = task.module, Arena(task.module, task.layers)
    EdgePopup(task, arena).choose(0)
    masks = {name: part.clone().requires_grad_() for name, part in arena.split(arena.mask).items()}
    cpu = torch.device("cpu")
    batches = Batches(task.data, 60, seed=0, replicate=0, prepare=Prepare(task.data.normalisation, cpu), device=cpu)
    images, labels = next(batches.from_step(0))
    state = capture(module)
    outputs = functional_call(module, state | {name: state[name] * mask for name, mask in masks.items()}, (images,))
    F.cross_entropy(outputs, labels).backward()
    result = searches["edge-popup"](task)
    for name, before in arena.split(arena.scores.detach()).items():
        expected = before - 0.5 * masks[name].grad * before.sign()
        assert torch.allclose(result.scores[name], expected, atol=1e-7), name
        off = ~result.mask[name]
        assert (result.scores[name] != before)[off].float().mean() > 0.2, "masked scores learn, too"


def test_scale_fan_divides_by_the_root_of_the_density(make_task: MakeTask) -> None:
    # sparse_analysis 4.3: fan * density
    plain, scaled = (searches["edge-popup"](make_task(keep=0.25, scale_fan=flag)) for flag in (False, True))
    assert plain.weights == {}
    for name in plain.mask:
        assert torch.allclose(scaled.state[name], plain.state[name] * 2, rtol=1e-6)
    assert torch.equal(scaled.state["output.bias"], plain.state["output.bias"])


def test_learning(make_task: MakeTask) -> None:
    result = searches["edge-popup"](make_task(keep=0.5, length="30ep", lr=1.0))
    assert result.rows[-1]["val_accuracy"] > 0.8 > 0.3 > result.rows[0]["val_accuracy"]


@pytest.mark.parametrize("field", [{"rounding": "threshold"}, {"balance": False}, {"noise": 0.1}])
def test_what_means_nothing_is_refused(field: dict[str, object], make_task: MakeTask) -> None:
    reason = searches["edge-popup"].why_not(make_task(**field).search)
    assert reason is not None
    assert next(iter(field)) in reason
