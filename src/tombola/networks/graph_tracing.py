"""From a module to operations without shapes: traced by torch.fx, translated layer by layer."""

from copy import deepcopy
from dataclasses import replace
from itertools import chain

from torch import Tensor, fx, nn

from tombola.networks.graph_calls import draft_call
from tombola.networks.graph_drafts import Draft, draft_layer
from tombola.networks.graph_layers import LAYERS, LoweringError
from tombola.networks.graph_nodes import Node

PLAIN = (bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset, type(None))


class _Tracer(fx.Tracer):
    """Trace into containers and user modules; layers that are operations, and all of PyTorch's own, stay whole."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return _is_layer(m)


def _is_layer(part: nn.Module) -> bool:
    foreign = type(part).__module__.startswith("torch.") and not isinstance(part, nn.Sequential)
    return foreign or type(part) in LAYERS


def traced(module: nn.Module) -> tuple[list[Draft], int]:
    """Return the operations without shapes, and which is the output; the same in training and in evaluation."""
    _refuse_hooks(module)
    training, evaluation = (_lowered(module, mode) for mode in (True, False))
    if training != evaluation:
        raise LoweringError(
            "its forward pass differs between training and evaluation by more than dropout and batch norm"
        )
    return training


def _refuse_hooks(module: nn.Module) -> None:
    for name, part in module.named_modules():
        hooks = (part._forward_hooks, part._forward_pre_hooks, part._backward_hooks, part._backward_pre_hooks)
        if any(hooks):
            raise LoweringError(f"layer '{name}' ({type(part).__name__}) has hooks; remove them")


def _lowered(module: nn.Module, training: bool) -> tuple[list[Draft], int]:
    if _is_layer(module):
        return [Draft(Node("input")), *_only(draft_layer("", module, 0))], 1
    # a copy that shares the weights: tracing runs the forward pass, which may change the module's own attributes
    held = chain(module.parameters(), module.buffers())
    copy = deepcopy(module, {id(tensor): tensor for tensor in held}).train(training)
    before = _own_state(copy)
    try:
        graph = _Tracer().trace(copy)
    except Exception as error:  # whatever a user's forward pass does with what is no tensor
        line = str(error).strip().partition("\n")[0]
        raise LoweringError(f"its forward pass cannot be traced ({type(error).__name__}: {line})") from None
    if _own_state(copy) != before:
        raise LoweringError("its forward pass changes the module's own attributes")
    return _translated(graph, dict(copy.named_modules()), training)


def _only(drafts: list[Draft] | int) -> list[Draft]:
    if isinstance(drafts, int):
        raise LoweringError("it does nothing")
    return drafts


def _own_state(module: nn.Module) -> dict[str, str]:
    return {
        f"{path}.{name}": repr(value)
        for path, part in module.named_modules()
        for name, value in vars(part).items()
        if not name.startswith("_") and isinstance(value, PLAIN)
    }


def _translated(graph: fx.Graph, parts: dict[str, nn.Module], training: bool) -> tuple[list[Draft], int]:
    drafts: list[Draft] = []
    values: dict[fx.Node, object] = {}  # position of a draft, or what stands for a part of a shape
    output = 0
    for node in graph.nodes:
        if node.op == "placeholder":
            if drafts and node.users:
                raise LoweringError("its forward pass takes more than the images")
            values[node] = 0
            drafts = drafts or [Draft(Node("input"))]
        elif node.op == "get_attr":
            raise LoweringError(f"it uses the tensor '{node.target}' outside of a layer")
        elif node.op == "output":
            position = values.get(node.args[0]) if isinstance(node.args[0], fx.Node) else None
            if not isinstance(position, int):
                raise LoweringError("it returns something other than one tensor of scores")
            output = position
        elif node.op == "call_module":
            source = values.get(node.args[0]) if node.args else None
            if not isinstance(source, int) or len(node.args) != 1 or node.kwargs:
                raise LoweringError(f"layer '{node.target}' is given something other than one feature map")
            values[node] = _appended(drafts, draft_layer(str(node.target), parts[str(node.target)], source))
        else:
            values[node] = _appended(drafts, draft_call(node, values, training))
    _refuse_sharing(drafts, parts[""].state_dict(keep_vars=True))
    return drafts, output


def _appended(drafts: list[Draft], result: object) -> object:
    """Add what a layer became (several operations one after the other, or one) and return where its output is."""
    if not isinstance(result, list):
        return result
    for position, draft in enumerate(result):
        drafts.append(draft if position == 0 else replace(draft, node=replace(draft.node, inputs=(len(drafts) - 1,))))
    return len(drafts) - 1


def _refuse_sharing(drafts: list[Draft], tensors: dict[str, Tensor]) -> None:
    uses = [source for draft in drafts for source in draft.node.inputs]
    for draft in drafts:
        if draft.in_place and any(uses.count(source) > 1 for source in draft.node.inputs):
            raise LoweringError(f"{draft.node.label} works in place on a value that is used elsewhere")
    owners: dict[int, str] = {}
    for draft in drafts:
        for role, name in draft.node.tensors:
            if id(tensors[name]) in owners:
                raise LoweringError(
                    f"{draft.node.label} is used twice, or shares its {role} with {owners[id(tensors[name])]}"
                )
            owners[id(tensors[name])] = draft.node.label
