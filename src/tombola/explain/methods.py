"""Explanation methods by name. Adding one is a function of a scene and a registry line."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from tombola.errors import TombolaError, nearest
from tombola.explain.scene import Scene
from tombola.registry import Registry

Explain = Callable[..., Float[Tensor, "n h w"]]
"""(scene, **options) -> one map per image; every option has a default."""


@dataclass(frozen=True)
class Method:
    """A way to explain decisions. Called with a scene (and options), it returns one map per image.

    Attributes
    ----------
    explain
        Scene -> maps.
    uses_layer
        Whether it looks at ``scene.layer``; maps then have the size of that layer's. Others have the size of images.
    stochastic
        Whether it draws from ``scene.generator``.
    signed
        Whether maps may be negative: parts of the image that speak against the class.
    uses_module
        Whether the network matters at all; only baselines may do without.
    chains_only
        Whether it refuses networks that are more than a chain of modules.
    """

    explain: Explain
    uses_layer: bool = False
    stochastic: bool = False
    signed: bool = False
    uses_module: bool = True
    chains_only: bool = False

    def __call__(self, scene: Scene, **options: Any) -> Float[Tensor, "n h w"]:
        """Return one map per image."""
        return self.explain(scene, **options)

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.explain.__doc__ or "").strip().partition("\n")[0]

    @property
    def options(self) -> dict[str, Any]:
        """What can be set, with its default."""
        parameters = list(inspect.signature(self.explain).parameters.values())[1:]
        return {parameter.name: parameter.default for parameter in parameters}


methods: Registry[Method] = Registry("explanation method")
baselines: Registry[Method] = Registry("explanation baseline")
"""Maps that look like explanations and are none, for sanity checks. `attribute` takes their names as well."""


def find_method(name: str, options: Mapping[str, Any] | None = None) -> Method:
    """Return a method or baseline by name, having checked that it knows these options.

    Raises
    ------
    TombolaError
        If there is none of this name, or it has no such option.
    """
    if name not in methods and name not in baselines:
        raise TombolaError(f"unknown explanation method '{name}'{nearest(name, [*methods, *baselines])}")
    method = methods[name] if name in methods else baselines[name]
    known = method.options
    for option in options or ():
        if option not in known:
            way_out = nearest(option, known) if known else "; it has none"
            raise TombolaError(f"method '{name}' has no option '{option}'{way_out}")
    return method
