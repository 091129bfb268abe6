import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tombola.data import describe, load_data
from tombola.data.places import locate, user_cache
from tombola.errors import TombolaError
from tombola.specs import DataSpec

Write = Callable[..., Path]
SIZES = {"validation": 10}


@pytest.mark.parametrize("layout", ["mnist", "MNIST/raw", "MNIST", "."])
def test_a_root_is_the_sets_folder_or_a_parent(tmp_path: Path, write_idx: Write, layout: str) -> None:
    folder = write_idx(tmp_path / "any" / layout)
    assert locate("mnist", str(tmp_path / "any")) == folder
    assert locate("mnist", str(folder)) == folder


def test_the_order_is_root_then_variable_then_cache(
    tmp_path: Path, write_idx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    given, named, cached = (write_idx(root / "mnist") for root in (tmp_path / "root", tmp_path / "named", user_cache()))
    monkeypatch.setenv("TOMBOLA_DATA", str(tmp_path / "named"))
    assert locate("mnist", str(tmp_path / "root")) == given
    assert locate("mnist", None) == named
    shutil.rmtree(given)
    assert locate("mnist", str(tmp_path / "root")) == named
    monkeypatch.delenv("TOMBOLA_DATA")
    assert locate("mnist", None) == cached


def test_mnist_is_not_taken_for_fashion(tmp_path: Path, write_idx: Write) -> None:
    for layout in ("FashionMNIST/raw", "fashion-mnist"):
        folder = write_idx(tmp_path / layout)
        with pytest.raises(TombolaError, match="data set 'mnist' was not found"):
            locate("mnist", str(folder))
        assert locate("fashion-mnist", str(folder)) == folder
    mine = write_idx(tmp_path / "mine")
    assert locate("mnist", str(mine)) == mine


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOMBOLA_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(TombolaError) as caught:
        load_data("cifar100", root=tmp_path)
    message = str(caught.value)
    for part in (str(tmp_path), "data.root", "nowhere (TOMBOLA_DATA)", str(user_cache()), "tombola data pull cifar100"):
        assert part in message


def test_an_incomplete_folder_is_told(tmp_path: Path, write_idx: Write) -> None:
    folder = write_idx(tmp_path / "MNIST" / "raw")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(TombolaError, match="raw lacks t10k-labels-idx1-ubyte"):
        load_data("mnist", root=tmp_path)


def test_a_root_that_is_not_there_is_an_error_even_if_the_cache_has_the_set(
    tmp_path: Path, write_idx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_idx(tmp_path / "mnist")
    monkeypatch.setenv("TOMBOLA_DATA", str(tmp_path))
    with pytest.raises(TombolaError, match="there is no such file or folder"):
        load_data("mnist", root=tmp_path / "typo", **SIZES)
    assert load_data("mnist", **SIZES).input_shape == (1, 28, 28)


def test_embedded_sets_need_no_place() -> None:
    assert locate("digits", None) is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "mnits"}, "did you mean 'mnist'"),
        ({"name": "digits", "normalisation": "mnits"}, "did you mean 'mnist'"),
        ({"name": "digits", "augment": ("flop",)}, "did you mean 'flip'"),
        ({"name": "digits", "size": 16}, "data.size = 16"),
        ({"name": "digits", "validation": 1497}, "less than 1497"),
        ({"name": "digits", "train": 5000}, "data.train = 5000"),
        ({"name": "digits", "normalisation": "cifar10"}, "3 channels"),
    ],
)
def test_describe_and_load_refuse_the_same(fields: dict[str, object], words: str) -> None:
    for call in (lambda: describe(DataSpec.model_validate(fields)), lambda: load_data(**fields)):
        with pytest.raises(TombolaError) as caught:
            call()
        assert words in str(caught.value)


def test_a_misspelt_field_is_told() -> None:
    with pytest.raises(TombolaError, match=r"unknown field 'data\.validaton'.*data\.validation"):
        load_data("digits", validaton=3)
