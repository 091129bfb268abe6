"""Other people's results, in and out. Files are read without running anything they hold."""

from tombola.interop import export_open_lth, export_weights, onnx_export
from tombola.interop.export import Exported, ExportFormat, ExportOptions, export, export_formats, exporter, state_of
from tombola.interop.export_records import export_records, records_formats
from tombola.interop.state_dict import read_state_dict, write_state_dict
from tombola.interop.state_dict_import import import_state_dict

__all__ = [
    "ExportFormat",
    "ExportOptions",
    "Exported",
    "export",
    "export_formats",
    "export_open_lth",
    "export_records",
    "export_weights",
    "exporter",
    "import_state_dict",
    "onnx_export",
    "read_state_dict",
    "records_formats",
    "state_of",
    "write_state_dict",
]
