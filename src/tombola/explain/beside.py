"""Dense networks beside those that are explained: what maps are held against, and who judges windows."""

import numpy as np
from jaxtyping import Float
from torch import nn

from tombola.errors import TombolaError
from tombola.explain.attribute import Attribution, attribute
from tombola.explain.network import ExplainedNetwork, explain_views
from tombola.explain.pictures import Pictures
from tombola.explain.plan import Plan
from tombola.store import Run
from tombola.store.folder import TICKET


class Dense:
    """The dense networks of a run, whether or not they are among those that are explained."""

    def __init__(self, run: Run, plan: Plan, shown: Pictures) -> None:
        self.plan, self.shown = plan, shown
        try:
            views = explain_views(run, levels=[0], stage=plan.stage)
        except TombolaError:  # an unfinished run may have none
            views = []
        self.views = {view.replicate: view for view in views}
        self.known: dict[int, Float[np.ndarray, "n y x"]] = {}

    def maps(self, view: ExplainedNetwork) -> Float[np.ndarray, "n y x"] | None:
        """Return the maps of the dense network of the same replicate; None for that one itself."""
        if view.replicate not in self.views or (view.level == 0 and view.control == TICKET):
            return None
        if view.replicate not in self.known:
            found = explain_all(self.views[view.replicate].module(), self.shown, self.plan)
            self.known[view.replicate] = found.maps
        return self.known[view.replicate]

    def keep(self, view: ExplainedNetwork, found: Attribution) -> None:
        """Take over maps that were made already."""
        if view.level == 0 and view.control == TICKET:
            self.known[view.replicate] = found.maps

    def judge(self, view: ExplainedNetwork) -> nn.Module | None:
        """Return the dense network of the next replicate; None where there is no other one."""
        others = [replicate for replicate in sorted(self.views) if replicate != view.replicate]
        after = [replicate for replicate in others if replicate > view.replicate]
        return self.views[(after or others)[0]].module() if others else None


def explain_all(module: nn.Module, shown: Pictures, plan: Plan, method: str | None = None) -> Attribution:
    """Return maps of a network by the plan's method, or by another one without options."""
    return attribute(
        module,
        shown.images,
        method or plan.method,
        plan.layer,
        plan.target,
        shown.labels,
        plan.score,
        seed=plan.seed,
        options=plan.options if method is None else None,
    )
