import numpy as np
import pytest
import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.plots import Weights, layer_weights, weight_norm
from tombola.plots.weights import chosen_layer
from tombola.pruning import Mask, Ticket


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 4), nn.Linear(4, 2))


def mask_of(module: nn.Module, keep: float = 0.5) -> Mask:
    generator = torch.Generator().manual_seed(1)
    names = ["0.weight", "2.weight", "3.weight"]
    return Mask({name: torch.rand(module.get_parameter(name).shape, generator=generator) < keep for name in names})


def test_pruned_weights_are_nan_and_surviving_zeros_are_zeros() -> None:
    """reference/playground.md section 11.4, and 15 B10."""
    module = network()
    mask = mask_of(module)
    with torch.no_grad():
        module.get_parameter("2.weight").zero_()
    layers = layer_weights(module, mask=mask)
    assert [layer.name for layer in layers] == ["0.weight", "2.weight", "3.weight"]
    assert [layer.kind for layer in layers] == ["conv", "linear", "output"]
    for layer in layers:
        keep = mask[layer.name].numpy()
        np.testing.assert_array_equal(np.isnan(layer.values), ~keep)
        np.testing.assert_allclose(layer.values[keep], module.get_parameter(layer.name).detach().numpy()[keep])
        assert layer.remaining == mask.remaining()[layer.name]
    assert (layers[1].survivors == 0).all()


def test_all_sources_give_the_same(tmp_path: object) -> None:
    module = network()
    mask = mask_of(module)
    state = {name: value.detach().clone() for name, value in module.state_dict().items()}
    mask.apply_(state)
    for other in (layer_weights(Ticket(state, mask, {})), layer_weights(state, mask=mask)):
        for mine, theirs in zip(layer_weights(module, mask=mask), other, strict=True):
            assert (mine.name, mine.kind, mine.remaining) == (theirs.name, theirs.kind, theirs.remaining)
            np.testing.assert_array_equal(mine.values, theirs.values)


def test_without_a_mask_nothing_is_pruned() -> None:
    module = network()
    with torch.no_grad():
        module.get_parameter("2.weight").zero_()
    assert all(layer.density == 1 and np.isfinite(layer.values).all() for layer in layer_weights(module))


def test_wrong_sources_are_refused() -> None:
    with pytest.raises(TombolaError, match="str has not"):
        layer_weights("network")  # type: ignore[arg-type]
    with pytest.raises(TombolaError, match=r"the mask covers '9\.weight'"):
        layer_weights(network(), mask=Mask({"9.weight": torch.ones(2, 2, dtype=torch.bool)}))
    layers = layer_weights(network())
    assert chosen_layer(layers, "2", ("linear", "output")).name == "2.weight"  # type: ignore[union-attr]
    with pytest.raises(TombolaError, match="there is no layer '0' to draw"):
        chosen_layer(layers, "0", ("linear", "output"))


def layer(values: object, kind: str = "linear") -> Weights:
    array = np.asarray(values, np.float64)
    return Weights("layer.weight", kind, array, int(np.isfinite(array).sum()))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[-3, -2], [-1, 4]], (-3, 0, 4)),
        ([[-3, np.nan], [-1, 4]], (-3, 0, 4)),
        ([[1, 2], [3, 4]], (1, None, 4)),
        ([[-1, -2]], (-2, None, -1)),
        ([[0, 2]], (-2, 0, 2)),
        ([[-2, 0]], (-2, 0, 2)),
        ([[3, 3]], (-3, 0, 3)),
        ([[0, 0]], (-1, 0, 1)),
        ([[np.nan]], (-1, 0, 1)),
    ],
)
def test_norms(values: object, expected: tuple[float, float | None, float]) -> None:
    """Section 11.4: two-slope with centre 0; plain where all have one sign; degenerate ones are no error."""
    norm = weight_norm(np.array(values, np.float64))
    assert (norm.vmin, getattr(norm, "vcenter", None), norm.vmax) == expected
