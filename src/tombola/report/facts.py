"""What was run and where, in words: the spec for readers, and the environment."""

from collections.abc import Mapping
from typing import Any

from tombola.analysis.wording import NARROW, count
from tombola.experiments import controls, procedures
from tombola.specs import ExperimentSpec, Length, NetworkSpec, PruneSpec, TrainSpec
from tombola.specs.prune import JOINT_LINEAR
from tombola.store import Run

Facts = list[tuple[str, str]]
"""Names and what there is to say about them, in reading order."""

NAMES = {
    "started": "Started",
    "python": "Python",
    "platform": "System",
    "processor": "Processor",
    "cores": "Cores",
    "device": "Device",
    "threads": "Threads per job",
}

OPTIMISERS = {"adam": "Adam", "sgd": "SGD", "adamw": "AdamW"}


def experiment(run: Run) -> Facts:
    """Return what the experiment is: data, network, training, pruning, controls, replicates."""
    spec = run.spec
    facts = [
        ("Data", _data(run)),
        ("Network", _network(spec.network, run)),
        ("Training", _training(spec.train)),
        (
            "Records",
            f"every {_length(spec.train.record_every)}; early stop is the one with the smallest validation loss",
        ),
        ("Pruning", _pruning(spec)),
    ]
    for name, times in spec.control_repetitions().items():
        facts.append(("Control", f"{name}, {count(times, 'repetition')}. {_about(name)}".strip()))
    facts.append(("Replicates", f"{count(spec.replicates, 'independent initialisation')}, seed {spec.seed}"))
    return facts


def environment(run: Run) -> Facts:
    """Return what the run was started in; what is not recorded is left out, unknown entries keep their key."""
    recorded = dict(run.environment)
    packages, data, plugins = (_mapping(recorded.pop(name, None)) for name in ("packages", "data", "plugins"))
    recorded.pop("schema", None)
    engines = sorted({info.engine for info in run.jobs.values() if info.status == "done"})
    facts = [(NAMES[name], str(recorded.pop(name))) for name in NAMES if name in recorded]
    facts += [("Engine", ", ".join(engines))] if engines else []
    facts += [(str(name), str(value)) for name, value in recorded.items()]
    facts += [("Packages", ", ".join(f"{name} {version}" for name, version in packages.items()))] if packages else []
    facts += [(f"Data {part}".replace("_", " "), str(value)) for part, value in data.items() if "digest" in part]
    facts += [(f"Plug-in {name}", str(digest)) for name, digest in plugins.items()]
    return facts


def resolution(run: Run) -> str:
    """Return a sentence on how finely the test set can tell accuracies apart; empty where its size is not recorded."""
    images = _mapping(run.environment.get("data")).get("test")
    if not isinstance(images, int) or images < 1:
        return ""
    return f"All networks are tested on the same {count(images, 'image')}, of which one is {100 / images:.2g} points."


def _data(run: Run) -> str:
    spec, recorded = run.spec.data, _mapping(run.environment.get("data"))
    parts = [f"{recorded[p]:,} {word}" for p, word in _PARTS.items() if isinstance(recorded.get(p), int)]
    sizes = f": {', '.join(parts)} images" if parts else ""
    augment = f", augmented by {', '.join(spec.augment)}" if spec.augment else ""
    return f"{spec.name}{sizes}; {spec.normalisation} normalisation{augment}"


_PARTS = {"train": "training", "validation": "validation", "test": "test"}


def _network(spec: NetworkSpec, run: Run) -> str:
    if spec.architecture == "plan":
        conv = f"convolutions {' '.join(spec.conv)}, " if spec.conv else ""
        linear = f"hidden linear {' '.join(spec.linear)}, " if spec.linear else ""
        made = f"{conv}{linear}{spec.activation}"
    else:
        made = spec.architecture
    weights = sum(layer.size for layer in run.layers)
    sizes = f"; {weights:,} prunable weights in {count(len(run.layers), 'layer')}" if weights else ""
    return f"{made}{sizes}; weights {spec.weight_init}, biases {spec.bias_init}"


def _training(spec: TrainSpec) -> str:
    optimiser = OPTIMISERS.get(spec.optimiser, spec.optimiser)
    parts = [f"{_length(spec.length)} of {optimiser} at learning rate {spec.lr:g}", f"batches of {spec.batch_size}"]
    parts += [f"momentum {spec.momentum:g}"] if spec.momentum else []
    parts += [f"weight decay {spec.weight_decay:g}"] if spec.weight_decay else []
    schedule = spec.schedule
    if schedule.kind == "steps":
        drops = ", ".join(_length(milestone) for milestone in schedule.milestones)
        parts.append(f"rate times {schedule.factor:g} after {drops}")
    elif schedule.kind != "constant":
        parts.append(f"{schedule.kind} schedule")
    parts += [f"warm-up over {_length(schedule.warmup)}"] if Length.parse(schedule.warmup).value else []
    return ", ".join([*parts, spec.precision])


def _pruning(spec: ExperimentSpec) -> str:
    prune = spec.prune
    if prune.levels == 0:
        return "none: the dense network only"
    known = procedures[prune.procedure].told if prune.procedure in procedures else None
    if known is not None:
        return "; ".join([known(spec), _levels(prune), *([f"compat {spec.compat}"] if spec.compat != "none" else [])])
    if prune.densities or prune.rates:
        rates = _levels(prune)
    elif prune.allocation == "layerwise":
        rates = f"per round {_rate(prune.linear_rate)} of the survivors of each hidden linear layer"
        rates += f", {_rate(prune.conv_rate)} of each convolution" if spec.network.conv else ""
        rates += f", {_rate(prune.output_rate or 0)} of the output layer"
    elif prune.allocation == JOINT_LINEAR:
        rates = f"per round {_rate(prune.linear_rate)} of the survivors of all linear layers together"
        rates += f", {_rate(prune.conv_rate)} of each convolution" if spec.network.conv else ""
    else:
        rates = f"per round {_rate(prune.rate)} of the survivors"
    rounds = count(prune.levels, "round")
    told = [f"{prune.procedure}, {rounds} by {prune.score}, {prune.allocation}: {rates}", _restart(prune)]
    told += [f"pruned weights held at {prune.pruned}"] if prune.pruned != "zero" else []
    told += [f"counts {prune.counts}"] if prune.counts != "iterated" else []
    told += [f"reset {prune.reset}"] if prune.reset != "full" else []
    return "; ".join([*told, f"compat {spec.compat}"] if spec.compat != "none" else told)


def _levels(prune: PruneSpec) -> str:
    if prune.densities:
        return f"densities {', '.join(_rate(density) for density in prune.densities)}"
    if prune.rates:
        return f"compression rates {', '.join(f'{rate:g}' for rate in prune.rates)}"
    return f"{count(prune.levels, 'level')} at the densities of as many rounds"


def _restart(prune: PruneSpec) -> str:
    if prune.rewind == "lr":
        return "survivors go on as trained, through the whole schedule again"
    if prune.rewind == "none":
        return "survivors go on as trained, at the last learning rate"
    return f"survivors rewound to {f'step {prune.rewind_step:,}' if prune.rewind_step else 'initialisation'}"


def _about(control: str) -> str:
    """Return the first line of a control's docstring."""
    return controls[control].summary if control in controls else ""


def _length(text: str) -> str:
    length = Length.parse(text)
    return count(length.value, "epoch" if length.unit == "ep" else "step")


def _rate(rate: float) -> str:
    return f"{100 * rate:.4g}{NARROW}%"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
