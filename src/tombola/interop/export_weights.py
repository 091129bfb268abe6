"""Weights and masks as files of tensors: safetensors, state dicts, arrays of NumPy."""

from pathlib import Path

import numpy as np

from tombola.interop.export import ExportOptions, exporter, metadata, state_of
from tombola.interop.state_dict import write_state_dict
from tombola.interop.state_dict_safetensors import write_safetensors
from tombola.store import StoredTicket


@exporter("safetensors", "weights, mask as bits, and where they come from, in one file", suffix=".safetensors")
def export_safetensors(ticket: StoredTicket, path: Path, options: ExportOptions) -> str:
    """Write whole weights, the packed mask, and one JSON text of metadata (docs/export.md)."""
    write_safetensors(path, state_of(ticket, options.state), ticket.mask, metadata(ticket, options))
    return ""


@exporter("state-dict", "weights as torch.save writes them, with torch's own pruning keys on request", suffix=".pth")
def export_state_dict(ticket: StoredTicket, path: Path, options: ExportOptions) -> str:
    """Write a state dict, plain or as ``torch.nn.utils.prune`` leaves it."""
    state = state_of(ticket, options.state)
    write_state_dict(path, state, ticket.mask, pruning_format=options.pruning_format)
    return "" if options.pruning_format == "torch" else "the mask is in the zeros only"


@exporter("masks-npz", "the mask as arrays of truth values by name, without weights", suffix=".npz", stateless=True)
def export_masks(ticket: StoredTicket, path: Path, options: ExportOptions) -> str:
    """Write one bool array per prunable weight, True where it remains."""
    arrays = {name: keep.numpy() for name, keep in ticket.mask.items()}
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return ""
