"""From a run to maps of its networks over levels, what metrics say about them, and whether the method is sane."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from tombola.explain.attribute import Attribution
from tombola.explain.beside import Dense, explain_all
from tombola.explain.measuring import measured
from tombola.explain.methods import baselines, find_method, methods
from tombola.explain.metrics import metric_names, metrics
from tombola.explain.network import ExplainedNetwork, explain_views
from tombola.explain.pictures import Pictures, pictures
from tombola.explain.plan import Plan
from tombola.explain.sanity import Finding, Question, check_sanity, checks, default_checks, permuted_network
from tombola.store import Run
from tombola.store.folder import TICKET

RANDOM = "random"
SANITY_IMAGES = 16
"""Images that sanity checks look at, at most: each needs maps of many networks."""


@dataclass(frozen=True, eq=False)
class Explained:
    """The maps of one network."""

    view: ExplainedNetwork
    found: Attribution


@dataclass(frozen=True, eq=False)
class Exploration:
    """Explanations of a run's networks.

    Attributes
    ----------
    run
        Its name.
    plan
        What was asked.
    shown
        The images.
    explained
        Maps, network by network, in order of level, control and replicate.
    values
        One row per network, image and metric (`tombola.explain.measuring.VALUES`). Baselines are measured on the
        densest networks, and the random one on every ticket: what a network loses without any pixels differs between
        networks.
    findings
        Of the sanity checks, on the densest networks and on the sparsest tickets.
    """

    run: str
    plan: Plan
    shown: Pictures
    explained: tuple[Explained, ...]
    values: pd.DataFrame
    findings: tuple[Finding, ...]


def explore(run: Run, plan: Plan | None = None, tell: Callable[[str], None] = lambda _: None) -> Exploration:
    """Explain the networks of a run, measure the explanations, and check the method.

    Parameters
    ----------
    run
        An opened run.
    plan
        What is asked; by default Grad-CAM of the last convolution, of all levels and replicates, for 16 test images.
    tell
        Told what is being done, line by line.

    Raises
    ------
    TombolaError
        Before anything is computed, if something named does not exist.
    """
    plan = plan or Plan()
    find_method(plan.method, plan.options)
    names = [name for name in (metric_names() if plan.metrics is None else plan.metrics) if metrics[name]]
    asked = [name for name in (default_checks() if plan.sanity is None else plan.sanity) if checks[name]]
    views = explain_views(run, plan.levels, plan.replicates, plan.controls, stage=plan.stage)
    shown = pictures(run, plan.part, plan.images, plan.indices)
    dense = Dense(run, plan, shown)
    tickets = [view for view in views if view.control == TICKET] or views
    densest = [view for view in tickets if view.level == tickets[0].level]
    # a baseline does not know the network, so that neither a dense one nor noise can change it
    plain = [name for name in names if metrics[name].family != "change" and "explain" not in metrics[name].needs]
    explained, rows = [], []
    for number, view in enumerate(views):
        tell(f"{number + 1:>3}/{len(views)}  {view.label}, density {100 * view.density:.2f} %")
        module, judge = view.module(), dense.judge(view)
        found = explain_all(module, shown, plan)
        dense.keep(view, found)
        explained.append(Explained(view, found))
        rows.append(measured(view, found, shown, plan, names, module, dense.maps(view), judge))
        for baseline in _beside(plan, view, densest):
            other = explain_all(module, shown, plan, baseline)
            rows.append(measured(view, other, shown, plan, plain, module, None, judge))
    few = shown.take(range(min(SANITY_IMAGES, len(shown))))
    findings: list[Finding] = []
    # what can be believed of a dense network may not hold of a sparse one
    for level in dict.fromkeys((tickets[0].level, tickets[-1].level)):
        names = [name for name in asked if level == tickets[0].level or checks[name].default]
        if not names:
            continue
        tell(f"sanity checks at level {level}: {', '.join(names)}")
        asking = [question(run, view, few, plan) for view in tickets if view.level == level]
        findings += check_sanity(asking, names, f"level {level}")
    values = pd.concat([frame for frame in rows if len(frame)] or rows[:1], ignore_index=True)
    return Exploration(run.path.resolve().name, plan, shown, tuple(explained), values, tuple(findings))


def _beside(plan: Plan, view: ExplainedNetwork, densest: list[ExplainedNetwork]) -> list[str]:
    if plan.method not in methods or view.control != TICKET:
        return []
    return list(baselines) if view in densest else [RANDOM]


def question(run: Run, view: ExplainedNetwork, shown: Pictures, plan: Plan) -> Question:
    """Return what sanity checks ask about the plan's method on one network."""
    return Question(
        view.module(),
        shown.images,
        plan.method,
        plan.layer,
        plan.score,
        plan.options,
        shown.labels if plan.target == "true" else plan.target,
        lambda: permuted_network(run, view.replicate),
        seed=plan.seed,
    )
