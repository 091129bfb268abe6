"""Named normalisation constants: an experiment stores the name, batches apply (x / 255 - mean) / std."""

from dataclasses import dataclass

from tombola.errors import TombolaError
from tombola.registry import Registry


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation per channel, of pixels scaled to [0, 1]."""

    name: str
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def for_channels(self, channels: int) -> "Normalisation":
        """Return these constants for images of `channels` channels; those of one channel fit any number.

        Raises
        ------
        TombolaError
            If constants of several channels meet another number of channels.
        """
        if len(self.mean) == channels:
            return self
        if len(self.mean) > 1:
            raise TombolaError(
                f"data.normalisation = {self.name!r}: it has constants for {len(self.mean)} channels and the images "
                f"have {channels}; choose one of {', '.join(_fitting(channels))}"
            )
        return Normalisation(self.name, self.mean * channels, self.std * channels)


normalisations: Registry[Normalisation] = Registry("normalisation")
"""Constants by name; add your own with ``normalisations.register(name)(Normalisation(name, mean, std))``."""


def _fitting(channels: int) -> list[str]:
    return [name for name in normalisations if len(normalisations[name].mean) in (1, channels)]


def _constants(name: str, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    normalisations.register(name)(Normalisation(name, mean, std))


_constants("unit", (0.0,), (1.0,))
_constants("mnist", (0.1307,), (0.3081,))
_constants("fashion-mnist", (0.2860,), (0.3530,))
_constants("digits", (0.3053,), (0.3759,))
_constants("imagenet", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_constants("cifar10", (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
_constants("cifar100", (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762))
_constants("svhn", (0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970))
_constants("cinic10", (0.4789, 0.4723, 0.4305), (0.2421, 0.2383, 0.2587))
