"""Stored networks of SynFlow, random and Gem-Miner masks as run folders, and what is wrong with them."""

from tombola.interop.sparse_analysis.importing import FORMATS, Collection, import_networks
from tombola.interop.sparse_analysis.integrity import Finding, checks, inspect

__all__ = ["FORMATS", "Collection", "Finding", "checks", "import_networks", "inspect"]
