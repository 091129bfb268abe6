"""Valid inference on answers that share people and images. Every test states what it takes as independent."""

from tombola.study.statistics.agreement import Alpha, alpha, gold_accuracy, retest_agreement, retests, unit_counts
from tombola.study.statistics.analysis import valid_analysis
from tombola.study.statistics.bootstrap import Percentiles, bootstrap_difference, bootstrap_mean
from tombola.study.statistics.class_effects import ClassEffects, class_effects
from tombola.study.statistics.clustered import Estimate, clustered_difference, clustered_mean, clustered_share
from tombola.study.statistics.contingency import ChiSquared, contingency
from tombola.study.statistics.covariance import Variance, two_way_covariance, two_way_variance
from tombola.study.statistics.dose import DoseResponse, dose_response
from tombola.study.statistics.doses import Dose, outcomes_by_dose
from tombola.study.statistics.equivalence import Equivalence, tost
from tombola.study.statistics.families import adjust
from tombola.study.statistics.filters import Filter, batch_filters, quality_filters, sensitivity
from tombola.study.statistics.image_level import ImageLevel, image_level, margins
from tombola.study.statistics.mixed import Mixed, mixed_multinomial, mixed_tables
from tombola.study.statistics.recognition import accuracy_table, difference_table, friedman, majority_table
from tombola.study.statistics.strengths import Strengths, bradley_terry, davidson, strengths_table
from tombola.study.statistics.tables import Analysis
from tombola.study.statistics.tasks import change_table, task_accuracy, trust_table
from tombola.study.statistics.votes import Pair, Votes, decisive, pair_counts, pairs_of

__all__ = [
    "Alpha",
    "Analysis",
    "ChiSquared",
    "ClassEffects",
    "Dose",
    "DoseResponse",
    "Equivalence",
    "Estimate",
    "Filter",
    "ImageLevel",
    "Mixed",
    "Pair",
    "Percentiles",
    "Strengths",
    "Variance",
    "Votes",
    "accuracy_table",
    "adjust",
    "alpha",
    "batch_filters",
    "bootstrap_difference",
    "bootstrap_mean",
    "bradley_terry",
    "change_table",
    "class_effects",
    "clustered_difference",
    "clustered_mean",
    "clustered_share",
    "contingency",
    "davidson",
    "decisive",
    "difference_table",
    "dose_response",
    "friedman",
    "gold_accuracy",
    "image_level",
    "majority_table",
    "margins",
    "mixed_multinomial",
    "mixed_tables",
    "outcomes_by_dose",
    "pair_counts",
    "pairs_of",
    "quality_filters",
    "retest_agreement",
    "retests",
    "sensitivity",
    "strengths_table",
    "task_accuracy",
    "tost",
    "trust_table",
    "two_way_covariance",
    "two_way_variance",
    "unit_counts",
    "valid_analysis",
]
