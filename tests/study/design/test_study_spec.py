"""study.yaml: what is refused, and with which sentence."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tombola.errors import TombolaError
from tombola.study.design import StudySpec, read_study_spec, study_spec


def test_conditions_may_be_names_and_pairs_default_to_all() -> None:
    spec = study_spec({"conditions": ["1", "2", "32"], "classes": ["cat"]})
    assert spec.pairs == (("1", "2"), ("1", "32"), ("2", "32"))
    assert spec.cells_per_image == ("1 v 2", "1 v 32", "2 v 32")


def test_pairs_keep_who_is_named_first() -> None:
    spec = study_spec({"conditions": ["1", "2"], "pairs": ["2 v 1"]})
    assert spec.pairs == (("2", "1"),)
    assert study_spec({"task": "recognition", "conditions": ["1", "2"]}).cells_per_image == ("1", "2")


def test_yaml_round_trip(tmp_path: Path) -> None:
    spec = study_spec(
        {
            "conditions": [{"name": "x2", "compression_rate": 2, "density": 0.5, "level": 3}, "x1"],
            "classes": ["none at all", "ja"],
            "selection": {"rejected": {"wrong by 1 of 2 models": 3}},
        }
    )
    (tmp_path / "study.yaml").write_text(spec.to_yaml())
    assert read_study_spec(tmp_path / "study.yaml") == spec


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"ratters": 3}, "unknown field 'ratters' (did you mean 'raters'?)"),
        ({"selection": {"rull": "x"}}, "unknown field 'selection.rull' (did you mean 'selection.rule'?)"),
        ({"conditions": [{"name": "a", "rate": 2}]}, "unknown field 'conditions.rate'"),
        ({"raters": 0}, "raters = 0"),
        ({"raters": True}, "truth value"),
        ({"task": "guessing"}, "task = 'guessing'"),
        ({"conditions": ["a", "a"]}, "condition 'a' is named twice"),
        ({"conditions": ["none", "a"]}, "no condition may be called 'none'"),
        ({"classes": ["dog", "dog"]}, "class 'dog' is named twice"),
        ({"conditions": ["a", "b"], "pairs": ["a v c"]}, "names 'c', which is no condition"),
        ({"conditions": ["a", "b"], "pairs": ["a v b", "b v a"]}, "given once"),
        ({"task": "recognition", "conditions": ["a", "b"], "pairs": ["a v b"]}, "leave pairs out"),
        ({"cap": 3, "repeats": 2}, "needs a cap of at least 4"),
    ],
)
def test_mistakes_are_told_in_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TombolaError) as told:
        study_spec(values)
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)


def test_a_folder_without_study_and_one_of_another_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="holds no study"):
        read_study_spec(tmp_path / "study.yaml")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({"schema_version": 2}))
    with pytest.raises(TombolaError, match="of study version 2"):
        read_study_spec(tmp_path / "study.yaml")
    (tmp_path / "study.yaml").write_text("- a list")
    with pytest.raises(TombolaError, match="must be a YAML mapping"):
        read_study_spec(tmp_path / "study.yaml")


def test_a_spec_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        StudySpec().raters = 3  # type: ignore[misc]
