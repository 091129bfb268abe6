"""The base of all parts of a spec."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of all parts: immutable, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
