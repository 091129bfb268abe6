"""Legacy picture names and keys of blinded ones (reference: explainability 9.4 and 7.3; defect B15)."""

from pathlib import Path

import pytest

from tombola.errors import TombolaError
from tombola.study.files.pictures import CLASSES, CODED, class_order, parse_picture, read_key, resolve_picture

NAME = "0123456789abcdef" * 2


def test_pairs_and_windows() -> None:
    pair = parse_picture("https://x.org/y/167_32pruned_2-cassetteplayer_nonpruned.png")
    assert (pair.image, pair.image_class, pair.left, pair.right) == (167, "cassetteplayer", "32pruned", "nonpruned")
    assert pair.task == "pairwise"
    window = parse_picture("19_1-dog_32pruned.png")
    assert (window.image, window.image_class, window.condition, window.task) == (19, "dog", "32pruned", "recognition")


@pytest.mark.parametrize(
    "name",
    [
        "19_1-dog_64pruned.png", "19_1-fish_32pruned.png", "19_11-cat_32pruned.png", "x_1-dog_32pruned.png",
        "19_1-dog_32pruned.jpg", "8_2pruned_1-dog_2pruned.png", "8_2pruned_1-dog_nonpruned_x.png", "", f"{NAME}.gif",
        "19_1-dog_32pruned.png.png",
    ],
)  # fmt: skip
def test_nothing_else_is_guessed(name: str) -> None:
    with pytest.raises(TombolaError, match="picture"):
        parse_picture(name)


def test_classes_in_their_order() -> None:
    assert class_order(["parachute", "fish", "dog"]) == ("fish", "dog", "parachute")
    assert class_order(["square", "circle"]) == ("circle", "square")
    assert CODED[9] == "9-parachute"
    assert len(CLASSES) == 10


def test_blinded_names_need_the_key(tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="--key"):
        resolve_picture(f"{NAME}.png")
    path = tmp_path / "manifest.csv"
    path.write_text(
        "public_id,kind,role,image,image_class,condition,left,right\n"
        f"{NAME},main,left,7,square,none-like,none-like,dense\n"
        f"{NAME[::-1]},gold,window,8,circle,dense,,\n"
        f"{'0' * 32},main,original,8,circle,,,\n"
    )
    key = read_key(path)
    assert len(key) == 2
    pair = resolve_picture(f"https://x.org/{NAME}.png", key)
    assert (pair.image, pair.left, pair.right, pair.condition, pair.kind) == (7, "none-like", "dense", None, "main")
    assert resolve_picture(NAME[::-1], key).kind == "gold"
    with pytest.raises(TombolaError, match="another study"):
        resolve_picture("f" * 32, key)


@pytest.mark.parametrize("text", ["name,image\na,1\n", f"public_id,image,image_class\n{NAME[1:]},1,dog\n"])
def test_what_is_no_key(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(TombolaError, match=r"no key manifest|32 hex digits"):
        read_key(tmp_path / "m.csv")
