"""Edge-popup as a procedure: every level is a search of its own (`tombola.search.edge_popup`)."""

from tombola.experiments.procedures.searching import register

register("edge-popup")
