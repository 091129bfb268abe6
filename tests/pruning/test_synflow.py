"""SynFlow: conservation, exactness at every depth, and the masks of the published networks."""

from copy import deepcopy
from itertools import pairwise

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from tombola.errors import TombolaError
from tombola.networks import build, capture, initialise, layer_graph, prunable_layers
from tombola.pruning import Mask, ScoreContext, prune, score_weights
from tombola.specs import NetworkSpec

STORED = ("syn_10_21", "syn_10_42")


def context_of(module, shape, mask=None):
    layers, state = prunable_layers(module), capture(module)
    mask = Mask.dense(layers) if mask is None else mask
    return ScoreContext(
        *(layers, mask, state, state, torch.Generator(), lambda: deepcopy(module), None),
        input_shape=shape,
    )


def made(spec, shape, classes, seed=0):
    module = build(spec, shape, classes)
    initialise(module, spec, torch.Generator().manual_seed(seed))
    return module


plans = st.builds(
    lambda conv, linear, seed: (conv, linear, seed),
    st.lists(st.sampled_from(["2", "3", "5", "M", "A"]), max_size=4).filter(lambda t: sum(x in "MA" for x in t) < 3),
    st.lists(st.sampled_from(["3", "7"]), max_size=2),
    st.integers(0, 5),
)


@settings(deadline=None, max_examples=40)
@given(plans, st.floats(0.2, 1))
def test_flow_is_conserved_per_layer_and_per_hidden_unit(plan, density):
    """Section 3.2 and field reference 2.5; on random bias-free plans, dense and masked."""
    conv, linear, seed = plan
    assume(conv or linear)
    spec = NetworkSpec(family="conv", conv=tuple(conv), linear=tuple(linear), bias="none")
    module = made(spec, (2, 8, 8), 4, seed)
    mask = prune(module, density=density, score="random", seed=seed)
    found = score_weights("synflow", context_of(module, (2, 8, 8), mask))
    masked = deepcopy(module)
    mask.apply_(masked)
    for tensor in masked.parameters():
        tensor.data = tensor.data.double().abs()
    flow = masked(torch.ones(1, 2, 8, 8, dtype=torch.float64)).sum().item()
    for name, value in found.items():
        assert float(value.sum()) == pytest.approx(flow, rel=1e-9, abs=1e-12)
        assert not value[~mask[name]].any()
    names = list(found)
    for name, following in pairwise(names):
        into = found[name].flatten(1).sum(1)
        out = found[following].transpose(0, 1).flatten(1).sum(1)
        if len(into) != len(out):  # maps are flattened between them: pixels of a unit lie side by side
            out = out.view(len(into), -1).sum(1)
        assert torch.allclose(into, out, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("architecture", ["fc", "resnet20", "resnet20-gem", "resnet20-pad", "vgg11"])
def test_rescaled_flow_is_that_of_single_precision_to_the_bit(architecture):
    """Biases, batch norm and residual links included: statistics are drawn, so that they count."""
    spec, shape = NetworkSpec(architecture=architecture, weight_init="kaiming-normal"), (1, 16, 16)
    module = made(spec, shape, 10)
    draw = torch.Generator().manual_seed(1)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and name not in {layer.name for layer in prunable_layers(module)}:
            tensor += torch.rand(tensor.shape, generator=draw) / 2
    context = context_of(module, shape)
    single, rescaled = score_weights("synflow-float32", context), score_weights("synflow-rescaled", context)
    double = score_weights("synflow", context)
    name = next(iter(single))
    place = int(single[name].argmax())
    factor = single[name].flatten()[place] / rescaled[name].flatten()[place]
    assert float(factor.log2()) == round(float(factor.log2()))
    for layer, value in rescaled.items():
        assert torch.equal(value * factor, single[layer])
        assert torch.allclose(value.double() * factor, double[layer], rtol=1e-5)
        assert max(float(value.max()), float(value.sum())) < 1e6


def deep(blocks=30, width=64):
    """A chain in which flow grows by a factor of about 200 a layer."""
    return nn.Sequential(nn.Flatten(), *(nn.Linear(width, width, bias=False) for _ in range(blocks)))


def test_deep_networks_overflow_in_single_precision_only():
    module = deep()
    for parameter in module.parameters():
        nn.init.uniform_(parameter, 1, 5)
    context = context_of(module, (1, 8, 8))
    with pytest.raises(TombolaError, match="infinite or NaN"):
        prune(module, density=0.5, score="synflow-float32", input_shape=(1, 8, 8))
    double, rescaled = score_weights("synflow", context), score_weights("synflow-rescaled", context)
    factor = float(double["1.weight"].sum() / rescaled["1.weight"].double().sum())
    assert factor > 1e38
    for name, value in rescaled.items():
        assert torch.isfinite(value).all()
        assert torch.allclose(value.double() * factor, double[name], rtol=1e-4)
    masks = [prune(module, density=0.1, score=s, input_shape=(1, 8, 8)) for s in ("synflow", "synflow-rescaled")]
    changed = sum(int((masks[0][name] != masks[1][name]).sum()) for name in masks[0])
    assert changed <= 2e-3 * masks[0].count


def test_resnet_56_is_scored():
    """Sparse-analysis reference, section 3.2: float32 overflows here."""
    spec = NetworkSpec(architecture="resnet56", weight_init="kaiming-normal")
    context = context_of(made(spec, (1, 8, 8), 10), (1, 8, 8))
    for score in ("synflow", "synflow-rescaled"):
        assert all(torch.isfinite(value).all() for value in score_weights(score, context).values())


def test_networks_whose_scale_matters_are_refused_by_the_rescaled_score():
    module = made(NetworkSpec(family="lenet", linear=("5",)), (1, 4, 4), 3)
    with pytest.raises(TombolaError, match="tanh"):
        prune(module, density=0.5, score="synflow-rescaled", input_shape=(1, 4, 4))
    with pytest.raises(TombolaError, match="input_shape"):
        prune(module, density=0.5, score="synflow")


def test_attention_flows():
    """No layer graph is needed, nor are dropout and attention in the way."""

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True)
            self.output = nn.Linear(8, 3)

        def forward(self, images):
            tokens = images.flatten(1, 2)
            return self.output(self.attention(tokens, tokens, tokens, need_weights=False)[0].mean(1))

    module = Attention()
    images = torch.randn(6, 1, 5, 8, generator=torch.Generator().manual_seed(0))
    for score in ("synflow", "snip", "grasp"):
        first, again = (
            prune(module, density=0.3, score=score, batches=[(images, torch.arange(6) % 3)], rounds=3) for _ in "ab"
        )
        assert first == again
        assert module.training
    with pytest.raises(TombolaError, match="no layer graph"):
        prune(module, density=0.5, score="synflow-rescaled", input_shape=(1, 5, 8))
    assert layer_graph(nn.Flatten(), (1, 2)) is not None


