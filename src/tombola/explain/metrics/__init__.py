"""Numbers about explanations: whether they tell the truth, show the object, change when weights go."""

from tombola.explain.metrics import change, localisation, recognition, removal, road, robustness, shape
from tombola.explain.metrics.case import Case
from tombola.explain.metrics.metric import Metric, measure, metric_names, metrics

__all__ = [
    "Case",
    "Metric",
    "change",
    "localisation",
    "measure",
    "metric_names",
    "metrics",
    "recognition",
    "removal",
    "road",
    "robustness",
    "shape",
]
