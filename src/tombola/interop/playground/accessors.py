"""Reading an experiment of the playground framework piece by piece, without importing it."""

from pathlib import Path

import numpy as np
from torch import nn

from tombola.errors import TombolaError
from tombola.interop.playground.description import Description, load_specs
from tombola.interop.playground.experiment import CLASSES, experiment_spec, image_set
from tombola.interop.playground.files import ExperimentFiles, find_files
from tombola.interop.playground.histories import Histories, load_histories
from tombola.interop.playground.states import MisfitError, load_net, translated
from tombola.interop.playground.stops import Stops, load_stops
from tombola.networks import build
from tombola.networks.state import restore

SAME_DENSITY = 1e-6


def has_controls(prefix: str | Path) -> bool:
    """Return whether any replicate of an experiment was randomly retrained."""
    files, description = _opened(prefix)
    return any(files.control(number).is_file() for number in range(description.net_count))


def load_control_histories(prefix: str | Path, replicate: int | None = None) -> Histories:
    """Return the histories of one replicate's controls, or of all replicates stacked along a new first axis.

    Raises
    ------
    TombolaError
        If a file is missing, the replicate does not exist, or grids or densities of replicates differ.
    """
    files, description = _opened(prefix)
    found = [load_histories(_there(files.control(n))) for n in _numbers(description, replicate)]
    if replicate is not None:
        return found[0]
    first = found[0]
    for number, other in enumerate(found):
        if other.shape != first.shape or not _same_density(other, first):
            raise TombolaError(
                f"{files.control(number)} has another shape or other densities than replicate 0, so controls cannot be "
                "stacked; load them one by one"
            )
    measures = {name: np.stack([each.measures[name] for each in found]) for name in first.measures}
    return Histories(measures, first.density, first.missing, first.unknown)


def load_stop_data(prefix: str | Path, replicate: int | None = None) -> tuple[Stops, ...]:
    """Return what was kept at early stop, of one replicate or of all.

    Raises
    ------
    TombolaError
        If a file is missing, or the replicate does not exist.
    """
    files, description = _opened(prefix)
    return tuple(load_stops(_there(files.early_stop(n))) for n in _numbers(description, replicate))


def rebuild_networks(prefix: str | Path, replicate: int | None = None) -> tuple[nn.Module, ...]:
    """Return the last level's networks as plain modules on the CPU, pruned weights exactly zero, ready to evaluate.

    Parameters
    ----------
    prefix
        Of the experiment.
    replicate
        One of them; all by default.

    Raises
    ------
    TombolaError
        If a file is missing or does not fit the description, or the replicate does not exist.
    """
    files, description = _opened(prefix)
    shape = image_set(description).shape
    network = experiment_spec(files.name, description, replicates=1, levels=0, repetitions=0).network
    modules = []
    for number in _numbers(description, replicate):
        path = _there(files.net(number))
        try:
            stored = translated(load_net(path), network, shape, CLASSES)
        except MisfitError as error:
            raise TombolaError(f"{path} {error}") from error
        module = build(network, shape, CLASSES)
        restore(module, stored.state)
        modules.append(module.eval())
    return tuple(modules)


def _opened(prefix: str | Path) -> tuple[ExperimentFiles, Description]:
    files = find_files(prefix)
    return files, load_specs(files.specs)


def _numbers(description: Description, replicate: int | None) -> range:
    if replicate is None:
        return range(description.net_count)
    if not 0 <= replicate < description.net_count:
        raise TombolaError(f"replicate {replicate} does not exist; there are 0 to {description.net_count - 1}")
    return range(replicate, replicate + 1)


def _there(path: Path) -> Path:
    if not path.is_file():
        raise TombolaError(f"{path.name} is missing in {path.parent}")
    return path


def _same_density(one: Histories, other: Histories) -> bool:
    if one.density is None or other.density is None:
        return one.density is other.density
    return bool(np.allclose(one.density, other.density, rtol=0, atol=SAME_DENSITY))
