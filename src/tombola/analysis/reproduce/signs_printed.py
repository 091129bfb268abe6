"""Numbers as "LTHSignDistributions" (2024) and its reference page print them, and how exactly that is."""

from decimal import Decimal
from typing import Final

from tombola.analysis.reproduce.cells import Cell

MEASURES: Final = ("jsd", "wsd", "hd", "tv", "chi2", "hc", "hi")

P_VALUES: Final = """
prune_rate_in H1 6.95e-83 0 1.79e-76 0 3.43e-88 1 4.92e-107 6
prune_rate_in H2 1.46e-192 1.3e-114 1.68e-150 2.01e-16 3.58e-181 1.09e-122 2.59e-155 7
prune_rate_in H3 1.22e-26 7.6e-64 1.67e-26 .0646 9.44e-27 6.34e-11 6.26e-30 6
prune_rate_in H4 1.34e-95 0 2.46e-79 0 1.51e-113 1 6.13e-178 6
prune_rate_out H1 7.25e-144 0 7.32e-174 2.57e-193 1.41e-145 9.62e-16 3.6e-158 7
prune_rate_out H2 1.42e-211 8.96e-163 8.68e-214 1.22e-43 4.77e-219 1.15e-141 1.05e-204 7
prune_rate_out H3 6.53e-167 1.58e-154 6.4e-171 2.37e-39 6.3e-168 7.88e-108 2.32e-167 7
prune_rate_out H4 1.33e-08 0 5.4e-08 1.24e-154 3.84e-08 1 1.71e-09 6
sign_rate_in H1 1.32e-08 7.51e-102 8.58e-09 8.87e-05 1.96e-08 .0015 1.95e-08 7
sign_rate_in H2 1.45e-58 7.69e-189 3.6e-58 3.74e-65 1.77e-58 1.54e-32 8.71e-58 7
sign_rate_in H3 .000375 1.3e-112 .000429 9.55e-08 .000338 .00926 .000206 7
sign_rate_in H4 .000231 .0384 .000116 .972 .000413 .157 .000911 5
sign_rate_out H1 1 5.83e-113 1 .00482 1 1 .825 2
sign_rate_out H2 4.4e-97 8.21e-105 9.4e-91 .0405 1.59e-96 6.18e-28 7.59e-99 7
sign_rate_out H3 8.05e-20 1.4e-70 2.17e-19 .254 3.91e-20 .0301 1.06e-26 6
sign_rate_out H4 1 5.25e-14 1 .00984 1 1 1 2
"""
"""Of dense1, by variable and hypothesis: p-values of the seven measures, then how many accept (section 5)."""

ACCEPTED_BY_HYPOTHESIS: Final = {"H1": 22, "H2": 28, "H3": 26, "H4": 19}
ACCEPTED_BY_MEASURE: Final = {"wsd": 16, "jsd": 14, "hd": 14, "chi2": 14, "hi": 14, "tv": 13, "hc": 10}

SPOTS: Final = """
prune_rate_in .580305 3.98062e-05 .91424 .0123967 .838843 1.68393 .85124
prune_rate_in .611161 .00301274 .935637 .0351562 .888262 1.58478 .914579
prune_rate_out .07672 .00160883 .308038 .0289256 .128399 .31138 .268595
prune_rate_out .115187 .00829761 .371875 .0615961 .195429 .42185 .343621
sign_rate_in .687419 2.40962e-05 .995859 .0123967 .991736 1.97205 .991736
sign_rate_in .684794 .000189782 .993955 .0117188 .987952 1.94116 .988281
sign_rate_out .531925 .000172536 .873471 .0247934 .772417 1.18706 .797521
sign_rate_out .51087 .000438344 .856391 .0181108 .741309 1.08787 .775084
"""
"""Of dense1: the first CIFAR pair, then the first RSN_CIFAR pair, by the seven measures (section 3.2)."""

CORRECTED_SPOTS: Final = """
prune_rate_in .00146383 .0702479 .0190265 .583775
prune_rate_out .00548812 .0867769 .0166424 .165903
sign_rate_in .00973499 .0619835 .0397712 .259362
sign_rate_out .00917901 .136364 .0128879 .147243
"""
"""The same two pairs by w1 and ks, each."""

