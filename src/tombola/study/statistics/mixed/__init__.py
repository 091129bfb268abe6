"""Mixed multinomial model of pairwise votes: crossed effects of workers and images on preference and on deciding."""

from tombola.study.statistics.mixed.average import Average, average
from tombola.study.statistics.mixed.fit import Mixed, mixed_multinomial
from tombola.study.statistics.mixed.spread import Spread, spread
from tombola.study.statistics.mixed.table import mixed_tables

__all__ = ["Average", "Mixed", "Spread", "average", "mixed_multinomial", "mixed_tables", "spread"]
