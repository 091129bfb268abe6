"""Training compared (signs reference, section 9): what networks reach, by which way, on which data, beside parents."""

from tombola.analysis.training.course import mean_course, records_table
from tombola.analysis.training.names import Training, trainings_of_runs, trainings_of_views
from tombola.analysis.training.outcomes import chosen_point, comparison, outcomes, parents, time_to_parent, transfer

__all__ = [
    "Training",
    "chosen_point",
    "comparison",
    "mean_course",
    "outcomes",
    "parents",
    "records_table",
    "time_to_parent",
    "trainings_of_runs",
    "trainings_of_views",
    "transfer",
]
