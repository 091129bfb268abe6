"""Counts and densities of playground reference, section 4, and the P_m checks of field reference, section 2.1."""

import math

import pytest

from tombola.networks import build, prunable_layers
from tombola.pruning import planned_remaining
from tombola.specs import resolve

SHAPES = {"lenet-mnist": (1, 28, 28)}


def plans(preset, levels, **prune):
    spec = resolve(preset, changes={"prune": {"levels": levels, **prune}})
    module = build(spec.network, SHAPES.get(preset, (3, 32, 32)), 10, device="meta")
    return planned_remaining(prunable_layers(module, spec.network.prunable), spec.prune)


def densities(preset, levels, **prune):
    found = plans(preset, levels, **prune)
    return [plan.total / found[0].total for plan in found]


REMAINING = {
    "lenet-mnist": [[188160, 24000, 900], [150528, 19200, 810], [120422, 15360, 729]],
    "conv2-cifar10": [
        [1555, 33177, 3355443, 52428, 2304],
        [1399, 29859, 2684354, 41942, 2073],
        [1259, 26873, 2147483, 33553, 1865],
    ],
    "conv4-cifar10": [
        [1555, 33177, 66355, 132710, 1677721, 52428, 2304],
        [1399, 29859, 59719, 119439, 1342176, 41942, 2073],
        [1259, 26873, 53747, 107495, 1073740, 33553, 1865],
    ],
    "conv6-cifar10": [
        [1468, 31334, 62668, 125337, 250675, 501350, 838860, 52428, 2304],
        [1247, 26633, 53267, 106536, 213073, 426147, 671088, 41942, 2073],
        [1059, 22638, 45276, 90555, 181112, 362224, 536870, 33553, 1865],
    ],
    "tiny-cifar10": [
        [194, 518, 518, 122880, 24000, 900],
        [174, 466, 466, 98304, 19200, 810],
        [156, 419, 419, 78643, 15360, 729],
    ],
}


@pytest.mark.parametrize("preset", REMAINING)
def test_remaining_counts_of_levels_1_to_3(preset):
    """Section 4, "Remaining counts, levels 1 / 2 / 3, IMP"."""
    found = plans(preset, 3)
    assert [plan.level for plan in found] == [0, 1, 2, 3]
    assert [list(plan.remaining.values()) for plan in found[1:]] == REMAINING[preset]
    assert all(plan.total == sum(plan.remaining.values()) for plan in found)


LENET = [1, 0.8004, 0.6406, 0.5128, 0.4105, 0.3287, 0.2631, 0.2107, 0.1687, 0.1352, 0.1083]
CONV2 = [1, 0.8010, 0.6416, 0.5141, 0.4120, 0.3302, 0.2647, 0.2123, 0.1703, 0.1366, 0.1097, 0.0881, 0.0708]
CONV2 += [0.0569, 0.0457, 0.0368]
CONV4 = [1, 0.8108, 0.6584, 0.5355, 0.4363, 0.3561, 0.2913, 0.2388, 0.1962]
CONV6 = [1, 0.8254, 0.6819, 0.5639]
TINY = [1, 0.8013, 0.6422, 0.5147]


@pytest.mark.parametrize(
    ("preset", "table"),
    [
        ("lenet-mnist", LENET),
        ("conv2-cifar10", CONV2),
        ("conv4-cifar10", CONV4),
        ("conv6-cifar10", CONV6),
        ("tiny-cifar10", TINY),
    ],
)
def test_density_tables(preset, table):
    """Section 4, "Density of the whole network per level, IMP, 4 decimals"."""
    assert [round(density, 4) for density in densities(preset, len(table) - 1)] == table


@pytest.mark.parametrize(
    ("preset", "level", "prune", "report"),
    [
        ("lenet-mnist", 3, {}, [0.5128, 0.512, 0.512, 0.729]),
        ("lenet-mnist", 1, {"linear_rate": 0.1, "output_rate": None}, [0.9002, 0.9, 0.9, 0.95]),
        ("conv2-cifar10", 1, {}, [0.8010, 0.8999, 0.9, 0.8, 0.8, 0.9]),
        ("conv2-cifar10", 2, {}, [0.6416, 0.8096, 0.81, 0.64, 0.64, 0.8098]),
        ("conv2-cifar10", 3, {}, [0.5141, 0.7286, 0.729, 0.512, 0.512, 0.7285]),
    ],
)
def test_density_reports(preset, level, prune, report):
    """Section 4, "Density reports (whole, then layers in order)"."""
    found = plans(preset, level, **prune)
    sizes, last = found[0].remaining, found[-1]
    whole = last.total / found[0].total
    assert [round(whole, 4), *(round(last.remaining[name] / size, 4) for name, size in sizes.items())] == report


@pytest.mark.parametrize(
    ("preset", "level", "printed", "tolerance"),
    [
        ("lenet-mnist", 3, 51.3, 0.1),
        ("lenet-mnist", 7, 21.1, 0.1),
        ("lenet-mnist", 9, 13.5, 0.1),
        ("conv2-cifar10", 11, 8.8, 0.1),
        ("conv2-cifar10", 14, 4.6, 0.1),
        ("conv6-cifar10", 7, 26.4, 0.3),
        ("conv6-cifar10", 10, 15.1, 0.3),
    ],
)
def test_densities_as_the_paper_prints_them(preset, level, printed, tolerance):
    """Field reference 2.1, P_m in percent; Conv-6 does not close (its footnote), hence the wider tolerance."""
    assert 100 * densities(preset, level)[level] == pytest.approx(printed, abs=tolerance)


@pytest.mark.parametrize("preset", REMAINING)
def test_exact_and_float_products_agree_for_40_rounds(preset):
    """Section 4.3 promises it for rates .1, .15, .2; a check on the exact arithmetic from the other side."""
    spec = resolve(preset)
    found = plans(preset, 40)
    module = build(spec.network, SHAPES.get(preset, (3, 32, 32)), 10, device="meta")
    rates = {"conv": spec.prune.conv_rate, "linear": spec.prune.linear_rate, "output": spec.prune.output_rate}
    for layer in prunable_layers(module):
        count = layer.size
        for plan in found[1:]:
            count -= math.ceil(count * rates[layer.kind])
            assert plan.remaining[layer.name] == count
