"""Analysis: tables and statistics from records, and the answer to whether there is a winning ticket.

What looks into networks is imported when it is first used: with it comes torch.
"""

from typing import TYPE_CHECKING

from tombola.analysis.comparison import Against, Comparison, compare
from tombola.analysis.contrasts import Contrast, against_controls, against_dense
from tombola.analysis.gaps import Gap, gaps
from tombola.analysis.holm import holm
from tombola.analysis.intervals import Interval, mean_and_errors, mean_interval, paired_difference
from tombola.analysis.measures import MEASURES, Measure, measure_named
from tombola.analysis.member import Member
from tombola.analysis.needs import power_note, typical_need
from tombola.analysis.paired import Difference, paired_test, unpaired_test
from tombola.analysis.power import paired_power, replicates_needed
from tombola.analysis.reach import Reach, reach
from tombola.analysis.standing import Standing, standings
from tombola.analysis.summary import Quantity, Row, level_densities, replicate_values, summarise, summary_table
from tombola.analysis.verdict import Verdict, verdict
from tombola.lazy import importer

if TYPE_CHECKING:
    from tombola.analysis.inspect_masks import inspect_mask
    from tombola.analysis.inspect_networks import inspect_run, inspect_ticket
    from tombola.analysis.inspect_structure import LayerStructure, Structure
    from tombola.analysis.inspect_tables import structure_document, structure_table

HOMES = {
    "LayerStructure": "inspect_structure",
    "Structure": "inspect_structure",
    "inspect_mask": "inspect_masks",
    "inspect_run": "inspect_networks",
    "inspect_ticket": "inspect_networks",
    "structure_document": "inspect_tables",
    "structure_table": "inspect_tables",
}

__all__ = [
    "MEASURES",
    "Against",
    "Comparison",
    "Contrast",
    "Difference",
    "Gap",
    "Interval",
    "LayerStructure",
    "Measure",
    "Member",
    "Quantity",
    "Reach",
    "Row",
    "Standing",
    "Structure",
    "Verdict",
    "against_controls",
    "against_dense",
    "compare",
    "gaps",
    "holm",
    "inspect_mask",
    "inspect_run",
    "inspect_ticket",
    "level_densities",
    "mean_and_errors",
    "mean_interval",
    "measure_named",
    "paired_difference",
    "paired_power",
    "paired_test",
    "power_note",
    "reach",
    "replicate_values",
    "replicates_needed",
    "standings",
    "structure_document",
    "structure_table",
    "summarise",
    "summary_table",
    "typical_need",
    "unpaired_test",
    "verdict",
]

__getattr__ = importer(__name__, {name: f"{__name__}.{home}" for name, home in HOMES.items()})
