"""Distances that the sparse-network analysis comes to, and corrected ones: sparse-analysis reference, section 7.3."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

ORDER = tuple(f"{method}{replicate}" for method in ("gem", "syn", "rnd") for replicate in (21, 42, 63))
"""Rows and columns of the printed matrices."""

GROUPS = (("gem", "gem"), ("syn", "syn"), ("rnd", "rnd"), ("gem", "syn"), ("gem", "rnd"), ("syn", "rnd"))
"""Order of the printed means."""

MATRICES: Mapping[str, Mapping[str, str]] = {
    "FC10": {
        "nnstd": (
            ".7880 .7916 .8050 .7914 .8093 .8716 .8716 .8746 / .7977 .7929 .8111 .8021 .8686 .8693 .8707 / "
            ".7940 .7923 .8037 .8670 .8654 .8704 / .7091 .7197 .8688 .8657 .8730 / .7009 .8677 .8670 .8690 / "
            ".8648 .8657 .8697 / .8244 .8233 / .8253"
        ),
        "sasd": (
            ".8466 .8490 .8744 .8676 .8789 .9113 .9100 .9128 / .8526 .8661 .8817 .8745 .9090 .9098 .9091 / "
            ".8676 .8660 .8737 .9095 .9082 .9116 / .8166 .8273 .9057 .9045 .9075 / .8112 .9047 .9032 .9056 / "
            ".9024 .9041 .9034 / .8771 .8770 / .8801"
        ),
        "maed": (
            ".8023 .8057 .8512 .8420 .8555 .9179 .9164 .9129 / .8080 .8444 .8574 .8545 .9160 .9182 .9120 / "
            ".8458 .8423 .8472 .9177 .9165 .9144 / .8145 .8288 .9202 .9220 .9213 / .8066 .9235 .9167 .9203 / "
            ".9201 .9216 .9108 / .8194 .8260 / .8325"
        ),
    }
}
"""Networks -> distance -> upper triangle row by row."""

PUBLISHED_MEANS: Mapping[str, Mapping[str, Sequence[float]]] = {
    "FC20": {
        "nnstd": (0.7341, 0.5802, 0.7777, 0.7419, 0.7955, 0.7819),
        "sasd": (0.8143, 0.7476, 0.8557, 0.8413, 0.8702, 0.8574),
    },
    "FC10": {
        "nnstd": (0.7924, 0.7099, 0.8243, 0.8002, 0.8699, 0.8679),
        "sasd": (0.8494, 0.8184, 0.8781, 0.8723, 0.9102, 0.9046),
    },
    "FC5": {
        "nnstd": (0.8180, 0.7932, 0.8273, 0.8270, 0.8939, 0.9093),
        "sasd": (0.8707, 0.8667, 0.8740, 0.8856, 0.9225, 0.9296),
    },
    "R20-50": {
        "nnstd": (0.5987, 0.3245, 0.6070, 0.5414, 0.6039, 0.5513),
        "sasd": (0.7712, 0.6105, 0.7772, 0.7339, 0.7755, 0.7382),
    },
    "R20-10": {
        "nnstd": (0.8921, 0.6163, 0.8760, 0.9029, 0.8841, 0.8966),
        "sasd": (0.9293, 0.7754, 0.9186, 0.9366, 0.9233, 0.9333),
    },
}
"""Networks -> distance -> mean of each group of pairs, as published."""

CORRECTED: Mapping[str, Mapping[tuple[str, Literal["exclude", "zero"]], Sequence[float]]] = {
    "FC10": {
        ("nnstd", "exclude"): (0.6738, 0.5825, 0.8367, 0.8215, 0.9132, 0.8809),
        ("nnstd", "zero"): (0.3790, 0.4326, 0.8367, 0.6444, 0.9132, 0.8809),
        ("sasd", "exclude"): (0.7560, 0.7516, 0.8853, 0.8911, 0.9409, 0.9165),
    }
}
"""Networks -> (distance, empty pairs) -> mean of each group of pairs, effective masks."""

FIRST_LAYER: Mapping[str, Mapping[str, Mapping[tuple[str, str], float]]] = {
    "FC10": {
        "nnstd": {
            ("gem21", "gem42"): 0.7993,
            ("gem21", "syn21"): 0.9483,
            ("syn21", "syn42"): 0.9073,
            ("rnd21", "rnd42"): 0.9020,
            ("gem21", "rnd21"): 0.9801,
        },
        "sasd": {
            ("gem21", "gem42"): 0.8699,
            ("gem21", "syn21"): 0.9657,
            ("syn21", "syn42"): 0.9397,
            ("rnd21", "rnd42"): 0.9399,
            ("gem21", "rnd21"): 0.9873,
        },
    }
}
"""Networks -> distance -> pair -> corrected distance of the first layer, which has no ties."""

ORDERED: Mapping[str, Mapping[tuple[str, str, str], tuple[float, float]]] = {
    "FC20": {("sasd", "gem21", "syn21"): (0.92, 0.86)}
}
"""Networks -> (distance, pair) -> mean unit distance before and after matching (section 7.4)."""


def printed_matrix(text: str) -> dict[tuple[str, str], float]:
    """Return a printed upper triangle by pair of labels."""
    values = [float(part) for part in text.replace("/", " ").split()]
    return dict(zip(combinations(ORDER, 2), values, strict=True))
