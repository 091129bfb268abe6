"""`tombola study design` and `tombola study lock`: arguments, presets, what they print, exit codes."""

from pathlib import Path

import pytest

from tombola.cli.main import main
from tombola.experiments import run
from tombola.specs import resolve
from tombola.study.design import StudySpec, open_study, synthetic_study
from tombola.study.design.presets import PRESETS, preset_fields
from tombola.study.design.rules import rules


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of fully connected networks: explained by what works on pixels."""
    changes = {"replicates": 1, "controls": [], "train": {"steps": 60, "record_every": 60}, "prune": {"levels": 1}}
    return run(resolve("lenet-digits", changes=changes), tmp_path_factory.mktemp("runs")).path


def test_a_run_becomes_a_study_and_the_summary_says_what_it_takes(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "digits"
    arguments = ["study", "design", str(folder), "--method", "integrated-gradients", "--images-per-class", "1"]
    assert main([*arguments, "--raters", "3", "--cap", "6", "--title", "Zahlen", "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == str(out)
    assert "10 images x 1 = 10 cells x 3 raters = 30 answers" in told.err
    assert "5 participants" in told.err
    assert "rule all-correct" in told.err
    assert "to be filled in: texts/consent.md" in told.err
    study = open_study(out)
    assert (study.spec.condition_names, study.spec.title) == (("level-0", "level-1"), "Zahlen")
    assert study.spec.stimuli.method == "integrated-gradients"


def test_mistakes_are_told_before_anything_is_computed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_folder, out = str(folder), str(tmp_path / "s")
    for arguments, sentence in (
        ([], "needs a RUN, or --from-pictures FOLDER"),
        ([run_folder], "needs --out STUDY"),
        ([run_folder, "--out", str(tmp_path)], "exists already"),
        ([run_folder, "--out", out, "--preset", "publishd"], "did you mean 'published'"),
        ([run_folder, "--out", out, "--method", "grad-camm"], "unknown explanation method"),
        ([run_folder, "--out", out, "--renderer", "windo"], "did you mean 'window'"),
        ([run_folder, "--out", out, "--task", "guess"], "task = 'guess'"),
        ([run_folder, "--out", out, "--raters", "0"], "raters = 0"),
        ([run_folder, "--out", out, "--pairs", "level-0 v level-7"], "'level-7', which is no condition"),
        ([run_folder, "--out", out], "the network has no convolution"),
        ([run_folder, "--out", out, "--rater", "3"], "unknown option '--rater'"),
    ):
        assert main(["study", "design", *arguments]) == 2
        assert sentence in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / "s").exists()


def test_presets_set_known_fields_to_valid_values() -> None:
    other = {"images_per_class", "layer", "renderer", "q", "rule"}
    for name in PRESETS:
        fields = preset_fields(name)
        assert set(fields) <= {*StudySpec.model_fields, *other}
        assert StudySpec(**{key: value for key, value in fields.items() if key not in other})
        assert fields.get("rule", "any") in rules
    published = preset_fields("published")
    assert (published["images_per_class"], published["raters"], published["sides"]) == (50, 5, "fixed-per-image")
    assert (published["layer"], published["renderer"], published["q"]) == ("last_pool", "window-published", "0.1")


def test_lock_check_and_deviation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = str(synthetic_study(tmp_path / "s", classes=3, images_per_class=1).path)
    assert main(["study", "lock", study, "--check"]) == 1
    assert capsys.readouterr().out.strip() == "does not hold"
    assert main(["study", "lock", study]) == 0
    told = capsys.readouterr()
    digest = told.out.strip()
    assert len(digest) == 64
    assert "still to be filled in, and then locked: texts/consent.md" in told.err
    assert main(["study", "lock", study, "--check"]) == 0
    assert capsys.readouterr().out.strip() == f"holds {digest}"
    assert main(["study", "lock", study, "--deviation", "a holiday"]) == 0
    capsys.readouterr()
    (tmp_path / "s" / "texts" / "debrief.md").write_text("---\nversion: 2\n---\nBye\n")
    assert main(["study", "lock", study, "--check"]) == 1
    told = capsys.readouterr()
    assert "texts changed since the lock" in told.err
    assert "a holiday" in told.err
    assert main(["study", "lock", study]) == 2
    assert main(["study", "lock", study, "--check", "--deviation", "x"]) == 2
    told = capsys.readouterr()
    assert "locked already" in told.err
    assert "two things" in told.err
