import hashlib

import numpy as np
import pytest
import torch

from tombola.data import Dataset, load_data, object_boxes, object_masks
from tombola.data.outlines import OUTLINES
from tombola.data.shapes import boxes_of, made
from tombola.errors import TombolaError


@pytest.fixture(scope="module")
def shapes() -> Dataset:
    return load_data("shapes")


def test_the_set_is_pinned() -> None:
    # the same on every machine and with every seed; a change of one pixel gives old results a new meaning
    digest = hashlib.sha256(b"".join(array.tobytes() for array in made())).hexdigest()
    assert digest[:16] == "d36feb0742abe17c"


def test_sizes_and_classes(shapes: Dataset) -> None:
    assert (len(shapes.train), len(shapes.validation), len(shapes.test)) == (3000, 500, 500)
    assert shapes.input_shape == (3, 32, 32)
    assert shapes.classes == ("disc", "ring", "square", "triangle", "cross", "star")
    counts = shapes.test.labels.bincount()
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_boxes_are_those_of_the_objects_and_follow_the_split(shapes: Dataset, part: str) -> None:
    samples = getattr(shapes, part)
    boxes, objects = object_boxes(samples), object_masks(samples)
    assert boxes.shape == (len(samples), 4)
    assert objects.shape == (len(samples), 32, 32)
    for (left, top, right, bottom), mask in zip(boxes.tolist(), objects, strict=True):
        inside = mask[top:bottom, left:right]
        assert mask.sum() == inside.sum() > 20
        assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()  # noqa: PT018


def test_objects_stand_out_from_the_ground_inside_their_masks(shapes: Dataset) -> None:
    images, objects = shapes.test.images.float(), object_masks(shapes.test)[:, None]
    inside = (images * objects).sum((2, 3)) / objects.sum((2, 3))
    outside = (images * ~objects).sum((2, 3)) / (~objects).sum((2, 3))
    assert ((inside - outside).sum(1) > 60).all()


def test_colour_and_place_tell_nothing_of_the_class(shapes: Dataset) -> None:
    labels, boxes = shapes.train.labels, object_boxes(shapes.train).double()
    centre = torch.stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]], 1) / 2
    objects = object_masks(shapes.train)[:, None]
    colour = (shapes.train.images * objects).double().sum((2, 3)) / objects.sum((2, 3))
    # a triangle's box lies a quarter of its radius above the centre of its circle; half covered pixels are darker
    for values, spread in ((centre, 3.0), (colour, 15.0)):
        means = torch.stack([values[labels == label].mean(0) for label in range(6)])
        assert float((means.amax(0) - means.amin(0)).max()) < spread


@pytest.mark.parametrize("name", OUTLINES)
def test_outlines_lie_in_the_unit_circle_and_fill_a_fair_share(name: str) -> None:
    line = (np.arange(-150, 150) + 0.5) / 100
    u, v = np.meshgrid(line, line)
    inside = OUTLINES[name](u, v)
    radius = np.sqrt(u * u + v * v)
    assert radius[inside].max() <= 1.04
    assert 0.25 < inside.sum() / (radius <= 1).sum() < 0.85
    assert np.array_equal(inside, inside[:, ::-1])  # mirror images of a class are of the class


@pytest.mark.parametrize(
    ("name", "area"), [("disc", 0.81 * np.pi), ("square", 1.44**2), ("triangle", 1.299), ("star", 1.1226)]
)
def test_areas_of_outlines(name: str, area: float) -> None:
    line = (np.arange(1000) + 0.5) / 500 - 1
    inside = OUTLINES[name](*np.meshgrid(line, line))
    assert inside.mean() * 4 == pytest.approx(area, rel=0.005)


def test_box_of_a_single_pixel() -> None:
    mask = np.zeros((1, 4, 5), bool)
    mask[0, 2, 3] = True
    assert boxes_of(mask).tolist() == [[3, 2, 4, 3]]


def test_other_sets_have_no_boxes() -> None:
    digits = load_data("digits")
    with pytest.raises(TombolaError, match="without boxes of their objects"):
        object_boxes(digits.test)
    with pytest.raises(TombolaError, match="without masks"):
        object_masks(digits.test)


@pytest.mark.slow
def test_a_small_network_learns_it_but_not_at_once(shapes: Dataset) -> None:
    import tombola
    from tombola.networks import build, initialise
    from tombola.specs import resolve

    network = {"family": "conv", "conv": ["16", "M", "32", "M", "64", "M"], "linear": [64]}
    spec = resolve(changes={"network": network | {"weight_init": "kaiming-normal"}})
    module = build(spec.network, shapes.input_shape, len(shapes.classes))
    initialise(module, spec.network, torch.Generator().manual_seed(0))
    recipe = {"lr": 2e-3, "batch_size": 50, "record_every": "1ep", "schedule": {"kind": "cosine"}, "test_curve": True}
    records = tombola.fit(module, load_data("shapes", augment=["flip"]), epochs=15, engine="dense", **recipe).records
    assert records.test_accuracy[1] < 0.6
    assert records.test_accuracy[-1] > 0.9
