"""What is fixed before the first answer: hypotheses, families, margins, exclusions, stopping rule, analysis plan."""

from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BeforeValidator, Field

from tombola.errors import TombolaError
from tombola.specs.parts import Part
from tombola.specs.tokens import Choice, PositiveReal
from tombola.study.design.sentences import validated
from tombola.study.design.spec import VERSUS, StudySpec

FILE = "preregistration.yaml"
OTHER_TASKS = {
    "agreement": ("trust", "trust is higher where the prediction is right than where it is wrong."),
    "distinction": ("accuracy", "the predicted class is found more often than by chance."),
    "forward-simulation": ("change", "the model's answer is foreseen more often after its explanation than before."),
}
"""Task -> (family of tests that `tombola.study.statistics` makes of it, what it asks)."""


def _texts(value: object) -> object:
    """Accept one text where a list of texts is needed."""
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_texts)]


class Preregistration(Part):
    """The researcher's part of the lock, written as ``preregistration.yaml`` in the study folder.

    Examples
    --------
    >>> Preregistration(hypotheses="pruning does not matter").hypotheses
    ('pruning does not matter',)
    """

    hypotheses: Texts = Field((), description="what is expected, one sentence each")
    families: dict[str, Texts] = Field(
        default_factory=dict, description="family -> names of its tests; adjusted together, and confirmatory"
    )
    correction: Annotated[Literal["holm", "benjamini-hochberg"], Choice] = Field(
        "holm", description="how p-values are adjusted within a family"
    )
    alpha: PositiveReal = Field(0.05, lt=1, description="level of the confirmatory tests")
    margins: dict[str, PositiveReal] = Field(
        default_factory=dict, description="test -> margin below which a difference counts as none (TOST)"
    )
    exclusions: Texts = Field((), description="which answers or participants are left out, and by which rule")
    stopping_rule: str = Field("", description="when collecting ends")
    analysis_plan: Texts = Field((), description="which analyses, in which order, with which settings")

    def to_yaml(self) -> str:
        """Return the text of ``preregistration.yaml``."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)


def default_preregistration(spec: StudySpec) -> Preregistration:
    """Return what a new study begins with: what follows from its design, for its researcher to edit."""
    names = spec.condition_names
    clustered = "standard errors are two-way clustered, by participant and image."
    if spec.task == "pairwise":
        pairs = [VERSUS.join(pair) for pair in spec.pairs]
        hypotheses = [f"{pair}: the share of decisive votes for the first differs from one half." for pair in pairs]
        family, tests = "preference", [f"share {pair}" for pair in pairs]
        plan = [f"Share of decisive votes per pair; {clustered}", "Ties are reported beside every share."]
    elif spec.task == "recognition":
        hypotheses = [f"The share of right answers differs between {', '.join(names)}."]
        family, tests = "recognition", [f"recognition {a} - {b}" for a, b in combinations(names, 2)]
        plan = [f"Differences of the share of right answers; {clustered}", "Abstentions are reported apart."]
    else:
        family, says = OTHER_TASKS[spec.task]
        hypotheses = [f"{name}: {says}" for name in names]
        what = f"accuracy {spec.task}" if family == "accuracy" else family
        tests = [f"{what} {name}" for name in names]
        plan = [f"One test per condition; {clustered}"]
    return Preregistration(
        hypotheses=tuple(hypotheses),
        families={family: tuple(tests)} if tests else {},
        exclusions=("No answer is left out of the main analysis; quality filters are a sensitivity analysis.",),
        stopping_rule=f"Collecting ends when every cell has {spec.raters} answers.",
        analysis_plan=tuple(plan),
    )


def read_preregistration(folder: Path) -> Preregistration:
    """Return the preregistration of a study folder.

    Raises
    ------
    TombolaError
        If the file is missing, no YAML, or has unknown or wrong fields.
    """
    file = folder / FILE
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TombolaError(f"{folder} has no {FILE}; write hypotheses, exclusions and stopping_rule there") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TombolaError(f"cannot read {file}: {str(error).splitlines()[0]}") from error
    if not isinstance(values, dict):
        raise TombolaError(f"{file} holds no preregistration; it must be a YAML mapping of fields")
    return validated(Preregistration, values, "preregistration")
