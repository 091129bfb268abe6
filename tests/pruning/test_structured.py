"""N:M and channel pruning: what single weights cannot show."""

from dataclasses import replace

import pytest
import torch

from tombola.errors import TombolaError
from tombola.networks import build, capture, initialise, layer_graph, prunable_layers
from tombola.pruning import Mask, allocations, compact_network, find_paths, planned_remaining, prune, prune_round
from tombola.specs import NetworkSpec, PruneSpec

SHAPE = (4, 8, 8)
NETWORK = NetworkSpec(family="conv", conv=("8B", "M", "12", "G"), linear=("16",))


@pytest.fixture
def module():
    made = build(NETWORK, SHAPE, 4)
    initialise(made, NETWORK, torch.Generator().manual_seed(0))
    return made


def fits(allocation, network=NETWORK, shape=SHAPE, select=("all",), **fields):
    made = build(network, shape, 4, device="meta")
    spec = PruneSpec(procedure="gradual", allocation=allocation, **fields)
    return allocations[allocation].fits(made, shape, prunable_layers(made, select), spec)


@pytest.mark.parametrize(("rates", "left"), [("2", [2]), ("2 4", [2, 1]), ("1.3333333333333333", [3])])
def test_every_group_of_inputs_keeps_the_same_number(module, make_context, rates, left):
    spec = PruneSpec(procedure="gradual", allocation="nm", rates=rates)
    assert fits("nm", rates=rates) is None
    mask = Mask.dense(prunable_layers(module))
    for plan, n in zip(planned_remaining(prunable_layers(module), spec)[1:], left, strict=True):
        before, mask = mask, prune_round(make_context(module, mask), spec, plan)
        assert mask.is_within(before)
        assert mask.density == n / 4
        for name, keep in mask.items():
            groups = keep.movedim(1, -1).reshape(-1, 4)
            assert bool((groups.sum(1) == n).all()), name
            scores = module.state_dict()[name].abs().movedim(1, -1).reshape(-1, 4)
            kept = torch.where(groups, scores, torch.inf).amin(1)
            gone = torch.where(~groups & before[name].movedim(1, -1).reshape(-1, 4), scores, -1.0).amax(1)
            assert bool((kept >= gone).all())


def test_groups_run_along_inputs_not_kernels(module):
    keep = prune(module, density=0.5, allocation="nm", select=("conv",))["conv.4.weight"]
    assert tuple(keep.shape) == (12, 8, 3, 3)
    assert bool((keep[:, :4].sum(1) == 2).all())
    assert bool((keep[:, 4:].sum(1) == 2).all())
    assert not bool((keep.sum((2, 3)) == 4.5).all())


@pytest.mark.parametrize("ties", ["index", "seeded"])
def test_ties_within_groups_go_by_the_rule(module, ties):
    with torch.no_grad():
        module.conv[0].weight.fill_(1)
    keep = prune(module, density=0.5, allocation="nm", ties=ties)["conv.0.weight"]
    last_two = torch.tensor([False, False, True, True]).view(1, 4, 1, 1).expand_as(keep)
    assert torch.equal(keep, last_two) == (ties == "index")
    assert bool((keep.sum(1) == 2).all())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rates": "3"}, r"groups of 4 cannot give a compression rate of 3; they give 1.33333 \(3:4\), 2 \(2:4\), 4"),
        ({"rates": "2 8"}, "compression rate of 8"),
        ({"densities": "0.3"}, "compression rate of 3.33"),
        ({"levels": 2}, "density follows from N:4"),
        ({"rates": "2", "group": 3}, "'conv.0.weight' has 4 inputs, which groups of prune.group = 3 do not divide"),
    ],
)
def test_rates_that_n_of_m_cannot_give_are_refused(fields, said):
    assert said.replace("\\", "") in fits("nm", **fields)
    assert (
        fits("nm", rates="8", group=8, select=("linear",), network=NetworkSpec(conv=("8", "G"), linear=("16",))) is None
    )


def test_whole_channels_go_by_their_summed_score(module, make_context):
    spec = PruneSpec(procedure="gradual", allocation="channel", rates="2 6")
    layers = prunable_layers(module)
    masks = [Mask.dense(layers)]
    for plan, left in zip(planned_remaining(layers, spec)[1:], ([4, 6, 8], [1, 2, 3]), strict=True):
        mask = prune_round(make_context(module, masks[-1]), spec, plan)
        assert mask.is_within(masks[-1])
        masks.append(mask)
        for name, number in zip(("conv.0.weight", "conv.4.weight", "linear.0.weight"), left, strict=True):
            rows, sums = mask[name].flatten(1), module.state_dict()[name].abs().double().flatten(1).sum(1)
            assert torch.equal(rows.any(1), rows.all(1)), "whole channels"
            assert int(rows.any(1).sum()) == number
            assert float(sums[rows.any(1)].min()) >= float(sums[~rows.any(1)].max())
        assert bool(mask["output.weight"].all()), "its units are the classes"


def test_what_reads_removed_channels_is_dead_too(module):
    mask = prune(module, density=0.5, allocation="channel")
    on_paths = find_paths(layer_graph(module, SHAPE), mask).mask
    removed = ~mask["conv.0.weight"].flatten(1).any(1)
    assert not on_paths["conv.4.weight"][:, removed].any()
    assert on_paths.count < mask.count


def test_a_network_without_channels_compacts_to_a_smaller_one_of_the_same_function(module):
    """The promise of structured pruning."""
    mask = prune(module, density=0.4, allocation="channel")
    state = capture(module)
    mask.apply_(state)
    module.load_state_dict(state)
    small = compact_network(module.eval(), SHAPE, mask).module
    images = torch.rand(5, *SHAPE, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(small.eval()(images), module(images), rtol=1e-4, atol=1e-5)
    assert sum(p.numel() for p in small.parameters()) < sum(p.numel() for p in module.parameters()) / 1.5


def test_channels_of_residual_sums_are_refused_with_a_way_out():
    resnet = NetworkSpec(architecture="resnet20")
    said = fits("channel", resnet, (3, 32, 32), rates="2")
    assert all(text in said for text in ("'conv.weight'", "residual connection", "network.prunable"))
    assert fits("channel", resnet, (3, 32, 32), select=("*.conv1.weight",), rates="2") is None
    assert fits("channel", rates="2") is None
    vit = NetworkSpec(architecture="vit-tiny")
    assert "cannot be told" in fits("channel", vit, (3, 32, 32), rates="2")
    assert fits("nm", vit, (3, 32, 32), select=("linear",), rates="2") is None


def test_parts_of_channels_are_no_channels(module, make_context):
    partial = prune(module, density=0.5, allocation="layerwise")
    spec = PruneSpec(allocation="channel", levels=1)
    with pytest.raises(TombolaError, match=r"no whole number of units|parts of channels"):
        prune_round(make_context(module, partial), spec)


def test_random_scores_draw_units(module, make_context):
    spec = PruneSpec(procedure="gradual", allocation="channel", rates="2", score="random")
    plan = planned_remaining(prunable_layers(module), spec)[1]
    masks = [prune_round(replace(make_context(module, seed=seed)), spec, plan) for seed in (1, 2)]
    assert masks[0] != masks[1]
    assert masks[0].remaining() == masks[1].remaining()
