"""From the tensors of a stored network to its facts."""

import torch
from torch import Tensor

from tombola.interop.sparse_analysis.architecture import architecture
from tombola.interop.sparse_analysis.arguments import recorded_density, recorded_method
from tombola.interop.sparse_analysis.discover import Stored
from tombola.interop.sparse_analysis.facts import Facts, Layer, Outside
from tombola.interop.sparse_analysis.labels import DENSE
from tombola.interop.sparse_analysis.snapshot import Snapshot, tensor_digest

SAME_SHRINK = 1e-3
"""Relative difference of quotients that float32 arithmetic makes."""

TINY = 1e-12
HUGE = 1e12
"""No weight, score or statistic of these networks comes near it."""


def measure(stored: Stored) -> Facts:
    """Return a network's facts."""
    states = stored.states
    last = states.last
    assert last is not None
    arguments, table = stored.arguments, stored.table
    recorded = recorded_method(arguments, table)
    nominal, effective, marks = last.nominal(), last.effective(), last.weights()
    whole = all(bool(keep.all()) for keep in effective.values())
    own = DENSE if whole and (states.trained or recorded == DENSE) and stored.family == "synaptic-flow" else None
    method = stored.label.method or own or recorded or ("gem-miner" if stored.family == "gem-miner" else "unknown")
    before = states.before or states.trained
    return Facts(
        stored.name,
        stored.place,
        stored.family,
        stored.label,
        method,
        architecture(last),
        recorded,
        recorded_density(arguments, table),
        layers={
            name: Layer(value.numel(), int(nominal[name].sum()), int(effective[name].sum()))
            for name, value in marks.items()
        },
        roles=tuple(states.known()),
        digests=_digests(stored),
        frozen=_frozen(states.initial, states.before),
        mask_changed=_mask_changed(states.before, states.trained),
        not_finite=_not_finite(stored),
        impossible=_impossible(stored),
        dummies=sum(int(((value != 0) & (value != 1)).sum()) for value in _flags_of_biases(last)),
        outside=_outside(states.trained, states.initial or states.before),
        score_square=_score_square(before),
        log=stored.log,
        checks=stored.checks,
        arguments=arguments,
        unread=stored.unread,
        table=table,
    )


def _digests(stored: Stored) -> dict[str, str]:
    states, found = stored.states, {}
    first = states.initial or states.before
    if first is not None:
        found["initial"] = tensor_digest(first.weights())
    if states.initial is not None and states.initial.scores():
        found["scores"] = tensor_digest(states.initial.scores())
    masked = states.trained or states.before
    if masked is not None:
        found["mask"] = tensor_digest(masked.effective())
    if states.trained is not None:
        found["trained"] = tensor_digest(states.trained.weights())
    return found


def _frozen(initial: Snapshot | None, before: Snapshot | None) -> tuple[int, float]:
    if initial is None or before is None:
        return 0, 0.0
    changed, largest = 0, 0.0
    after = before.weights()
    for name, value in initial.weights().items():
        if name not in after or after[name].shape != value.shape:
            return value.numel(), float("nan")
        differs = after[name] != value
        changed += int(differs.sum())
        if differs.any():
            largest = max(largest, float((after[name] - value).abs().max()))
    return changed, largest


def _mask_changed(before: Snapshot | None, trained: Snapshot | None) -> int:
    if before is None or trained is None:
        return 0
    other = trained.effective()
    return sum(int((keep != other[name]).sum()) for name, keep in before.effective().items() if name in other)


def _not_finite(stored: Stored) -> dict[str, int]:
    found = {}
    for state in stored.states.known().values():
        dummies = state.dummies()
        for name, value in state.tensors.items():
            bad = value.numel() - int(torch.isfinite(value).sum()) if value.is_floating_point() else 0
            if bad and name not in dummies:
                found[f"{state.path.name}: {name}"] = bad
    return found


def _impossible(stored: Stored) -> dict[str, int]:
    """Return entries that a tensor of its kind cannot have: what memory that nobody wrote to looks like."""
    found = {}
    for state in stored.states.known().values():
        parts = [(mark, (mark != 0) & (mark != 1)) for mark in state.marks().values()]
        parts += [(score, (score < 0) | (score > 1)) for score in state.scores().values()]
        parts += [(value, value.abs() > HUGE) for value in (*state.weights().values(), *_floats(state.rest()))]
        names = [f"{name}.mask" for name in state.layers] + [f"{name}.scores" for name in state.scores()]
        names += [*state.layers, *(name for name, value in state.rest().items() if value.is_floating_point())]
        for name, (_, wrong) in zip(names, parts, strict=True):
            if int(wrong.sum()):
                found[f"{state.path.name}: {name}"] = int(wrong.sum())
    return found


def _floats(tensors: dict[str, Tensor]) -> list[Tensor]:
    return [value for value in tensors.values() if value.is_floating_point()]


def _flags_of_biases(state: Snapshot) -> list[Tensor]:
    return [value for name, value in state.dummies().items() if name.endswith("bias_flag")]


def _outside(trained: Snapshot | None, reference: Snapshot | None) -> Outside | None:
    if trained is None:
        return None
    weights, effective, nominal = trained.weights(), trained.effective(), trained.nominal()
    before = reference.weights() if reference is not None and reference is not trained else {}
    pruned = sum(int((~keep).sum()) for keep in effective.values())
    nonzero = sum(int(torch.count_nonzero(weights[name][~keep])) for name, keep in effective.items())
    zero = sum(int((weights[name][keep] == 0).sum()) for name, keep in effective.items())
    support = sum(int(torch.count_nonzero(weights[name][keep])) for name, keep in nominal.items())
    quotients = [
        _quotients(before[name][~keep].double(), weights[name][~keep].double())
        for name, keep in effective.items()
        if name in before and before[name].shape == keep.shape
    ]
    quotients = [found for found in quotients if len(found)]
    if not quotients or not nonzero:
        return Outside(pruned, nonzero, None, 0, zero, support)
    return Outside(pruned, nonzero, float(torch.cat(quotients).median()), sum(map(_moved, quotients)), zero, support)


def _quotients(before: Tensor, after: Tensor) -> Tensor:
    known = (before.abs() > TINY) & torch.isfinite(before) & torch.isfinite(after)
    return after[known] / before[known]


def _moved(quotients: Tensor) -> int:
    """Return how many quotients of one layer are not the usual one."""
    usual = float(quotients.median())
    return int(((quotients - usual).abs() > SAME_SHRINK * max(abs(usual), TINY)).sum())


def _score_square(state: Snapshot | None) -> float | None:
    if state is None or not state.scores():
        return None
    return float(sum((score.double() ** 2).sum() for score in state.scores().values()))
