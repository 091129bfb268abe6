"""Analyses of networks with their figures. Adding one is a module here that registers it, and a line below."""

from tombola.plots.analyses.registry import Analysis, Material, Result, analyses

__all__ = ["Analysis", "Material", "Result", "analyses"]
