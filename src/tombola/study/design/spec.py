"""What a study is: task, conditions, who sees how much of what. Written as ``study.yaml``."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BeforeValidator, Field, model_validator

from tombola.errors import TombolaError
from tombola.specs.parts import Part
from tombola.specs.tokens import Choice, Count, Maybe, Positive, PositiveReal, Seed
from tombola.study.design.sentences import validated
from tombola.study.trial import NEITHER, Task

SCHEMA = 1
"""Version of the study folder. A folder of another version is refused, never half-read."""

SPEC_FILE = "study.yaml"
VERSUS = " v "

Sides = Literal["per-participant", "fixed-per-image"]
Order = Literal["fixed", "shuffled"]


def _pair(value: Any) -> Any:
    """Accept ``2pruned v nonpruned`` where two names are needed."""
    return tuple(part.strip() for part in value.split(VERSUS)) if isinstance(value, str) else value


class ConditionSpec(Part):
    """One model whose explanations are shown."""

    name: str = Field(min_length=1, description="what analyses call it; never shown to participants")
    compression_rate: Annotated[PositiveReal | None, Maybe] = Field(None, description="1 / density, of its scope")
    density: Annotated[PositiveReal | None, Maybe] = Field(None, description="fraction of prunable weights remaining")
    run: str = Field("", description="the run it comes from, by name")
    replicate: Annotated[Count | None, Maybe] = Field(None, description="replicate of that run")
    level: Annotated[Count | None, Maybe] = Field(None, description="level of that run")
    control: str = Field("none", description="control of that level; none is the ticket itself")
    ticket: str = Field("", description="key of the job, which determines the model")


class SelectionSpec(Part):
    """How images were chosen."""

    rule: str = Field("all-correct", description="name of the selection rule")
    images_per_class: Count = Field(0, description="images kept per class; 0: as many as there are")
    walked: Count = Field(0, description="images looked at before every class was full")
    rejected: dict[str, Count] = Field(default_factory=dict, description="images passed over, per reason")


class StimuliSpec(Part):
    """How explanations were made and drawn."""

    method: str = Field("", description="attribution method")
    layer: str = Field("", description="layer of the attribution")
    score: str = Field("", description="what is attributed: logit or log_prob")
    renderer: str = Field("", description="how a map becomes a picture")
    options: dict[str, str] = Field(default_factory=dict, description="options of the renderer, such as q")
    common_bytes: Count = Field(0, description="size that every public file is padded to, in bytes")


class StudySpec(Part):
    """One study: one task, its conditions, and who sees how much of what.

    Examples
    --------
    >>> spec = StudySpec(task="pairwise", conditions=("1", "2"), classes=("cat", "dog"))
    >>> spec.pairs, spec.raters
    ((('1', '2'),), 5)
    """

    schema_version: Literal[1] = Field(1, description="version of the study folder")
    name: str = Field("study", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="name of the study")
    title: str = Field("What do you see?", min_length=1, description="title participants read; must not tell the aim")
    task: Annotated[Task, Choice] = Field("pairwise", description="what is asked")
    conditions: tuple[ConditionSpec, ...] = Field((), description="the models compared")
    pairs: tuple[Annotated[tuple[str, str], BeforeValidator(_pair)], ...] = Field(
        (), description="pairwise: which conditions meet, A named first; default: all pairs"
    )
    classes: tuple[str, ...] = Field((), description="classes of the images, in order")
    raters: Positive = Field(5, description="answers wanted per cell (image x pair, or image x condition)")
    cap: Positive = Field(40, description="most images one participant is asked about")
    gold: Count = Field(2, description="attention checks per participant")
    repeats: Count = Field(2, description="questions asked a second time per participant, for test-retest agreement")
    practice: Count = Field(2, description="practice questions with feedback, before the trials")
    sides: Annotated[Sides, Choice] = Field(
        "per-participant", description="pairwise: who is left; fixed-per-image is as published, one draw for all raters"
    )
    options_order: Annotated[Order, Choice] = Field(
        "fixed", description="order of the classes to choose from; shuffled: another one per participant"
    )
    confidence: bool = Field(False, description="ask for a confidence of four points after a decisive answer")
    demographics: bool = Field(False, description="ask optional questions about age group and background")
    seed: Seed = Field(0, description="root of assignment, sides and orders")
    slot_minutes: PositiveReal = Field(60.0, description="after so many idle minutes a participant's slots return")
    seconds_per_trial: PositiveReal = Field(8.0, description="expected time per question, for the announced length")
    selection: SelectionSpec = SelectionSpec()
    stimuli: StimuliSpec = StimuliSpec()

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, values: Any) -> Any:
        """Let a bare name stand for a condition, and no pairs for all of them."""
        if not isinstance(values, dict):
            return values
        values = dict(values)
        if isinstance(values.get("conditions"), list | tuple):
            values["conditions"] = tuple({"name": c} if isinstance(c, str) else c for c in values["conditions"])
            if values.get("task", "pairwise") == "pairwise" and not values.get("pairs"):
                names = [c.name if isinstance(c, ConditionSpec) else c.get("name") for c in values["conditions"]]
                values["pairs"] = tuple((a, b) for i, a in enumerate(names) for b in names[i + 1 :])
        return values

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [condition.name for condition in self.conditions]
        for what, items in (("condition", names), ("class", list(self.classes))):
            for item in items:
                if items.count(item) > 1:
                    raise ValueError(f"{what} '{item}' is named twice; give each its own name")
                if item == NEITHER:
                    raise ValueError(f"no {what} may be called '{NEITHER}', which is the answer for neither")
        if self.task != "pairwise" and self.pairs:
            raise ValueError(f"pairs belong to the task pairwise, and the task is {self.task}; leave pairs out")
        for pair in self.pairs:
            unknown = [name for name in pair if name not in names]
            if unknown:
                raise ValueError(f"pair '{VERSUS.join(pair)}' names '{unknown[0]}', which is no condition")
            if pair[0] == pair[1] or sum(set(other) == set(pair) for other in self.pairs) > 1:
                raise ValueError(f"pair '{VERSUS.join(pair)}' must be two different conditions, and given once")
        if self.repeats * 2 > self.cap:
            raise ValueError(f"repeats = {self.repeats} needs a cap of at least {2 * self.repeats}, not {self.cap}")
        return self

    @property
    def cells_per_image(self) -> tuple[str, ...]:
        """What an image is rated in: the pairs (``A v B``), or the names of the conditions."""
        return tuple(VERSUS.join(pair) for pair in self.pairs) if self.pairs else self.condition_names

    @property
    def condition_names(self) -> tuple[str, ...]:
        """Names of the conditions, in order."""
        return tuple(condition.name for condition in self.conditions)

    def to_yaml(self) -> str:
        """Return the study as it is written into its folder."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)


def study_spec(values: dict[str, Any]) -> StudySpec:
    """Return the study that plain data describes, or raise one sentence about the first mistake."""
    return validated(StudySpec, values, "study")


def read_study_spec(file: Path) -> StudySpec:
    """Return the study that a ``study.yaml`` describes.

    Raises
    ------
    TombolaError
        If the file is missing, no YAML, of another version, or describes no valid study.
    """
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TombolaError(
            f"{file.parent} holds no study ({SPEC_FILE} is missing); make one: `tombola study design`"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TombolaError(f"cannot read {file}: {str(error).splitlines()[0]}") from error
    if not isinstance(values, dict):
        raise TombolaError(f"{file} holds no study; it must be a YAML mapping of fields")
    if values.get("schema_version", SCHEMA) != SCHEMA:
        raise TombolaError(
            f"{file} is of study version {values['schema_version']}, and this Tombola reads version {SCHEMA}; "
            "use the Tombola it was made with"
        )
    return study_spec(values)