@pytest.mark.data
@pytest.mark.parametrize("name", STORED)
def test_masks_of_the_published_networks_are_reproduced_exactly(name, beside):
    """Section 1, fact 3, and section 3.3: FC at 10 %, L = 10 levels of E = 1 round are ten rounds of one level."""
    found = [*beside("seeds/sparse_analysis").glob(f"**/{name}")]
    begun, masked = (
        torch.load(found[0] / file, weights_only=True, map_location="cpu")
        for file in ("model.pt", "model_before_train.pt")
    )
    parts: list[nn.Module] = [nn.Flatten()]
    layers = [key.removesuffix(".weight") for key in begun if key.endswith(".weight")]
    for layer in layers:
        outputs, inputs = begun[f"{layer}.weight"].shape
        parts += [nn.Linear(inputs, outputs, bias=f"{layer}.bias" in begun), nn.ReLU()]
        for role, parameter in parts[-2].named_parameters():
            parameter.data = begun[f"{layer}.{role}"].clone()
    module = nn.Sequential(*parts[:-1])
    for score in ("synflow", "synflow-float32", "synflow-rescaled"):
        for allocation in ("global", "global-threshold"):
            mask = prune(
                module,
                density=0.1,
                score=score,
                allocation=allocation,
                rounds=10,
                rounding="floor",
                input_shape=(1, 28, 28),
            )
            assert mask.count == 11_940
            for ours, layer in zip(mask.values(), layers, strict=True):
                assert torch.equal(ours, masked[f"{layer}.weight_mask"].bool())
