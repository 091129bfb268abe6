"""Which images an experiment learns: the part ``data``."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tombola.specs.part import Part
from tombola.specs.tokens import Choice, Count, Maybe, Names, Positive


class DataSpec(Part):
    """Which images, how they are split, normalised and augmented."""

    name: str = Field("mnist-5k", description="image set; `tombola data list` names them")
    root: Annotated[str | None, Maybe] = Field(None, description="folder holding image sets (else TOMBOLA_DATA, cache)")
    validation: Annotated[Count | None, Maybe] = Field(None, description="validation samples; default: the set's own")
    train: Annotated[Positive | None, Maybe] = Field(None, description="training samples; default: all the rest")
    size: Annotated[Positive | None, Maybe] = Field(None, description="side in pixels, for sets of varying image size")
    fit: Annotated[Literal["crop", "squash"], Choice] = Field(
        "crop", description="how images come to data.size: cropped at the centre, or squashed (aspect ratio lost)"
    )
    split: Annotated[Literal["drawn", "published", "file"], Choice] = Field(
        "drawn", description="drawn from the seed, the set's published one, or as data.split_file says"
    )
    split_file: Annotated[str | None, Maybe] = Field(
        None, description="CSV of part,file that divides a set of image files; `tombola data split` writes one"
    )
    normalisation: str = Field("unit", description="named constants: mnist, cifar10, imagenet, unit (none), ...")
    augment: Names = Field(
        (), description="on training batches, in order: flip, vflip, crop:4, rotate:10, resized-crop:0.5"
    )

    @model_validator(mode="after")
    def _file_is_the_split(self) -> Self:
        if self.split_file is not None and self.split == "drawn":
            object.__setattr__(self, "split", "file")
        if (self.split_file is None) != (self.split != "file"):
            raise ValueError(
                f"split '{self.split}' and split_file {self.split_file!r} do not fit; split file needs a split_file, "
                "and no other split goes with one"
            )
        return self
