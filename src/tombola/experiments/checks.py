"""What cannot work in an experiment whatever its network: found before any compute starts."""

from tombola.data import Info
from tombola.errors import TombolaError
from tombola.experiments.controls import controls
from tombola.specs import ExperimentSpec, Length


def check_controls(spec: ExperimentSpec) -> None:
    """Refuse controls that cannot run.

    Raises
    ------
    TombolaError
        Naming the first one, and why.
    """
    for name, repetitions in spec.control_repetitions().items():
        reason = controls[name].refuses(spec, repetitions)
        if reason and spec.prune.levels:
            raise TombolaError(f"controls: '{name}' cannot run: {reason}")


def check_lengths(spec: ExperimentSpec, info: Info) -> None:
    """Refuse lengths that do not fit into each other, or a batch larger than the data.

    Raises
    ------
    TombolaError
        Naming field, value and the way out.
    """
    train, prune = spec.train, spec.prune
    per_epoch = info.sizes.train // train.batch_size
    if per_epoch == 0:
        raise TombolaError(
            f"train.batch_size = {train.batch_size} exceeds the {info.sizes.train} training samples "
            f"of {info.name}; use a smaller batch"
        )
    steps = Length.parse(train.length).steps(per_epoch)
    shortest = min(steps, Length.parse(prune.finetune or train.length).steps(per_epoch))
    if shortest < 1:
        raise TombolaError("prune.finetune = '0' trains nothing after pruning; give epochs (50ep) or steps (2000st)")
    if Length.parse(train.record_every).steps(per_epoch) > shortest:
        raise TombolaError(
            f"train.record_every = '{train.record_every}' is longer than training ({shortest} steps); "
            "records would miss all of it"
        )
    if prune.rewind_step >= steps:
        raise TombolaError(f"prune.rewind = '{prune.rewind}' is not before the end of training ({steps} steps)")
