"""What browsers send, checked before anything else looks at it."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

LONGEST_TIME = 10**9
MOST_LOSSES = 10**6
LARGEST_WINDOW = 10**6


Empty = Literal[""]
SILENCE: Final = "prefer not to say"
EMPTY_IS_SILENCE = BeforeValidator(lambda value: value or SILENCE)
Age = Literal["prefer not to say", "18 to 29", "30 to 44", "45 to 59", "60 or more"]
Background = Literal["prefer not to say", "none", "some", "studied or worked in it"]
Colours = Literal["prefer not to say", "no", "yes"]
Device = Literal["prefer not to say", "computer", "tablet", "phone"]


Sealed = Annotated[
    str, Field(min_length=1, max_length=100, description="hidden field of the form: proves it is from our page")
]
Value = Annotated[str, Field(min_length=1, max_length=100)]


class Sent(BaseModel):
    """Any form: its seal, and nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seal: Sealed


class StartForm(Sent):
    """Starting, with the id a platform gave, if one did."""

    external: Annotated[str, Field(max_length=200)] = ""


class ConsentForm(Sent):
    """Agreeing, or not."""

    choice: Literal["agree", "decline"]


class AnswerForm(Sent):
    """One answer, with what the page's script measured; without a script those fields are empty."""

    answer: Value
    confidence: Annotated[int, Field(ge=1, le=4)] | Empty = ""
    milliseconds: Annotated[int, Field(ge=0, le=LONGEST_TIME)] | Empty = ""
    focus_losses: Annotated[int, Field(ge=0, le=MOST_LOSSES)] | Empty = ""
    width: Annotated[int, Field(ge=0, le=LARGEST_WINDOW)] | Empty = ""
    height: Annotated[int, Field(ge=0, le=LARGEST_WINDOW)] | Empty = ""


def known(value: int | Empty) -> int | None:
    """Return a number that may not have been sent."""
    return None if value == "" else value


class QuizForm(Sent):
    """All answers of one attempt: besides the fields named here one ``q<position>`` per question."""

    model_config = ConfigDict(extra="allow", frozen=True)

    attempt: Annotated[int, Field(ge=0, le=1000)]

    def chosen(self, position: int) -> str:
        """Return the answer to the question at a place of the plan, empty where none was given."""
        value = (self.model_extra or {}).get(f"q{position}", "")
        return value if isinstance(value, str) else ""


class AboutYouForm(Sent):
    """Coarse and voluntary: not answering is the answer that is set before."""

    age: Annotated[Age, EMPTY_IS_SILENCE] = SILENCE
    background: Annotated[Background, EMPTY_IS_SILENCE] = SILENCE
    colours: Annotated[Colours, EMPTY_IS_SILENCE] = SILENCE
    device: Annotated[Device, EMPTY_IS_SILENCE] = SILENCE


class TokenForm(BaseModel):
    """The admin token, typed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: Annotated[str, Field(min_length=1, max_length=200)]
