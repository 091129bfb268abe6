"""The batch upload file (reference: explainability 9.1; defect B15)."""

from pathlib import Path

import pytest

from tombola.errors import TombolaError
from tombola.study.files import batch_images, write_batch

NAMES = [f"{number:032x}" for number in range(40)]


def test_one_column_and_a_shuffled_row_per_stimulus(tmp_path: Path) -> None:
    assert write_batch(NAMES, tmp_path / "b.csv", seed=3, base="https://x.org/pictures") == 40
    header, *rows = (tmp_path / "b.csv").read_text().splitlines()
    assert header == "image_url"
    assert sorted(rows) == [f"https://x.org/pictures/{name}.png" for name in NAMES]
    assert rows != sorted(rows)


def test_the_order_depends_on_the_seed_only() -> None:
    assert batch_images(NAMES, seed=1) == batch_images([f"{name}.png" for name in NAMES[::-1]], seed=1)
    assert batch_images(NAMES, seed=1) != batch_images(NAMES, seed=2)


@pytest.mark.parametrize("name", ["167_32pruned_2-cassetteplayer_nonpruned.png", NAMES[0].upper() + "G", "a" * 31])
def test_a_name_that_tells_is_refused(name: str) -> None:
    with pytest.raises(TombolaError, match="may tell"):
        batch_images([*NAMES, name])


def test_twice_or_unwritable(tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="twice"):
        batch_images([NAMES[0], f"{NAMES[0]}.png"])
    with pytest.raises(TombolaError, match="comma"):
        write_batch(NAMES, tmp_path / "b.csv", base="https://x.org/?a=1,2/")
