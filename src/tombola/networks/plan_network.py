"""The feed-forward network that plans describe: convolutional part, hidden linear part, output layer."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from tombola.networks.plan import Convolution, Grid, InputShape, Linear, NetworkPlan, Pooling, plan_network
from tombola.specs import NetworkSpec

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}
FAMILY_ACTIVATION = {"lenet": "tanh", "conv": "relu"}


class PlanNetwork(nn.Module):
    """Convolutions (may be none), flatten, hidden linear layers (may be none), linear output.

    The activation follows every convolution (after its batch normalisation) and every hidden linear layer; dropout, if
    there is any, comes after the activation of hidden linear layers.

    Parameters
    ----------
    plan
        The layers.
    activation
        ``"tanh"`` or ``"relu"``.
    """

    def __init__(self, plan: NetworkPlan, activation: str) -> None:
        super().__init__()
        activate = ACTIVATIONS[activation]
        self.conv = nn.Sequential(*(module for layer in plan.conv for module in _conv_modules(layer, activate)))
        self.flatten = nn.Flatten(1)
        self.linear = nn.Sequential(
            *(module for layer in plan.linear for module in _hidden_modules(layer, activate, plan.dropout))
        )
        self.output = _linear(plan.output)

    def forward(self, images: Float[Tensor, "n ..."]) -> Float[Tensor, "n classes"]:
        """Return logits of images ``(n, c, h, w)``; without convolutions also of ``(n, h, w)`` and ``(n, c*h*w)``."""
        # no branch on shapes, so that torch.fx and torch.export can trace it
        return self.output(self.linear(self.flatten(self.conv(images))))  # type: ignore[no-any-return]


def build_plan_network(spec: NetworkSpec, input_shape: InputShape, classes: int) -> nn.Module:
    """Return the network that a spec's plans describe (registered as ``"plan"``).

    Raises
    ------
    TombolaError
        If the plan does not work out; see `tombola.networks.plan.plan_network`.
    """
    activation = spec.activation or FAMILY_ACTIVATION[spec.family]
    return PlanNetwork(plan_network(spec, input_shape, classes), activation)


def _linear(layer: Linear) -> nn.Linear:
    return nn.Linear(layer.inputs, layer.outputs, bias=layer.bias)


def _hidden_modules(layer: Linear, activate: Callable[[], nn.Module], dropout: float) -> list[nn.Module]:
    return [_linear(layer), activate(), *([nn.Dropout(dropout)] if dropout else [])]


def _conv_modules(layer: Convolution | Pooling | Grid, activate: Callable[[], nn.Module]) -> list[nn.Module]:
    if isinstance(layer, Pooling):
        return [nn.MaxPool2d(2) if layer.kind == "max" else nn.AvgPool2d(2)]
    if isinstance(layer, Grid):
        return [_grid(layer)]
    convolution = nn.Conv2d(layer.inputs, layer.outputs, kernel_size=3, padding=1, bias=layer.bias)
    return [convolution, *([nn.BatchNorm2d(layer.outputs)] if layer.batch_norm else []), activate()]


def _grid(layer: Grid) -> nn.Module:
    if layer.height % layer.cells or layer.width % layer.cells:
        return nn.AdaptiveAvgPool2d(layer.cells)
    # windows of one size: every engine adds up in the same order, to the same bits
    return nn.AvgPool2d((layer.height // layer.cells, layer.width // layer.cells))
