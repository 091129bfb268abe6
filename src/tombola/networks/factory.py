"""Networks by import path: any function of yours that returns a module, however it is made."""

import inspect
import re
from collections.abc import Callable
from copy import deepcopy
from itertools import chain
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from tombola.errors import TombolaError, nearest
from tombola.networks.plan import InputShape
from tombola.specs import NetworkSpec
from tombola.specs.plugins import imported

FACTORY = "factory"
"""Name of the architecture that a factory makes."""

PATH = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*):([^\W\d]\w*)")
LAZY = (nn.UninitializedParameter, nn.UninitializedBuffer)
GIVEN = ("input_shape", "classes", "spec")


def build_from_factory(spec: NetworkSpec, input_shape: InputShape, classes: int) -> nn.Module:
    """Return what the function that ``spec.factory`` names makes (registered as ``"factory"``).

    The function is called with those of ``input_shape``, ``classes`` and ``spec`` that it has parameters for, on the
    CPU, and what it makes is tried on two images: everything that is wrong shows before any training.

    Raises
    ------
    TombolaError
        If there is no such function, it fails, returns no module, or one that does not give (images, classes) scores.
    """
    function = _function(spec)
    given = {"input_shape": tuple(input_shape), "classes": classes, "spec": spec}
    # on the CPU even where only shapes are asked for: not every constructor or forward pass works without numbers
    with torch.device("cpu"):
        try:
            module = function(**{name: given[name] for name in _wanted(spec, function)})
        except TombolaError:
            raise
        except Exception as error:
            raise TombolaError(f"network.factory: {spec.factory} fails: {_told(error)}") from error
        if not isinstance(module, nn.Module):
            raise TombolaError(
                f"network.factory: {spec.factory} returns {_article(module)}, not a torch.nn.Module; return the network"
            )
        _check_output(spec, module, input_shape, classes)
    return module


def _split(spec: NetworkSpec) -> tuple[str, str]:
    if spec.factory is None:
        raise TombolaError(f"network.architecture = '{FACTORY}' needs network.factory: package.module:function")
    match = PATH.fullmatch(spec.factory)
    if match is None:
        raise TombolaError(f"network.factory = '{spec.factory}' is no import path; write package.module:function")
    return match[1], match[2]


def _module(name: str, function: str) -> ModuleType:
    try:
        return imported(name)  # looked up as plug-ins are
    except TombolaError:
        raise
    except Exception as error:
        raise TombolaError(
            f"network.factory: module '{name}' of '{name}:{function}' cannot be imported: {_told(error)}"
        ) from error


def _function(spec: NetworkSpec) -> Callable[..., Any]:
    path, name = _split(spec)
    module = _module(path, name)
    found = getattr(module, name, None)
    if found is None:
        own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise TombolaError(f"network.factory: module '{path}' has no function '{name}'{nearest(name, own)}")
    if not callable(found):
        raise TombolaError(f"network.factory: {spec.factory} is {_article(found)}, not a function")
    function: Callable[..., Any] = found
    return function


def _wanted(spec: NetworkSpec, function: Callable[..., Any]) -> list[str]:
    """Return the names of what a function is called with."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return list(GIVEN)
    for parameter in parameters:
        named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        optional = parameter.default is not parameter.empty or parameter.kind is parameter.VAR_POSITIONAL
        if not optional and not (named and parameter.name in GIVEN):
            raise TombolaError(
                f"network.factory: {spec.factory} asks for '{parameter.name}', but it can only be given input_shape, "
                "classes and spec, by these names; give the others defaults"
            )
    return [parameter.name for parameter in parameters if parameter.name in GIVEN]


def _check_output(spec: NetworkSpec, module: nn.Module, input_shape: InputShape, classes: int) -> None:
    """Try a network on two images of nothing; a copy of it, which may change as it likes."""
    try:
        with torch.no_grad():
            if any(isinstance(tensor, LAZY) for tensor in chain(module.parameters(), module.buffers())):
                module(torch.zeros(2, *input_shape))  # lazy layers take their sizes from the first batch
            scores = deepcopy(module).eval()(torch.zeros(2, *input_shape))
    except Exception as error:
        raise TombolaError(
            f"network.factory: the network of {spec.factory} does not take images of shape {list(input_shape)}: "
            f"{_told(error)}"
        ) from error
    shape = list(scores.shape) if isinstance(scores, Tensor) else _article(scores)
    if shape != [2, classes]:
        raise TombolaError(
            f"network.factory: the network of {spec.factory} returns {shape} for two images, where the data ask for "
            f"[2, {classes}]: (images, classes)"
        )


def _told(error: Exception) -> str:
    line = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {line}" if line else type(error).__name__


def _article(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
