"""The table of scores: what the last round of scoring found, parameter by parameter."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from tombola.errors import TombolaError
from tombola.experiments.procedures.context import LevelContext
from tombola.networks import build, layer_graph
from tombola.pruning import Rounds
from tombola.pruning.flops import count_flops

STATISTICS = ("mean", "variance", "sum")


def score_rows(context: LevelContext, rounds: Rounds) -> list[dict[str, Any]]:
    """Return one row per parameter (sparse-analysis reference, section 3.2).

    Columns: module, parameter, density after the last round, size, shape, flops (multiply-adds of the dense layer for
    one image), mean, variance and sum of the scores of all weights of the tensor and of their absolute values, and
    whether it is prunable. Scores are those that the last round went by; variances are of the population. What is not
    prunable has no scores; networks without a layer graph have no FLOPs.
    """
    module = build(context.spec.network, context.shape.input_shape, context.shape.classes, device="meta")
    try:
        flops = {row.name: row.dense for row in count_flops(layer_graph(module, context.shape.input_shape))}
    except TombolaError:
        flops = {}
    left, sizes = rounds.mask.remaining(), rounds.mask.sizes()
    rows = []
    for name, parameter in module.named_parameters():
        part, _, short = name.rpartition(".")
        scored = rounds.scores.get(name)
        rows.append(
            {
                "module": part,
                "parameter": short,
                "density": left[name] / sizes[name] if name in sizes else 1.0,
                "size": parameter.numel(),
                "shape": "x".join(map(str, parameter.shape)),
                "flops": flops.get(name, flops.get(part, "") if short == "weight" else ""),
                **_statistics("score", scored),
                **_statistics("score_abs", None if scored is None else scored.abs()),
                "prunable": name in sizes,
            }
        )
    return rows


def _statistics(prefix: str, values: Tensor | None) -> Mapping[str, Any]:
    if values is None:
        return {f"{prefix}_{name}": "" for name in STATISTICS}
    exact = values.detach().to("cpu").double()
    numbers = (exact.mean(), exact.var(correction=0), exact.sum())
    return {f"{prefix}_{name}": float(number) for name, number in zip(STATISTICS, numbers, strict=True)}
