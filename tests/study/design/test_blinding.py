"""Section 7.3, defect B15: nothing that is served tells condition, class or side."""

import csv
import itertools
import re
import stat
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tombola.errors import TombolaError
from tombola.study.design import Study, open_study, synthetic_study
from tombola.study.design.naming import Names
from tombola.study.design.own_pictures import read_pixels
from tombola.study.design.png import CHUNK_BYTES, common_length, encode, filled
from tombola.study.trial import TASKS

NAME = re.compile(r"[0-9a-f]{32}\.png")


def chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = [], 8
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        kind, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        assert int.from_bytes(content[place + 8 + length : place + 12 + length], "big") == zlib.crc32(kind + body)
        found.append((kind, body))
        place += length + CHUNK_BYTES
    return found


@pytest.fixture(scope="module", params=TASKS)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Study:
    out = tmp_path_factory.mktemp("blind") / "s"
    return synthetic_study(out, request.param, classes=4, images_per_class=2, conditions=("nonpruned", "2pruned"))


def test_names_are_random_and_files_alike_in_length_time_and_mode(study: Study) -> None:
    files = list(study.public_folder.iterdir())
    assert all(NAME.fullmatch(file.name) for file in files)
    kinds = {(file.stat().st_size, file.stat().st_mtime_ns, stat.S_IMODE(file.stat().st_mode)) for file in files}
    assert len(kinds) == 1
    assert next(iter(kinds))[0] == study.spec.stimuli.common_bytes


def test_files_hold_pixels_and_filling_and_nothing_else(study: Study) -> None:
    for file in study.public_folder.iterdir():
        content = file.read_bytes()
        assert [kind for kind, _ in chunks(content) if kind != b"IDAT"] == [b"IHDR", b"zzZz", b"IEND"]
        for word in (*study.spec.condition_names, *study.spec.classes, "pruned", "Software", "tEXt"):
            assert word.encode() not in content


def test_every_picture_of_every_trial_has_a_name_and_a_file_of_its_own(study: Study) -> None:
    names = [picture.name for trial in study.trials.values() for picture in trial.pictures]
    assert len(set(names)) == len(names)
    assert {f"{name}.png" for name in names} == {file.name for file in study.public_folder.iterdir()}
    contents = {file.read_bytes() for file in study.public_folder.iterdir()}
    assert len(contents) == len(names), "equal pixels under two names must not be equal files"


def test_a_trial_tells_nothing_of_its_key(study: Study) -> None:
    for name, trial in study.trials.items():
        truth = study.truth[name]
        text = repr(trial)
        for secret in (truth.cell, truth.left, truth.right, truth.condition):
            assert not secret or secret not in text
        if trial.task in ("recognition", "distinction", "forward-simulation") and trial.kind != "quiz":
            assert truth.image_class not in trial.heading
        if trial.task == "recognition" and trial.kind != "quiz":
            assert [picture.role for picture in trial.pictures] == ["window"], "the original would give the answer away"


def test_the_order_of_a_folder_tells_nothing(tmp_path: Path) -> None:
    """Sorted by name, the two conditions of 160 pictures alternate as often as chance has it."""
    study = synthetic_study(
        tmp_path / "s", conditions=("a", "b"), classes=4, images_per_class=10, gold=0, practice=0, salt=b"x" * 32
    )
    with study.manifest_file.open() as file:
        order = [row["condition"] for row in csv.DictReader(file) if row["condition"]]
    changes = sum(first != second for first, second in itertools.pairwise(order))
    assert len(order) == 160
    assert abs(changes - 79.5) < 4 * np.sqrt(159) / 2
    names = Counter(order[:80])
    assert abs(names["a"] - 40) < 4 * np.sqrt(80) / 2


def test_the_key_is_for_its_owner_only(study: Study) -> None:
    assert stat.S_IMODE(study.key_folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in study.key_folder.iterdir()} == {0o600}


def test_names_depend_on_the_salt_alone_and_a_salt_gives_the_same_study_again(tmp_path: Path) -> None:
    one, two, other = (
        synthetic_study(tmp_path / name, classes=3, images_per_class=1, salt=salt)
        for name, salt in (("a", b"1" * 32), ("b", b"1" * 32), ("c", None))
    )
    assert one.blocks == two.blocks
    assert one.manifest_file.read_bytes() == two.manifest_file.read_bytes()
    assert not set(one.trials) & set(other.trials)
    with pytest.raises(TombolaError, match="salt has 3 bytes"):
        synthetic_study(tmp_path / "d", classes=3, salt=b"123")


def test_names_of_different_things_never_meet() -> None:
    names = Names(b"0" * 32)
    assert names.name("a", "bc") != names.name("ab", "c")
    assert names.name("a", 1) == names.name("a", 1)
    assert names.filler(10, "x")[:5] == names.filler(5, "x") != names.filler(5, "y")


def test_filling_keeps_pixels_and_refuses_what_does_not_fit() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    content = encode(pixels)
    length = common_length([len(content)])
    full = filled(content, length, bytes(range(256)) * 8)
    assert len(full) == length == 1024
    with pytest.raises(TombolaError, match="does not fit"):
        filled(content, len(content) + CHUNK_BYTES - 1, b"")
    assert len(filled(content, len(content) + CHUNK_BYTES, b"")) == len(content) + CHUNK_BYTES
    with pytest.raises(TombolaError, match="uint8"):
        encode(pixels.astype(float))


def test_public_pictures_show_what_the_material_had(study: Study) -> None:
    again = open_study(study.path)
    for trial in list(again.trials.values())[:20]:
        for picture in trial.pictures:
            assert read_pixels(again.public_folder / f"{picture.name}.png").shape == (48, 48, 3)
