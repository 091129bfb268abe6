"""From a run to networks and images that can be explained."""

from pathlib import Path

import numpy as np
import pytest
import torch

import tombola
from tombola.data import load_data
from tombola.errors import TombolaError
from tombola.explain import attribute, explain_views, pictures
from tombola.explain.render import window
from tombola.store import Run, open_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    changes = {
        "network": {"family": "conv", "conv": ["4", "M"], "linear": ["10"]},
        "train": {"steps": 20, "record_every": 10},
        "prune": {"levels": 2, "conv_rate": 0.5},
        "controls": ["reinit:2"],
    }
    spec = tombola.resolve("lenet-digits", changes=changes)
    return open_run(tombola.run(spec, out=tmp_path_factory.mktemp("runs")).path)


def test_every_finished_network_in_order(run: Run) -> None:
    views = explain_views(run, controls=["reinit"])
    assert [view.label for view in views[:4]] == [
        "level 0, replicate 0",
        "level 0, replicate 1",
        "level 1, replicate 0",
        "level 1, replicate 1",
    ]
    assert views[4].label == "level 1, reinit 0, replicate 0"
    assert len({view.label for view in views}) == len(views) == 2 * (3 + 2 * 2)
    assert [view.condition for view in views if not view.replicate and not view.repetition] == [
        "level 0",
        "level 1",
        "level 1, reinit",
        "level 2",
        "level 2, reinit",
    ]
    assert views[0].density == views[0].compression_rate == 1
    deep = explain_views(run, levels=[2], replicates=[1])
    assert [(view.level, view.replicate, view.control) for view in deep] == [(2, 1, "none")]
    assert deep[0].density == pytest.approx(float(run.density.sel(level=2, replicate=1)))
    assert deep[0].compression_rate == pytest.approx(1 / deep[0].density)


def test_networks_are_those_of_the_run(run: Run) -> None:
    view = explain_views(str(run.path), levels=[1], replicates=[0], stage="early_stop")[0]
    module = view.module()
    assert not module.training
    assert module is not view.module()
    for name, value in run.ticket(0, 1).early_stop.items():
        assert torch.equal(module.state_dict()[name], value)
    mine = pictures(run, most=0)
    found = attribute(module, mine.images)
    row = run.early_stop_table()
    row = row[(row.replicate == 0) & (row.level == 1) & (row.control == "none")].iloc[0]
    assert (found.predicted == mine.labels.numpy()).mean() == pytest.approx(row.test_accuracy)
    assert found.maps.shape == (300, 8, 8)
    assert window(mine.raw[0], found.maps[0]).pixels.shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"levels": [3]}, "no level 3; its levels go from 0 to 2"),
        ({"replicates": [-1]}, "no replicate -1"),
        ({"controls": ["reinti"]}, "did you mean 'reinit'"),
        ({"stage": "final"}, "stage 'final'"),
    ],
)
def test_what_is_not_there_is_told(run: Run, choice: dict[str, object], message: str) -> None:
    with pytest.raises(TombolaError, match=message):
        explain_views(run, **choice)  # type: ignore[arg-type]


def test_unfinished_runs_say_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_bytes((run.path / "spec.yaml").read_bytes())
    with pytest.raises(TombolaError, match="no finished network"):
        explain_views(tmp_path)


def test_pictures_are_raw_and_normalised() -> None:
    data = load_data("digits", normalisation="digits")
    found = pictures(data, most=7)
    assert len(found) == 7
    assert found.raw.shape == (7, 8, 8, 3)
    assert found.raw.dtype == np.uint8
    assert (found.raw[..., :1] == found.raw).all()
    assert found.indices.tolist() == [0, 42, 85, 128, 171, 214, 257]
    source = data.test.images[torch.from_numpy(found.indices)]
    assert np.array_equal(found.raw[..., 0], source[:, 0].numpy())
    mean, std = data.normalisation.mean[0], data.normalisation.std[0]
    torch.testing.assert_close(found.images, (source / 255 - mean) / std)
    assert torch.equal(found.labels, data.test.labels[torch.from_numpy(found.indices)])
    some = found.take([6, 1])
    assert some.indices.tolist() == [257, 42]
    assert np.array_equal(some.raw[1], found.raw[1])
    assert torch.equal(some.images[0], found.images[6])


def test_pictures_know_where_the_object_is() -> None:
    data = load_data("shapes")
    found = pictures(data, indices=[4, 9]).take([1])
    assert found.boxes is not None
    assert found.objects is not None
    assert data.test.boxes is not None
    assert torch.equal(found.boxes[0], data.test.boxes[9])
    assert found.objects.shape == (1, 32, 32)
    assert pictures(load_data("digits")).take([0]).boxes is None


def test_pictures_by_index_and_part() -> None:
    data = load_data("digits", normalisation="digits")
    found = pictures(data, "validation", indices=[5, 3])
    assert found.part == "validation"
    assert found.indices.tolist() == [5, 3]
    assert torch.equal(found.labels, data.validation.labels[[5, 3]])
    assert len(pictures(data, most=0)) == len(data.test)
    for wrong, message in (
        ({"part": "tset"}, "part = 'tset'"),
        ({"indices": [300]}, "image 300: the test part has images 0 to 299"),
        ({"indices": [-1]}, "image -1"),
        ({"indices": []}, "empty choice"),
        ({"most": -1}, "most = -1"),
    ):
        with pytest.raises(TombolaError, match=message):
            pictures(data, **wrong)  # type: ignore[arg-type]


@pytest.mark.data
def test_photographs(data_root: Path) -> None:
    """Real images: a window shows exactly 5,017 pixels of each, with the bytes of the file's."""
    data = load_data("imagenette", root=data_root, size=224, normalisation="imagenet")
    found = pictures(data, most=3)
    assert found.names is not None
    assert found.take([2]).names == (found.names[2],)
    values = np.random.default_rng(0).random((7, 7))
    for image in found.raw:
        picture = window(image, values)
        assert picture.visible.sum() == 5017
        assert np.array_equal(picture.pixels[picture.visible], image[picture.visible])
