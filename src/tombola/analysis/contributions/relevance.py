"""Layer-wise relevance propagation on the layer graph (Bach et al. 2015; rules as in Montavon et al. 2019).

Relevance starts as the score of the true class and is handed back, operation by operation, in the shares in which
inputs made outputs. Captum's LRP follows modules and refuses sums of branches; the layer graph has both.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from tombola.analysis.contributions.methods import Method, Question, methods
from tombola.analysis.contributions.replay import GraphReplay, gathered, own_end
from tombola.errors import TombolaError
from tombola.networks import LayerGraph, Node, layer_graph
from tombola.networks.graph_run import apply

EPSILON: Final = 1e-6
"""Of an image's largest absolute output, added to outputs with their sign so that none is divided by zero."""

Rule = Callable[[Node, Mapping[str, Tensor], Tensor, Tensor, Tensor], Tensor]
"""Operation, state, input, output, relevance of the output -> relevance of the input."""


def lrp_epsilon(question: Question) -> Float[Tensor, "image unit"]:
    """Layer-wise relevance propagation of the true class's score, epsilon rule, without sign (Bach et al. 2015)."""
    return _at_units(question, "lrp-epsilon", epsilon_rule)


def lrp_z_plus(question: Question) -> Float[Tensor, "image unit"]:
    """Layer-wise relevance propagation of the true class's score, z-plus rule (Montavon et al. 2017).

    Only positive parts of what inputs contribute count, biases left out; activations below zero (tanh) contribute
    through negative weights. Relevance is kept exactly where something positive arrives.
    """
    return _at_units(question, "lrp-z-plus", z_plus_rule)


def relevances(
    graph: LayerGraph, tensors: Mapping[str, Tensor], values: Sequence[Tensor], start: Tensor, rule: Rule
) -> list[Tensor | None]:
    """Return the relevance of every operation's output; None where none arrives.

    Parameters
    ----------
    graph, tensors
        The network.
    values
        What every operation returned.
    start
        Relevance of the network's output.
    rule
        For linear layers and convolutions; other operations hand relevance back as `epsilon_rule` does, activations
        unchanged.
    """
    found: list[Tensor | None] = [None] * len(values)
    found[graph.output] = start
    for position in range(len(values) - 1, 0, -1):
        node, relevance = graph[position], found[position]
        if relevance is None:
            continue
        inputs = [values[source] for source in node.inputs]
        if node.op in ("relu", "tanh", "dropout"):
            shares = [relevance]
        elif node.op in ("conv", "linear"):
            shares = [rule(node, tensors, inputs[0], values[position], relevance)]
        else:
            shares = _handed_back(node, tensors, inputs, values[position], relevance)
        for source, share in zip(node.inputs, shares, strict=True):
            before = found[source]
            found[source] = share if before is None else before + share
    return found


def epsilon_rule(node: Node, tensors: Mapping[str, Tensor], x: Tensor, out: Tensor, relevance: Tensor) -> Tensor:
    """Return each input's share in what made the outputs; biases and the stabiliser absorb theirs."""
    return _handed_back(node, tensors, [x], out, relevance)[0]


def z_plus_rule(node: Node, tensors: Mapping[str, Tensor], x: Tensor, out: Tensor, relevance: Tensor) -> Tensor:
    """Return each input's share in the positive part of what made the outputs."""
    name = str(node.weight)
    given = dict(tensors)
    bias = node.tensor("bias")
    if bias is not None:
        given[bias] = torch.zeros_like(tensors[bias])
    total = torch.zeros_like(out)
    parts = []
    for sign in (1, -1):
        inside = (sign * x).clamp(min=0)
        if sign < 0 and not bool(inside.any()):
            continue  # nothing is below zero behind a ReLU
        weights = given | {name: (sign * tensors[name]).clamp(min=0)}
        parts.append((inside, weights))
        total = total + apply(node, weights, [inside])
    factor = torch.where(total > 0, relevance / total.where(total > 0, torch.ones_like(total)), torch.zeros_like(total))
    shares = torch.zeros_like(x)
    for inside, weights in parts:
        shares = shares + inside * _pulled_back(node, weights, [inside], factor)[0]
    return shares


def _handed_back(
    node: Node, tensors: Mapping[str, Tensor], inputs: Sequence[Tensor], out: Tensor, relevance: Tensor
) -> list[Tensor]:
    largest = out.abs().flatten(1).amax(1)
    stabiliser = EPSILON * torch.where(largest > 0, largest, torch.ones_like(largest)).view(-1, *[1] * (out.ndim - 1))
    factor = relevance / (out + stabiliser * torch.where(out < 0, -1.0, 1.0).to(out))
    return [x * pulled for x, pulled in zip(inputs, _pulled_back(node, tensors, inputs, factor), strict=True)]


def _pulled_back(
    node: Node, tensors: Mapping[str, Tensor], inputs: Sequence[Tensor], factor: Tensor
) -> tuple[Tensor, ...]:
    with torch.enable_grad():
        given = [x.detach().requires_grad_() for x in inputs]
        return torch.autograd.grad(apply(node, dict(tensors), given), given, factor)


def _at_units(question: Question, name: str, rule: Rule) -> Tensor:
    replay = _by_graph(question, name)
    if name not in replay.memory:
        scores, at = replay.values[replay.graph.output], question.labels[:, None]
        start = torch.zeros_like(scores).scatter_(1, at, scores.gather(1, at))
        replay.memory[name] = relevances(replay.graph, replay.tensors, replay.values, start, rule)
    where = next(i for i, node in enumerate(replay.graph) if node.weight == question.layer)
    relevance = replay.memory[name][own_end(replay.graph, where)]
    channels = torch.zeros_like(replay.units(question.layer)) if relevance is None else relevance
    return gathered(channels, replay.owners(question.layer), question.units).abs()


def _by_graph(question: Question, name: str) -> GraphReplay:
    """Return the pass by the layer graph, which is found anew where hooks are used.

    Raises
    ------
    TombolaError
        If the network cannot be built, or has operations that no layer graph knows.
    """
    replay = question.replay
    if isinstance(replay, GraphReplay):
        return replay
    if "graph" not in replay.memory:
        if question.module is None:
            raise TombolaError(f"method '{name}' needs the network, which cannot be built here; leave the method out")
        module = question.module()
        try:
            graph = layer_graph(module, tuple(question.images.shape[1:]))
        except TombolaError as error:
            raise TombolaError(f"method '{name}' needs a layer graph; leave the method out ({error})") from None
        replay.memory["graph"] = GraphReplay(graph, dict(module.state_dict()), question.images)
    found: GraphReplay = replay.memory["graph"]
    return found


methods.register("lrp-epsilon")(Method(lrp_epsilon))
methods.register("lrp-z-plus")(Method(lrp_z_plus))
