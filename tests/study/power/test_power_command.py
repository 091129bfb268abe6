"""``tombola study power``: tables, files, figure, and one sentence about what does not fit."""

import pandas as pd
import pytest

from tombola.cli.study_power import main
from tombola.errors import TombolaError
from tombola.study.answers import write_answers
from tombola.study.design import synthetic_study
from tombola.study.simulated import Crowd, answer_in_memory


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("power-command") / "study"
    return synthetic_study(folder, conditions=("a", "b"), images_per_class=3, raters=3, cap=15)


def test_without_anything_it_tells_the_anchors(capsys):
    assert main(["--share", "0.6", "--draws", "0", "--proportions", "0.9", "0.8"]) == 0
    said = capsys.readouterr().out
    for number in ("194", "259", "199", "266"):
        assert number in said


def test_a_pilot_and_a_study_fill_every_file(study, tmp_path, capsys):
    write_answers(answer_in_memory(study, Crowd(seconds=9)), tmp_path / "pilot.csv")
    out = tmp_path / "power"
    args = [str(study.path), "--pilot", str(tmp_path / "pilot.csv"), "--pair", "a v b", "--share", "0.6"]
    assert main([*args, "--draws", "100", "--wage", "20", "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out)
    found = {file.stem: pd.read_csv(file) for file in out.glob("*.csv")}
    assert set(found) == {"pilot", "sizes", "detectable", "planned", "trade_off", "curve"}
    assert found["planned"].answers.tolist() == [90]
    assert found["planned"].participants.tolist() == [len(study.blocks)]
    assert found["planned"].simulated_power.between(0, 1).all()
    assert found["curve"].power.is_monotonic_increasing
    assert found["curve"].simulated_power.notna().sum() >= 5
    assert (out / "power.svg").read_text().count("<svg") == 1
    assert (out / "power.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--share", "0.5"], "not ½"),
        (["--proportions", "0.9"], "needs two numbers"),
        (["--pair", "a v b"], "give --pilot"),
        (["--draws", "7"], "--draws 7"),
        (["--raters", "-1"], "--raters -1"),
        (["--pilot", "nowhere.csv"], "no file"),
        (["--wage", "-3"], "wage = -3"),
    ],
)
def test_what_does_not_fit_is_one_sentence(args, says):
    with pytest.raises(TombolaError, match=says):
        main(args)


def test_another_task_is_told_what_to_do(tmp_path):
    study = synthetic_study(tmp_path / "study", "recognition", classes=3, images_per_class=1)
    with pytest.raises(TombolaError, match="--proportions"):
        main([str(study.path)])
