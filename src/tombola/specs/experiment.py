"""The experiment: its parts, its seed, and the plain text it is written as."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from tombola.specs.compat import contradictions, expanded
from tombola.specs.parts import DataSpec, EngineSpec, NetworkSpec, Part, StoreSpec, TrainSpec
from tombola.specs.prune import PruneSpec
from tombola.specs.search import DynamicSpec, SearchSpec
from tombola.specs.tokens import Choice, Names, Positive, Seed

REPETITIONS = ":"

OTHER_ORDER = "other-order"
"""The one control that the dense level has too."""


def _engine(value: Any) -> Any:
    """Let ``engine: dense`` stand for ``engine: {kind: dense}``."""
    return {"kind": value} if isinstance(value, str) else value


class ExperimentSpec(Part):
    """One experiment: networks found by pruning, and the controls they are tested against.

    Examples
    --------
    >>> spec = ExperimentSpec(replicates=2, prune={"levels": 4})
    >>> spec.prune.levels, spec.controls
    (4, ())
    """

    name: str = Field(
        "experiment", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="first part of the run folder's name"
    )
    seed: Seed = Field(0, description="root of every random stream")
    replicates: Positive = Field(3, description="independent initialisations, each with its own data order")
    data: DataSpec = DataSpec()
    network: NetworkSpec = NetworkSpec()
    train: TrainSpec = TrainSpec()
    prune: PruneSpec = PruneSpec()
    search: SearchSpec = SearchSpec()
    dynamic: DynamicSpec = DynamicSpec()
    controls: Names = Field((), description="retrainings with one thing changed, with repetitions: reinit:3")
    control_levels: Annotated[Literal["all", "last"], Choice] = Field(
        "all", description="which pruned levels have controls; last saves most of the time where only the end counts"
    )
    engine: Annotated[EngineSpec, BeforeValidator(_engine)] = EngineSpec()
    store: StoreSpec = StoreSpec()
    plugins: Names = Field((), description="modules that register your own scores, controls, networks, data sets")
    compat: Annotated[Literal["none", "playground-2022"], Choice] = Field(
        "none", description="sets every field that reproduces a known defect of a published system, for comparison"
    )

    @model_validator(mode="before")
    @classmethod
    def _write_out_compat(cls, values: Any) -> Any:
        return expanded(values) if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _compat_holds(self) -> Self:
        parts = {"train": self.train.model_dump(), "prune": self.prune.model_dump()}
        for field, wanted, found in contradictions(self.compat, parts):
            raise ValueError(
                f"compat '{self.compat}' stands for {field} = {wanted!r}, and {found!r} is given; leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _canonical_controls(self) -> Self:
        """Write every control as ``name:repetitions``, in the order given."""
        seen: dict[str, int] = {}
        for text in self.controls:
            name, _, count = text.strip().partition(REPETITIONS)
            repetitions = int(count) if count.isdigit() else 0
            if not name or (count and repetitions < 1):
                raise ValueError(f"control '{text}' is not of the form name or name:repetitions (reinit:3)")
            if name in seen:
                raise ValueError(f"control '{name}' is named twice; give its repetitions as {name}:N")
            seen[name] = repetitions or 1
        canonical = tuple(f"{name}{REPETITIONS}{count}" for name, count in seen.items())
        object.__setattr__(self, "controls", canonical)
        return self

    @property
    def modules(self) -> tuple[str, ...]:
        """Modules of other people's code that the experiment needs: plug-ins, and the one of ``network.factory``."""
        factory = (self.network.factory or "").partition(":")[0]
        return tuple(dict.fromkeys((*self.plugins, *([factory] if factory else ()))))

    def control_repetitions(self) -> dict[str, int]:
        """Return the number of repetitions of every control, by name."""
        return {name: int(count) for name, _, count in (text.rpartition(REPETITIONS) for text in self.controls)}

    def controlled(self, level: int, control: str) -> bool:
        """Return whether a level has a control; the dense one has other orders only, with every choice of levels."""
        if level == 0:
            return control == OTHER_ORDER
        return self.control_levels == "all" or level == self.prune.levels

    @property
    def jobs(self) -> int:
        """How many trainings the experiment consists of."""
        repetitions = self.control_repetitions()
        controls = sum(
            count
            for level in range(self.prune.levels + 1)
            for name, count in repetitions.items()
            if self.controlled(level, name)
        )
        return self.replicates * (1 + self.prune.levels + controls)

    def with_(self, **changes: Any) -> "ExperimentSpec":
        """Return a validated copy; nested fields as dicts: ``spec.with_(prune={"levels": 5})``.

        Raises
        ------
        TombolaError
            If a field is unknown or has a value it cannot have.
        """
        from tombola.specs.resolve import overlay, validate  # which rest on this module

        return validate(overlay(self.model_dump(), expanded(changes)))

    def resolved(self) -> dict[str, Any]:
        """Return every field as plain data, defaults included: what ``spec.yaml`` holds."""
        return self.model_dump(mode="json")
