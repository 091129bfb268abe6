"""Keys that configurations of both families have."""

import re
from typing import Any

from tombola.interop.old_specs.draft import Draft, Rule, Values, ignored
from tombola.interop.old_specs.values import choice, whole

DATASETS = {"mnist": "mnist", "cifar10": "cifar10", "cifar-10": "cifar10"}
AUGMENT = {"cifar10": ["crop:4", "flip"]}
FAMILIES = ("synflow", "gem_miner")


def experiment(key: str, value: Any, _: Draft, __: Values) -> None:
    """Take the family, which was read before anything else."""
    choice(key, value, {name: name for name in FAMILIES})


def name(_: str, value: Any, draft: Draft, __: Values) -> None:
    """Take the run's name, in the letters that names of runs have."""
    text = re.sub(r"[^A-Za-z0-9._-]+", "_", str(value)).strip("._-")
    if text:
        draft.put("name", text)


def seed(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Take the seed, times the trial's number where there is one: that is what was seeded."""
    trial = values.get("trial_num")
    draft.put("seed", whole(key, value) * (1 if trial is None else whole("trial_num", trial)))


def dataset(key: str, value: Any, draft: Draft, _: Values) -> None:
    """Take images, constants and augmentation (reference, section 2.4)."""
    known = choice(key, value, DATASETS)
    draft.put("data.name", known)
    draft.put("data.normalisation", known)
    draft.put("data.augment", AUGMENT.get(known, []))


COMMON: dict[str, Rule] = {
    "experiment": experiment,
    "seed": seed,
    "expid": name,
    "name": name,
    "dataset": dataset,
    "gpu": ignored("the device is chosen by --engine.device, which takes a GPU where there is one"),
    "workers": ignored("images are in memory and need no loading processes; --workers counts jobs at a time"),
    "verbose": ignored("tombola run -v says more"),
}
