"""SNIP and GraSP against finite differences, on networks of every kind: what they claim to be, to second order."""

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

from tombola.networks import build, capture, initialise, prunable_layers
from tombola.pruning import Mask, ScoreContext, prune, score_weights
from tombola.pruning.grasp import TEMPERATURE
from tombola.specs import NetworkSpec

SHAPE = (1, 8, 8)
NETWORKS = {
    "plan": NetworkSpec(family="conv", conv=("3B", "M", "4"), linear=("6",)),
    "tanh": NetworkSpec(family="lenet", linear=("7", "5")),
    "fc": NetworkSpec(architecture="fc"),
    "fc-gem": NetworkSpec(architecture="fc-gem"),
    "resnet20": NetworkSpec(architecture="resnet20"),
    "resnet20-gem": NetworkSpec(architecture="resnet20-gem"),
    "resnet20-pad": NetworkSpec(architecture="resnet20-pad"),
}


class Tokens(nn.Module):
    """Attention and group norm."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Conv2d(1, 4, 4, 4)
        self.norm = nn.GroupNorm(2, 4)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.output = nn.Linear(4, 3)

    def forward(self, images):
        tokens = self.norm(self.embed(images)).flatten(2).transpose(1, 2)
        return self.output(self.attention(tokens, tokens, tokens, need_weights=False)[0].mean(1))


def network(name, seed):
    """A network in double precision whose statistics and scales are no longer trivial."""
    if name == "attention":
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            module = Tokens()
    else:
        module = build(NETWORKS[name], SHAPE, 3)
        initialise(module, NETWORKS[name], torch.Generator().manual_seed(seed))
    draw = torch.Generator().manual_seed(seed + 1)
    module = module.double()
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor += 0.05 * torch.rand(tensor.shape, generator=draw, dtype=torch.float64)
    return module.eval()


def batches_of(seed):
    draw = torch.Generator().manual_seed(seed)
    images = torch.randn(7, *SHAPE, generator=draw, dtype=torch.float64)
    return [(images[:4], torch.arange(4) % 3), (images[4:], torch.arange(3))]


def context_of(module, mask, batches):
    layers, state = prunable_layers(module), capture(module)
    return ScoreContext(
        *(layers, mask, state, state, torch.Generator(), lambda: deepcopy(module), lambda: batches),
    )


def loss_of(module, weights, batches, temperature=1.0):
    """The mean loss over all images, as a plain function of the weights."""
    images, labels = (torch.cat(parts) for parts in zip(*batches, strict=True))
    return F.cross_entropy(functional_call(module, weights, (images,)) / temperature, labels)


CASES = pytest.mark.parametrize(
    ("name", "seed"), [(name, seed) for name in (*NETWORKS, "attention") for seed in (0, 1)]
)


def setting(name, seed):
    module, batches = network(name, seed), batches_of(seed)
    mask = prune(module, density=0.6, score="random", seed=seed)
    mask.apply_(module)
    weights = {
        layer.name: dict(module.named_parameters())[layer.name].detach().clone() for layer in prunable_layers(module)
    }
    return module, batches, mask, weights


@CASES
def test_snip_is_the_derivative_of_the_loss_in_the_mask(name, seed):
    """Acceptance: finite differences in m at m = 1, of random survivors of every layer."""
    module, batches, mask, weights = setting(name, seed)
    found = score_weights("snip", context_of(module, mask, batches))
    draw, step = torch.Generator().manual_seed(seed), 1e-5
    ratios, largest = [], max(float(value.max()) for value in found.values())
    for layer, value in found.items():
        survivors = mask[layer].flatten().nonzero().squeeze(1)
        for place in survivors[torch.randperm(len(survivors), generator=draw)[:2]].tolist():
            losses = []
            for sign in (1, -1):
                moved = weights | {layer: weights[layer].clone()}
                moved[layer].view(-1)[place] *= 1 + sign * step
                losses.append(float(loss_of(module, moved, batches).detach()))
            difference, score = abs(losses[0] - losses[1]) / (2 * step), float(value.flatten()[place])
            if score > 1e-3 * largest:
                ratios.append(difference / score)
    assert len(ratios) > 3
    assert ratios == pytest.approx([ratios[0]] * len(ratios), rel=2e-3)
    assert sum(float(value.sum()) for value in found.values()) == pytest.approx(1)
    assert all(not value[~mask[layer]].any() for layer, value in found.items())


@CASES
def test_grasp_is_a_hessian_vector_product(name, seed):
    """Acceptance: Hg by a central difference of gradients along g, in double precision."""
    module, batches, mask, weights = setting(name, seed)
    found = score_weights("grasp", context_of(module, mask, batches))

    def gradient(at):
        leaves = {layer: value.clone().requires_grad_() for layer, value in at.items()}
        loss = loss_of(module, leaves, batches, TEMPERATURE)
        return dict(zip(at, torch.autograd.grad(loss, list(leaves.values())), strict=True))

    g = gradient(weights)
    length = sum(float(value.square().sum()) for value in g.values()) ** 0.5
    step = 1e-6 / length
    above, below = (gradient({k: v + sign * step * g[k] for k, v in weights.items()}) for sign in (1, -1))
    products = {k: v * (above[k] - below[k]) / (2 * step) for k, v in weights.items()}
    total = abs(sum(float(value.sum()) for value in products.values())) + 1e-10
    largest = max(float(value.abs().max()) for value in products.values())
    for layer, value in products.items():
        assert torch.allclose(found[layer], value / total, rtol=1e-3, atol=1e-4 * largest / total)


@pytest.mark.parametrize("score", ["snip", "grasp"])
def test_how_images_are_dealt_into_batches_changes_nothing(score):
    module, batches = network("plan", 0), batches_of(0)
    whole = [tuple(torch.cat(parts) for parts in zip(*batches, strict=True))]
    mask = Mask.dense(prunable_layers(module))
    one, two = (score_weights(score, context_of(module, mask, given)) for given in (whole, batches))
    assert all(torch.allclose(one[layer], two[layer], rtol=1e-9, atol=1e-15) for layer in one)


@pytest.mark.parametrize("score", ["snip", "grasp", "synflow", "synflow-float32", "synflow-rescaled"])
def test_scoring_in_training_mode_leaves_statistics_gradients_and_random_state(score):
    """Defect D12, where it is easiest to have: batch statistics, dropout."""
    spec = NetworkSpec(family="conv", conv=("3B", "M"), linear=("6",), dropout=0.5)
    module = build(spec, SHAPE, 3)
    initialise(module, spec, torch.Generator().manual_seed(0))
    context = context_of(module.train(), Mask.dense(prunable_layers(module)), batches_of(0))
    scored, random = context.module, torch.get_rng_state()
    before = capture(scored)
    first = score_weights(score, context)
    assert all(torch.equal(value, before[name]) for name, value in capture(scored).items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in scored.parameters())
    assert all(part.training for part in scored.modules())
    assert torch.equal(torch.get_rng_state(), random)
    again = score_weights(score, context)  # dropout is off: another draw changes nothing
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_the_mode_reaches_normalisation():
    module, batches = network("plan", 0), batches_of(0)
    mask = Mask.dense(prunable_layers(module))
    evaluated = score_weights("snip", context_of(module, mask, batches))
    trained = score_weights("snip", context_of(module.train(), mask, batches))
    assert not torch.allclose(evaluated["conv.0.weight"], trained["conv.0.weight"])


def test_the_scored_weights_are_those_of_the_network_itself():
    """Defects D11 and D12: nothing is drawn anew for the scored copy."""
    module, batches = network("fc", 0), batches_of(0)
    doubled = deepcopy(module)
    with torch.no_grad():
        doubled.output.weight.mul_(2)
    mask = Mask.dense(prunable_layers(module))
    first, second = (score_weights("snip", context_of(each, mask, batches)) for each in (module, doubled))
    assert not torch.equal(first["output.weight"], second["output.weight"])
