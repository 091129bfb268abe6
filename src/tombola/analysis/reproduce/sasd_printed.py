"""The numbers that SaSD (2022) comes to: signs reference, section 12.4, and the null model of section 12.3."""

from collections.abc import Mapping
from dataclasses import dataclass

LAYERS = ("conv1", "conv2", "dense1", "dense2", "dense3")


@dataclass(frozen=True)
class Printed:
    """Mean distance of a condition in a layer; its effect against random networks (Cohen's d), and Welch's p."""

    mean: float
    effect: float | None = None
    p: float | None = None


PRINTED: Mapping[str, Mapping[str, tuple[Printed | None, ...]]] = {
    "sasd": {
        "WTs_CIFAR": (
            Printed(0.6671, -5.23, 4.6e-27),
            Printed(0.8609, -7.05, 1.1e-25),
            Printed(0.9699, 2.82, 1.0e-13),
            Printed(0.8925, -1.70, 1.7e-08),
            Printed(0.9679, -1.04, 1.734e-04),
        ),
        "WTs_CINIC": (
            Printed(0.6758, -3.82, 3.1e-20),
            Printed(0.8639, -5.28, 8.0e-22),
            Printed(0.9700, 2.47, 1.9e-11),
            Printed(0.8916, -2.82, 1.0e-15),
            Printed(0.9668, -1.37, 1.910e-06),
        ),
        "mixed_CIFAR": (
            Printed(0.7093, 0.38, 0.15),
            Printed(0.8707, -0.25, 0.34),
            Printed(0.9711, 15.05, 1.2e-45),
            Printed(0.8954, 1.17, 3.0e-05),
            Printed(0.9781, 0.01, 0.98),
        ),
        "mixed_CINIC": (
            Printed(0.7104, 0.58, 0.030),
            Printed(0.8713, 0.42, 0.11),
            Printed(0.9716, 9.33, 1.1e-27),
            Printed(0.8956, 1.33, 3.4e-06),
            Printed(0.9778, -0.03, 0.91),
        ),
        "between_CINIC_CIFAR": (
            Printed(0.6736, -3.88, 4.0e-20),
            Printed(0.8636, -5.60, 9.1e-23),
            Printed(0.9701, 4.18, 4.1e-19),
            Printed(0.8918, -2.44, 3.3e-13),
            Printed(0.9701, -0.91, 8.4e-04),
        ),
        "random": (Printed(0.7066), Printed(0.8709), Printed(0.9696), Printed(0.8943), Printed(0.9780)),
    },
    "nnstd": {
        "WTs_CIFAR": (Printed(0.5748, 0.32, 0.22), Printed(0.7697, 0.92, 7.6e-04), None, None, None),
        "WTs_CINIC": (Printed(0.5718, -0.06, 0.82), Printed(0.7692, 0.52, 0.050), None, None, None),
        "mixed_CIFAR": (Printed(0.5768), Printed(0.7698), None, None, None),
        "mixed_CINIC": (Printed(0.5742), Printed(0.7696), None, None, None),
        "between_CINIC_CIFAR": (Printed(0.5747), Printed(0.7693), None, None, None),
        "random": (Printed(0.5722), Printed(0.7686), None, None, None),
    },
}
"""Distance -> condition -> layer."""

NULLS: Mapping[str, Mapping[str, tuple[float, float, str]]] = {
    "sasd": {
        "conv1": (0.7053, 0.002, ""),
        "conv2": (0.8704, 0.002, ""),
        "dense1": (0.9697, 0.0002, ""),
        "dense2": (0.8939, 0.002, ""),
        "dense3": (0.9776, 0.002, ""),
    },
    "nnstd": {"conv1": (0.5702, 0.002, "12.3 simulates, this is a mean of 30 pairs"), "conv2": (0.7686, 0.002, "")},
}
"""Distance -> layer -> matched null mean by simulation (12.3), tolerance, note."""
