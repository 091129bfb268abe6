"""Weights to start from that others trained: read safely, fitted to the network, its last layer drawn if need be."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from tombola.data.pretrained import file_digest, weights_file
from tombola.errors import TombolaError
from tombola.experiments.trial import Shape
from tombola.interop.customary_names import renamed
from tombola.interop.state_dict import read_state_dict
from tombola.networks import State, build, initialise, prunable_layers
from tombola.networks.initialisers import DEFAULT
from tombola.networks.state import capture, odd_name
from tombola.pruning import LevelPlan, Mask
from tombola.specs import ExperimentSpec, NetworkSpec

PUBLISHED = "imagenet"
"""``network.weights: imagenet`` takes the published weights of the architecture."""

COUNTER = "num_batches_tracked"
"""What older files lack of batch norm; nothing depends on it where momentum is fixed."""


@dataclass(frozen=True)
class Given:
    """Weights from a file, as the network takes them.

    Attributes
    ----------
    state
        Every tensor of the network that the file has, in its shape.
    mask
        What the file says is pruned, of all prunable layers; None where it says nothing.
    fresh
        Tensors of the output layer that are drawn, because the file's have another number of classes.
    """

    state: State
    mask: Mask | None
    fresh: tuple[str, ...]

    def note(self) -> str:
        """Return what was done, in a sentence."""
        said = [f"weights of {len(self.state)} tensors taken from network.weights"]
        said += [f"{', '.join(self.fresh)} drawn anew, for another number of classes"] if self.fresh else []
        said += [f"pruned as in the file: density {self.mask.density:.4f} from level 0 on"] if self.mask else []
        return "; ".join(said)


def settled(spec: ExperimentSpec) -> ExperimentSpec:
    """Return the experiment with the full path of its weights.

    Raises
    ------
    TombolaError
        If published weights are asked for that are not at hand, or there is no such file.
    """
    given = spec.network.weights
    if given is None:
        return spec
    path = weights_file(spec.network.architecture, spec.data.root) if given == PUBLISHED else Path(given).expanduser()
    if not path.is_file():
        raise TombolaError(f"network.weights = '{given}': there is no such file")
    return spec.with_(network={"weights": str(path.resolve())})


def digest(spec: NetworkSpec) -> str | None:
    """Return what a key says of the weights: the SHA-256 of their file; None where training starts from a draw."""
    return None if spec.weights is None else file_digest(Path(spec.weights))


def read_given(spec: NetworkSpec, shape: Shape) -> Given:
    """Return the weights of ``network.weights``, fitted to the network.

    Raises
    ------
    TombolaError
        If the file holds anything but a state dict, or belongs to another network.
    """
    if spec.weights is None:
        raise TombolaError("network.weights is not given")
    path = Path(spec.weights)
    return _read(spec, shape, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=1)
def _read(spec: NetworkSpec, shape: Shape, changed: int) -> Given:
    found, mask = read_state_dict(str(spec.weights))
    state = renamed(spec.architecture, found)
    module = build(spec, shape.input_shape, shape.classes, device="meta")
    layers = prunable_layers(module)
    wanted = module.state_dict()
    other = [name for name in wanted if name in state and state[name].shape != wanted[name].shape]
    output = next((layer.name.removesuffix("weight") for layer in layers if layer.kind == "output"), None)
    fresh = tuple(name for name in other if output is not None and name.startswith(output))
    where = f"network.weights = '{spec.weights}' does not fit network '{spec.architecture}'"
    for name in other:
        if name not in fresh:
            shapes = f"{[*state[name].shape]} in the file and {[*wanted[name].shape]} in the network"
            raise TombolaError(f"{where}: '{name}' is {shapes}")
    if odd := odd_name([name for name in wanted if name in state or not name.endswith(COUNTER)], state):
        what, name = odd
        raise TombolaError(f"{where}: the file {what} '{name}'")
    fitted = {name: state[name].to(wanted[name].dtype) for name in wanted if name in state and name not in fresh}
    if mask is None:
        return Given(fitted, None, fresh)
    if mask.held:
        raise TombolaError(
            f"{where}: the file holds pruned weights of '{next(iter(mask.held))}' at other values than zero, "
            "and what a file prunes is zero here"
        )
    stored = {name: keep for name, keep in renamed(spec.architecture, dict(mask)).items() if name not in fresh}
    return Given(fitted, _mask(spec, stored, module), fresh)


def _mask(spec: NetworkSpec, stored: State, module: torch.nn.Module) -> Mask:
    chosen = prunable_layers(module, spec.prunable)
    left = sorted(set(stored) - {layer.name for layer in chosen})
    if left:
        raise TombolaError(
            f"network.weights: the file prunes '{left[0]}', which network.prunable = {list(spec.prunable)} leaves out"
        )
    return Mask({layer.name: stored.get(layer.name, torch.ones(layer.shape, dtype=torch.bool)) for layer in chosen})


def initial_state(spec: ExperimentSpec, shape: Shape, seed: int, drawn: State) -> State:
    """Return the state training starts from: the file's weights, and a draw for what it has no fitting one of.

    A last layer for another number of classes is drawn as its kind of layer draws itself (explainability reference,
    section 1.1), from the replicate's own stream; so replicates differ in it, in data order, and in nothing else.

    Parameters
    ----------
    spec, shape
        The experiment, its network's input and classes.
    seed
        Of the replicate's initial weights.
    drawn
        What is drawn without a file.
    """
    given = read_given(spec.network, shape)
    own = dict(drawn)
    if given.fresh:
        plain = spec.network.model_copy(update={"weight_init": DEFAULT, "bias_init": DEFAULT})
        module = build(plain, shape.input_shape, shape.classes)
        initialise(module, plain, torch.Generator().manual_seed(seed))
        made = capture(module)
        own |= {name: made[name] for name in given.fresh}
    return own | {name: value.clone() for name, value in given.state.items()}


def check(given: Given, plans: list[LevelPlan], *, within: bool = True) -> None:
    """Refuse a pruned file where levels are to keep more than it has left, or what it has pruned.

    Parameters
    ----------
    given, plans
        What the file holds, and what levels keep.
    within
        Whether levels' masks lie within the file's.

    Raises
    ------
    TombolaError
        Naming level and layer, or the way out.
    """
    if given.mask is None or given.mask.count == given.mask.size:
        return
    if len(plans) > 1 and not within:
        raise TombolaError(
            "network.weights: the file is pruned, and prune.procedure (or prune.shuffle) lets weights remain wherever "
            "they are, also those that the file has no value of; take iterative, one-shot, gradual or at-init"
        )
    left = given.mask.remaining()
    for plan in plans[1:]:
        short = [name for name, count in (plan.remaining or {}).items() if count > left[name]]
        if plan.total > given.mask.count or short:
            raise TombolaError(
                f"network.weights: level {plan.level} keeps {plan.total:,} weights, and the file, which is pruned, has "
                f"{given.mask.count:,} left{f' (too few of {short[0]})' if short else ''}; ask for higher rates"
            )
