"""Designing a study: what it is, what it shows, and the folder that holds it. User guide: docs/study.md."""

from tombola.study.design.build import build
from tombola.study.design.folder import Study, open_study
from tombola.study.design.material import GENUINE, SHUFFLED, Item, Material, Shown
from tombola.study.design.spec import ConditionSpec, SelectionSpec, StimuliSpec, StudySpec, read_study_spec, study_spec
from tombola.study.design.synthetic import synthetic_study
from tombola.study.design.truth import Truth

__all__ = [
    "GENUINE",
    "SHUFFLED",
    "ConditionSpec",
    "Item",
    "Material",
    "SelectionSpec",
    "Shown",
    "StimuliSpec",
    "Study",
    "StudySpec",
    "Truth",
    "build",
    "open_study",
    "read_study_spec",
    "study_spec",
    "synthetic_study",
]
