"""Networks as ONNX models, checked against the network they came from before anything is written."""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.interop.export import ExportOptions, exporter, metadata, state_of
from tombola.interop.export_extras import needs
from tombola.interop.onnx_check import BATCHES, largest_difference
from tombola.networks import restore
from tombola.store import StoredTicket

INPUT, OUTPUT, BATCH = "images", "logits", "batch"
EXAMPLES = 2  # torch takes a dimension of one example for a constant


@exporter("onnx", "the network with its weights, for onnxruntime and others; checked against it", suffix=".onnx")
def export_onnx(ticket: StoredTicket, path: Path, options: ExportOptions) -> str:
    """Write an ONNX model of any batch size, and say how far its outputs are from the module's.

    The model takes normalised images. Batch normalisation after a convolution is folded into it; pruned weights stay
    zeros.
    """
    needs("export", "onnx", "onnxscript", "onnxruntime")
    module = network(ticket, options.state)
    shape = tuple(ticket.provenance["input_shape"])
    model = onnx_model(module, shape, {"tombola": json.dumps(metadata(ticket, options), sort_keys=True)})
    content: bytes = model.SerializeToString(deterministic=True)
    difference = largest_difference(content, module, shape)
    path.write_bytes(content)
    batches = ", ".join(map(str, BATCHES))
    return f"onnxruntime within {difference:.1e} of the module in batches of {batches}"


def network(ticket: StoredTicket, state: str) -> nn.Module:
    """Return the ticket's network in any of its states, in evaluation mode."""
    if state == "rewind":
        module = ticket.module("initial")
        restore(module, state_of(ticket, state))
        return module
    return ticket.module(state)  # type: ignore[arg-type]


def onnx_model(module: nn.Module, shape: tuple[int, ...], notes: dict[str, str]) -> Any:
    """Return a module as an ONNX model (``onnx.ModelProto``) without a trace of where it was made.

    Parameters
    ----------
    module
        In evaluation mode, on the CPU.
    shape
        Of one image.
    notes
        The model's metadata.

    Raises
    ------
    TombolaError
        If torch cannot export this module.
    """
    images = torch.zeros(EXAMPLES, *shape)
    try:
        with _silent(), torch.no_grad():
            program = torch.onnx.export(
                module,
                (images,),
                dynamo=True,
                verbose=False,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            )
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise TombolaError(f"torch cannot export this network to ONNX: {reason[0]}") from error
    model = program.model_proto  # type: ignore[union-attr]
    _forget_places(model)
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    for key, value in notes.items():
        model.metadata_props.add(key=key, value=value)
    return model


def _forget_places(model: Any) -> None:
    """Remove what torch notes of every node: stack traces, with the paths of this machine."""
    graph = model.graph
    graph.ClearField("value_info")
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer, *model.functions):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for function in model.functions:
        for node in function.node:
            node.ClearField("metadata_props")
            node.ClearField("doc_string")


@contextmanager
def _silent() -> Iterator[None]:
    """Keep torch's notes on itself (no torchvision here, what will be deprecated) from the user's terminal."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
