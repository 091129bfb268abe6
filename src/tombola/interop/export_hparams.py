"""An experiment as hyper-parameters of open_lth, in the form of its ``hparams.log``."""

from tombola.specs import ExperimentSpec


def hparams_text(spec: ExperimentSpec) -> str:
    """Return an experiment in open_lth's terms, as far as it has them: sections of ``* name => value``."""
    train, schedule, prune = spec.train, spec.train.schedule, spec.prune
    training: dict[str, object] = {
        "optimizer_name": train.optimiser,
        "lr": train.lr,
        "training_steps": _length(train.length),
        "nesterov_momentum" if train.nesterov else "momentum": train.momentum,
        "weight_decay": train.weight_decay,
    }
    if schedule.milestones:
        training |= {"milestone_steps": ",".join(map(_length, schedule.milestones)), "gamma": schedule.factor}
    if schedule.warmup != "0st":
        training["warmup_steps"] = _length(schedule.warmup)
    whole = prune.allocation == "global"
    sections: dict[str, dict[str, object]] = {
        "Dataset Hyperparameters": {
            "dataset_name": spec.data.name,
            "batch_size": train.batch_size,
            "do_not_augment": not spec.data.augment,
        },
        "Model Hyperparameters": {
            "model_name": spec.network.architecture,
            "model_init": spec.network.weight_init.replace("-", "_"),
        },
        "Training Hyperparameters": training,
        "Pruning Hyperparameters": {
            "pruning_strategy": "sparse_global" if whole else prune.allocation,
            "pruning_fraction": prune.rate if whole else prune.linear_rate,
        },
    }
    lines = []
    for title, values in sections.items():
        lines += [title, *(f"    * {name} => {value}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def _length(text: str) -> str:
    """Return a length of ours (``55ep``, ``500st``) as open_lth spells it."""
    return text.replace("st", "it")