MEANS: Final = """
jsd prune_rate_in .6180 .025 .1759 .016 .6556 .015 .6358 .017
jsd prune_rate_out .0759 .013 .0428 .009 .1607 .066 .1432 .046
jsd sign_rate_in .6846 .008 .6623 .008 .6873 .004 .6863 .006
jsd sign_rate_out .5548 .021 .4610 .019 .5478 .029 .5682 .022
wsd prune_rate_in 2.385e-4 - 6.205e-4 - 2.979e-3 - 4.658e-4 -
wsd sign_rate_in 1.768e-4 - 4.609e-5 - 4.952e-4 - 4.708e-4 -
wsd sign_rate_out 2.814e-4 - 1.711e-4 - 5.950e-4 - 5.203e-4 -
"""
"""Of dense1: mean and population sd of `MEAN_SETS`, in turn (section 3.2)."""

MEAN_SETS: Final = ("within_WTs", "RSN", "between_WTs_and_RSN", "between_WT_datasets")

CORRECTED: Final = """
prune_rate_in .00596 .00017 .0331 .0141 1 1 1 1
prune_rate_out .00565 .00216 .0310 .0355 1 1 1 0
sign_rate_in .01266 .00153 .0387 .0248 1 1 1 1
sign_rate_out .00481 .00443 .0206 .00547 1 1 1 1
"""
"""Of dense1 by w1: means of `MEAN_SETS`, then whether H1 to H4 hold (section 5)."""

POOLED: Final = """
CIFAR dense1 .9253 .0299 .2634 .0494 .5038 .0872 .5188 .0403
CIFAR dense2 .2610 .0362 .1383 .115 .5185 .0340 .4776 .156
CINIC dense1 .9134 .0460 .3159 .0546 .4819 .0714 .5215 .0446
RSN dense1 .9284 .0020 .2592 .0273 .5000 .0145 .4991 .0359
RSN dense2 .2592 .0271 .1379 .107 .4991 .0361 .4964 .175
"""
"""Mean and population sd of the four variables over all rows of a condition (section 2.4)."""

ROWS: Final = {("CIFAR", "dense1"): 3681, ("CINIC", "dense1"): 3204, ("RSN", "dense1"): 3840}
"""Rows of dense1; dense2 has 3840 everywhere."""

DEAD: Final = {"CIFAR": ("10.6", "5.50", 159), "CINIC": ("42.4", "10.89", 636), "RSN": ("0", "0", 0)}
"""Dead neurons of dense1 per network: mean, population sd, total."""

CORRELATIONS: Final = {"CIFAR": ".42", "CINIC": ".37", "RSN": "-.01"}
EDGE_POOLED: Final = {"CIFAR": (".5162", ".0024"), "CINIC": (".4967", ".0030"), "RSN": (".4999", ".0007")}

TRAINING: Final = """
original .5845 .6482 .6762 .6897 .6962 .6962 .0056 .4881 .5402 .5565 .5688 .5733 .5733 .0060
RSN .4495 .5067 .5372 .5606 .5817 .5817 .0085 .3744 .4168 .4454 .4688 .4874 .4874 .0052
WT(CIFAR) .6811 .7008 .7026 .7007 .6992 .7042 .0031 .5410 .5719 .5848 .5924 .5972 .5972 .0030
WT(CINIC) .6430 .6849 .6995 .7110 .7158 .7164 .0020 .5576 .5817 .5852 .5825 .5781 .5854 .0029
"""
"""Test accuracy on CIFAR, then on CINIC: means at epochs 1 to 5, mean and sd of the best of five (section 9)."""


def lines(text: str) -> list[list[str]]:
    """Return the words of a printed table, line by line."""
    return [line.split() for line in text.strip().splitlines()]


def printed(
    table: str, row: str, column: str, theirs: str, ours: float, note: str = "", *, digits: int | None = None
) -> Cell:
    """Return a cell whose tolerance is half a unit of the last digit that is printed, and a rounding error.

    Parameters
    ----------
    table, row, column, ours, note
        As in `Cell`.
    theirs
        As printed.
    digits
        Significant digits it was rounded to, where zeros at its end are left out.

    Examples
    --------
    >>> printed("t", "r", "c", ".0646", 0.06456).agrees, printed("t", "r", "c", ".0646", 0.06466).agrees
    (True, False)
    """
    value = Decimal(theirs)
    last = int(value.as_tuple().exponent) if digits is None else value.adjusted() + 1 - digits
    unit = Decimal(1).scaleb(last) if value else Decimal(0)
    return Cell(table, row, column, float(value), ours, float(unit / 2) * (1 + 1e-9), note)
