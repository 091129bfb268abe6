"""The layer graph of the network a stored ticket is of, or why there is none."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from tombola.errors import TombolaError
from tombola.networks import LayerGraph, build, layer_graph
from tombola.specs import NetworkSpec


def stored_graph(provenance: Mapping[str, Any], *, trust: bool = False) -> LayerGraph | str:
    """Return the layer graph of the network that a ticket's provenance names, or why there is none.

    Parameters
    ----------
    provenance
        Of the ticket.
    trust
        Build networks whose ``network.factory`` has to be imported.
    """
    if not {"network", "input_shape", "classes"} <= provenance.keys():
        return "the ticket does not say which network it is of, or for which images"
    try:
        spec = NetworkSpec(**provenance["network"])
    except (ValidationError, TypeError):
        return "the ticket's network is described in words of another version"
    if spec.factory and not trust:
        return f"the network comes from '{spec.factory}', which is imported where that is asked for only (--trust)"
    try:
        module = build(spec, tuple(provenance["input_shape"]), int(provenance["classes"]), "meta")
        return layer_graph(module, tuple(provenance["input_shape"]))
    except TombolaError as error:
        return str(error)
