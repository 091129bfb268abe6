"""Arguments of ``tombola explain``, and the plans they come to."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import tyro

from tombola.errors import TombolaError

if TYPE_CHECKING:
    from tombola.explain.plan import Plan
    from tombola.store import Run

T = TypeVar("T")
Several = tyro.conf.UseAppendAction[tuple[tuple[T, ...], ...]]
"""Values of a flag that may be given again: each time some more, in order."""


@dataclass
class Common:
    """What both actions are told about images and methods."""

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="a run folder", metavar="RUN")]
    method: Annotated[
        Several[str], tyro.conf.arg(help="explanation methods, or baselines [grad-cam]", metavar="NAME ...")
    ] = ()
    layer: Annotated[str, tyro.conf.arg(help="last_conv, last_relu, last_pool or a module's name", metavar="NAME")] = (
        "last_conv"
    )
    target: Annotated[str, tyro.conf.arg(help="class explained: predicted or true", metavar="WHICH")] = "predicted"
    score: Annotated[str, tyro.conf.arg(help="what is explained: logit or log_prob", metavar="WHICH")] = "logit"
    set: Annotated[
        Several[str], tyro.conf.arg(help="options of the methods, as name=value", metavar="NAME=VALUE ...")
    ] = ()
    images: Annotated[int, tyro.conf.arg(help="how many images, evenly spaced; 0 for all", metavar="N")] = 16
    part: Annotated[str, tyro.conf.arg(help="test, validation or train", metavar="NAME")] = "test"
    indices: Annotated[
        Several[int], tyro.conf.arg(help="exactly these images of the part instead", metavar="I ...")
    ] = ()
    replicates: Annotated[Several[int], tyro.conf.arg(help="which replicates [all]", metavar="R ...")] = ()
    stage: Annotated[str, tyro.conf.arg(help="weights: trained, early_stop or initial", metavar="NAME")] = "trained"
    renderer: Annotated[str, tyro.conf.arg(help="heatmap, window, blur-fade, contour, ...", metavar="NAME")] = "heatmap"
    seed: Annotated[int, tyro.conf.arg(help="for methods and metrics that draw", metavar="N")] = 0
    out: Annotated[Path | None, tyro.conf.arg(help="folder to write to [RUN/explain/METHOD]", metavar="DIR")] = None
    trust: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="import the plug-ins the run names")] = (
        False
    )


def plans(options: Common, run: "Run", **more: Any) -> "list[Plan]":
    """Return one plan per method, every name of it checked.

    Raises
    ------
    TombolaError
        If there is no such method, option, target, score or renderer.
    """
    from tombola.errors import nearest
    from tombola.explain.methods import find_method
    from tombola.explain.plan import Plan
    from tombola.explain.render import renderers
    from tombola.explain.scene import SCORES

    for field, value, known in (("target", options.target, ("predicted", "true")), ("score", options.score, SCORES)):
        if value not in known:
            raise TombolaError(f"--{field} {value}{nearest(value, known)}")
    renderers[options.renderer]
    methods = list(dict.fromkeys(chain(*options.method))) or ["grad-cam"]
    if options.out is not None and len(methods) > 1:
        raise TombolaError(f"--out names one folder, and there are {len(methods)} methods; leave it out, or name one")
    settings = dict(setting(text) for text in chain(*options.set))
    for method in methods:
        find_method(method, settings)
    return [
        Plan(
            method=method,
            layer=options.layer,
            target=options.target,
            score=options.score,  # type: ignore[arg-type]
            replicates=[*chain(*options.replicates)] or None,
            stage=options.stage,  # type: ignore[arg-type]
            part=options.part,
            images=options.images,
            indices=[*chain(*options.indices)] or None,
            options=settings,
            seed=options.seed,
            **more,
        )
        for method in methods
    ]


def setting(text: str) -> tuple[str, Any]:
    """Return an option's name and value: a number where it is one.

    Examples
    --------
    >>> setting("masks=500"), setting("spread=0.2")
    (('masks', 500), ('spread', 0.2))
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise TombolaError(f"--set {text}: give name=value, such as masks=500")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value
