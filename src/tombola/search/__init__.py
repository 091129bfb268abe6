"""Score-trained masks: weights stay as initialised, a score for each is trained, and the best scored weights remain."""

from tombola.search import edge_popup, gem_miner, probabilistic
from tombola.search.course import conduct
from tombola.search.method import Method
from tombola.search.registry import Search, SearchRule, searches
from tombola.search.task import SearchResult, SearchTask, search_steps

__all__ = [
    "Method",
    "Search",
    "SearchResult",
    "SearchRule",
    "SearchTask",
    "conduct",
    "edge_popup",
    "gem_miner",
    "probabilistic",
    "search_steps",
    "searches",
]
