"""Results of the lottery-ticket playground framework: into a run folder of ours, or piece by piece."""

from tombola.interop.playground.accessors import (
    has_controls,
    load_control_histories,
    load_stop_data,
    rebuild_networks,
)
from tombola.interop.playground.description import load_specs
from tombola.interop.playground.files import list_specs
from tombola.interop.playground.histories import load_histories
from tombola.interop.playground.importing import import_playground

__all__ = [
    "has_controls",
    "import_playground",
    "list_specs",
    "load_control_histories",
    "load_histories",
    "load_specs",
    "load_stop_data",
    "rebuild_networks",
]
