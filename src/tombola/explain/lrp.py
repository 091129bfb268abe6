"""Layer-wise relevance propagation by Captum, for chains of modules."""

import importlib
from copy import deepcopy
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, fx, nn

from tombola.errors import TombolaError
from tombola.explain.captum_library import captum
from tombola.explain.methods import Method, methods
from tombola.explain.scene import Scene

RESHAPING = ("flatten", "view", "reshape", "size", "getitem")
RULED = (nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
RELAYED = (nn.ReLU, nn.Tanh, nn.Dropout)
PASSED = (nn.Flatten, nn.Identity, nn.Unflatten)


def lrp(scene: Scene, gamma: float = 0.25, epsilon: float = 1e-9) -> Float[Tensor, "n h w"]:
    """Layer-wise relevance propagation, summed over channels (Bach et al. 2015; Montavon et al. 2019; Captum).

    Gamma rule in convolutions but the first, epsilon rule elsewhere: the gamma rule has poles where inputs have both
    signs, as pixels have. With `gamma` 0 and a small `epsilon`, a network of rectified
    units gets the map of ``input-x-gradient`` (Ancona et al. 2018). For networks that are one chain of modules: where
    functions or additions stand between them, Captum passes relevance on wrongly and without a word, so such networks
    are refused.

    Raises
    ------
    TombolaError
        If the network is no such chain, or the score is not the logit.
    """
    if scene.score != "logit":
        raise TombolaError(f"method 'lrp' explains the logit, not the {scene.score}; choose score = 'logit'")
    if not epsilon > 0 or not gamma >= 0:
        raise TombolaError(f"gamma = {gamma}, epsilon = {epsilon}: gamma of 0 or more, epsilon above 0, please")
    _check_chain(scene.module)
    with captum("lrp") as library, torch.enable_grad():
        module = _prepared(scene.module, gamma, epsilon)
        shares: Tensor = library.LRP(module).attribute(scene.images.detach().clone(), target=scene.targets)
    return shares.detach().sum(dim=1)


def _check_chain(module: nn.Module) -> None:
    try:
        graph = fx.symbolic_trace(module).graph
    except Exception as error:  # whatever a user's forward pass does with what is no tensor
        raise TombolaError(
            f"method 'lrp' cannot follow the network ({type(error).__name__} while tracing it); choose another method"
        ) from None
    seen: set[nn.Module] = set()
    for node in graph.nodes:
        if node.op == "call_module":
            part = module.get_submodule(str(node.target))
            if type(part) not in (*RULED, *RELAYED, *PASSED):
                raise _refusal(f"a {type(part).__name__} ('{node.target}')")
            if part in seen and type(part) in RULED:
                raise _refusal(f"the layer '{node.target}' twice in one pass")
            seen.add(part)
        elif node.op in ("call_function", "call_method"):
            name = str(getattr(node.target, "__name__", node.target))
            if name not in RESHAPING:
                raise _refusal(f"the function '{name}'")


def _refusal(what: str) -> TombolaError:
    return TombolaError(
        f"method 'lrp' is for chains of modules, and this network has {what}; choose another method, such as "
        "input-x-gradient"
    )


def _prepared(module: nn.Module, gamma: float, epsilon: float) -> nn.Module:
    """Return a copy with a rule at every layer: Captum writes into the network it is given."""
    rules = importlib.import_module("captum.attr._utils.lrp_rules")

    class Pass(rules.EpsilonRule):  # type: ignore[misc, name-defined]
        """Relevance goes through a change of shape as a gradient does."""

        def forward_hook(self, module: Any, inputs: Any, outputs: Any) -> None:
            return None

    copy = deepcopy(module)
    for parent in list(copy.modules()):
        for name, part in parent.named_children():
            if isinstance(part, nn.Sequential) and len(part) == 0:  # without children Captum takes it for a layer
                setattr(parent, name, nn.Identity())
    first = next((part for part in copy.modules() if isinstance(part, nn.Conv2d)), None)
    for part in copy.modules():
        if isinstance(part, PASSED):
            part.rule = Pass()
        elif isinstance(part, RULED):
            gains = gamma > 0 and isinstance(part, nn.Conv2d) and part is not first
            part.rule = rules.GammaRule(gamma) if gains else rules.EpsilonRule(epsilon)
    return copy


methods.register("lrp")(Method(lrp, signed=True, chains_only=True))
