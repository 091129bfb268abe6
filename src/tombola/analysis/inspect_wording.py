"""What there is to say of inspected networks besides their numbers, and how those are written."""

import math
from collections.abc import Iterator, Sequence

from tombola.analysis.inspect_structure import Structure
from tombola.analysis.wording import DASH, level_names, listing
from tombola.store.folder import TICKET

PREFIXES = ("", " k", " M", " G", " T")
TINY = 1e-5
NAMED = 3
"""Collapsed layers that a warning names."""


def reasons(networks: Sequence[Structure]) -> list[str]:
    """Return why paths are not known, a sentence for each reason."""
    whys = dict.fromkeys(network.why for network in networks if network.why)
    return [f"Paths and multiply-adds are not known: {why}." for why in whys]


def warnings(networks: Sequence[Structure]) -> list[str]:
    """Return what is wrong with networks: collapse, and effective densities that are not the nominal ones.

    What is true of several levels of a replicate is said once.
    """
    told: dict[tuple[str, str], list[int]] = {}
    for network in networks:
        for sentence in _warnings(network):
            told.setdefault((_whose(network), sentence), []).append(0 if network.job is None else network.job.level)
    return [whose.format(levels=level_names(levels)) + sentence for (whose, sentence), levels in told.items()]


def digits(value: float) -> str:
    """Return a number with three digits, without an exponent unless it is tiny.

    Examples
    --------
    >>> digits(0.034912), digits(1.0), digits(0.0000612), digits(10482.0), digits(math.nan)
    ('0.0349', '1', '0.0000612', '10,482', '–')
    """
    if math.isnan(value):
        return DASH
    if 0 < abs(value) < TINY:
        return f"{value:.0e}"
    if abs(value) >= 100 or value == 0:
        return f"{value:,.0f}"
    text = f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def whole_number(value: float) -> str:
    """Return a count, or a mean of counts, without decimals.

    Examples
    --------
    >>> whole_number(119400.0), whole_number(math.nan)
    ('119,400', '–')
    """
    return DASH if math.isnan(value) else f"{value:,.0f}"


def large(value: float) -> str:
    """Return a large number with three digits and a unit.

    Examples
    --------
    >>> large(313_478_144.0), large(640.0), large(999_900.0)
    ('313 M', '640', '1 M')
    """
    if math.isnan(value):
        return DASH
    step = 0
    while value >= 999.5 and step < len(PREFIXES) - 1:
        value, step = value / 1000, step + 1
    return f"{value:.3g}{PREFIXES[step]}"


def _whose(network: Structure) -> str:
    """Return where a sentence about a network begins, with a place for its levels."""
    job = network.job
    if job is None:
        return "This network: "
    control = "" if job.control == TICKET else f", {job.control} {job.repetition}"
    return f"Replicate {job.replicate}, {{levels}}{control}: "


def _warnings(network: Structure) -> Iterator[str]:
    if network.differs and network.nominal is not None:
        said = digits(network.nominal / network.total)
        yield f"the effective density {digits(network.density)} is more than 1 % off the nominal {said}."
    if network.collapsed:
        yield "no path leads from input to output, the network has collapsed."
    elif network.collapsed_layers:
        names = [name.removesuffix(".weight") for name in network.collapsed_layers]
        more = len(names) - NAMED
        yield f"nothing remains of {listing([*names[:NAMED], *([f'{more} more'] if more > 0 else [])])}."
