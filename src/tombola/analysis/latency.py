"""Is it faster or smaller? File size and inference time of one masked network in every form it can be run in."""

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from tombola.analysis.latency_variants import Answer, Variant, variants
from tombola.errors import TombolaError
from tombola.pruning import Mask

BATCHES = (1, 64, 1024)
TOLERANCE = 1e-5
"""Largest difference of a logit from that of the masked network, in units of the largest logit of the batch."""

LEAST_SECONDS = 0.002
"""A measurement repeats what takes less."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Timing:
    """Time of one batch: the median of the repeats."""

    batch: int
    milliseconds: float

    @property
    def images_per_second(self) -> float:
        """Throughput."""
        return 1000 * self.batch / self.milliseconds


@dataclass(frozen=True)
class LatencyRow:
    """One form of the network.

    Attributes
    ----------
    name
        Which form.
    bytes
        Size of its file; None where it cannot take this form.
    difference
        Largest difference of a logit from that of the masked network, in units of the largest logit; None where it is
        not compared.
    timings
        By batch; empty where it cannot take this form, or answers differently.
    note
        What a reader must know.
    """

    name: str
    bytes: int | None
    difference: float | None
    timings: tuple[Timing, ...]
    note: str


@dataclass(frozen=True)
class LatencyTable:
    """What `measure_latency` found, and how it was measured."""

    rows: tuple[LatencyRow, ...]
    density: float
    batches: tuple[int, ...]
    threads: int
    repeats: int
    tolerance: float

    @property
    def unequal(self) -> tuple[str, ...]:
        """Names of the forms that answer differently; that is a defect."""
        return tuple(row.name for row in self.rows if row.difference is not None and not self.agrees(row.difference))

    def agrees(self, difference: float) -> bool:
        """Return whether a difference is within the tolerance; NaN is not."""
        return difference <= self.tolerance

    def plain(self) -> dict[str, Any]:
        """Return everything as plain data, throughput included."""
        data = asdict(self)
        for row, found in zip(data["rows"], self.rows, strict=True):
            row["timings"] = [asdict(t) | {"images_per_second": t.images_per_second} for t in found.timings]
        return data


def measure_latency(
    module: nn.Module,
    mask: Mask,
    input_shape: Sequence[int],
    *,
    batches: Sequence[int] = BATCHES,
    repeats: int = 15,
    threads: int = 1,
    clock: Clock = perf_counter,
) -> LatencyTable:
    """Compare the forms of a masked network on this machine's processor.

    Every form first answers the same random images; one whose answers differ is not timed. Then the forms take turns,
    so that what disturbs the machine disturbs all alike, and the median of the repeats counts.

    Parameters
    ----------
    module
        The network; it is not changed.
    mask
        Which weights remain.
    input_shape
        Of one image: (channels, height, width).
    batches
        Images at a time.
    repeats
        Measurements of each form and batch.
    threads
        Of PyTorch; the sparse engine uses one in any case.
    clock
        Returns seconds.

    Raises
    ------
    TombolaError
        If the network does not take such images or its answers are not finite, or a number is not positive.
    """
    for name, value in (("batches", min(batches, default=0)), ("repeats", repeats), ("threads", threads)):
        if value < 1:
            raise TombolaError(f"{name} must be positive, not {value}")
    forms = list(variants(module, mask, input_shape))
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (max(batches), *input_shape), dtype=torch.uint8, generator=generator)
    differences: dict[str, float] = {}
    times: dict[str, list[Timing]] = {form.name: [] for form in forms}
    with _threads(threads), torch.inference_mode():
        for batch in batches:
            ready = {form.name: form.prepare(images[:batch]) for form in forms if form.prepare is not None}
            wanted = ready["masked"]()
            if not wanted.isfinite().all():
                raise TombolaError("the network answers with infinities or NaN; choose another level or state")
            for form in forms:
                if form.same and form.name in ready:
                    found = _difference(ready[form.name](), wanted)
                    differences[form.name] = _largest(found, differences.get(form.name, 0.0))
            equal = {name: answer for name, answer in ready.items() if differences.get(name, 0.0) <= TOLERANCE}
            for name, seconds in _timed(equal, repeats, clock).items():
                times[name].append(Timing(batch, 1000 * seconds))
    rows = tuple(_row(form, differences.get(form.name), times[form.name], len(batches)) for form in forms)
    return LatencyTable(rows, mask.density, tuple(batches), threads, repeats, TOLERANCE)


def _row(form: Variant, difference: float | None, timings: Sequence[Timing], wanted: int) -> LatencyRow:
    complete = len(timings) == wanted
    compared = difference if form.name != "masked" else None
    note = form.note if complete or form.prepare is None else f"answers differ, so it is not timed; {form.note}"
    return LatencyRow(form.name, form.bytes, compared, tuple(timings) if complete else (), note)


def _timed(answers: dict[str, Answer], repeats: int, clock: Clock) -> dict[str, float]:
    """Return the median seconds of each, measured in turns."""
    found: dict[str, list[float]] = {name: [] for name in answers}
    counts = {name: max(1, round(LEAST_SECONDS / max(_seconds(answers[name], 1, clock), 1e-7))) for name in answers}
    for _ in range(repeats):
        for name, answer in answers.items():
            found[name].append(_seconds(answer, counts[name], clock))
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def _seconds(answer: Answer, count: int, clock: Clock) -> float:
    begin = clock()
    for _ in range(count):
        answer()
    return (clock() - begin) / count


def _difference(given: Tensor, wanted: Tensor) -> float:
    """Return the largest difference in units of the largest number wanted, or as it is where all are zero."""
    return float((given - wanted).abs().max()) / (float(wanted.abs().max()) or 1.0)


def _largest(first: float, second: float) -> float:
    return first if math.isnan(first) or first > second else second


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
