"""Files of the playground framework, written by hand after playground reference, section 8."""

import json
import math
import runpy
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

CRAFT = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "crafting.py")))
INPUT = {"MNIST": (1, 28, 28), "CIFAR-10": (3, 32, 32), "Toy-MNIST": (1, 28, 28), "Toy-CIFAR": (3, 32, 32)}
BATCHES = {"MNIST": 916, "CIFAR-10": 750, "Toy-MNIST": 3, "Toy-CIFAR": 3}
CLASS = CRAFT.Global("experiments.early_stop_histories", "EarlyStopHistory")
STATE = dict[str, torch.Tensor]


@dataclass
class Experiment:
    """An experiment in the framework's own terms; `write` makes its files."""

    net: str = "Lenet"
    dataset: str = "MNIST"
    plan_conv: list[Any] = field(default_factory=list)
    plan_fc: list[Any] = field(default_factory=lambda: [8, 4])
    net_count: int = 2
    prune_count: int = 2
    epoch_count: int = 1
    plot_step: int = 100
    early_stop: bool = True
    controls: int = 2
    seed: int = 0
    specs: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    @property
    def records(self) -> int:
        return BATCHES[self.dataset] * self.epoch_count // self.plot_step

    def layers(self) -> Iterator[tuple[str, tuple[int, ...] | None, int]]:
        """(name, shape of the weight, or None for batch norm, channels), in order; indices count every module."""
        channels, side, _ = INPUT[self.dataset]
        place = 0
        for token in map(str, self.plan_conv):
            if token in "MA":
                side, place = side // 2, place + 1
                continue
            outputs = int(token.rstrip("B"))
            yield f"conv.{place}", (outputs, channels, 3, 3), outputs
            if token.endswith("B"):
                yield f"conv.{place + 1}", None, outputs
            channels, place = outputs, place + 2 + token.endswith("B")
        units = channels * side * side
        for place, token in enumerate(self.plan_fc):
            yield f"fc.{2 * place}", (int(token), units), int(token)
            units = int(token)
        yield "out", (10, units), 10

    def rate(self, name: str) -> float:
        return {"conv": 0.1, "fc": 0.2, "out": 0.1}[name.split(".")[0]]

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.initial = [
            {name: self.normal(shape) for name, shape, _ in self.layers() if shape} for _ in range(self.net_count)
        ]
        self.masks = [list(self.levels(self.initial[n])) for n in range(self.net_count)]
        counted = [[sum(int(m.sum()) for m in masks.values()) for masks in self.masks[0]]][0]
        total = sum(m.numel() for m in self.masks[0][0].values())
        self.sparsity = np.round(np.array(counted) / total, 4)
        shape = (self.net_count, self.prune_count + 1, self.records)
        self.histories = self.curves(shape)

    def normal(self, shape: tuple[int, ...]) -> torch.Tensor:
        return torch.from_numpy(self.random.normal(0, 0.1, shape).astype(np.float32))

    def curves(self, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
        x = np.linspace(0.1, 3, shape[-1])
        return {
            "train_loss": 2 * np.exp(-x) + self.random.uniform(0, 0.05, shape),
            "val_loss": 0.3 + 0.1 * (x - 1.5) ** 2 + self.random.uniform(0, 0.02, shape),
            "val_acc": 0.95 - 0.3 * np.exp(-2 * x) + self.random.uniform(0, 0.01, shape),
            "test_acc": 0.945 - 0.3 * np.exp(-2 * x) + self.random.uniform(0, 0.01, shape),
        }

    def levels(self, initial: STATE) -> Iterator[STATE]:
        masks = {name: torch.ones_like(weight) for name, weight in initial.items()}
        for level in range(self.prune_count + 1):
            if level:
                for name, mask in masks.items():
                    alive = np.flatnonzero(mask.numpy().reshape(-1))
                    gone = self.random.choice(alive, math.ceil(len(alive) * self.rate(name) - 1e-9), replace=False)
                    mask.view(-1)[torch.from_numpy(gone)] = 0
            yield {name: mask.clone() for name, mask in masks.items()}

    def state(self, replicate: int, level: int, shift: float) -> STATE:
        """A state dict after training: weights moved where they are not masked."""
        found: STATE = OrderedDict()
        for name, shape, channels in self.layers():
            if shape is None:
                for part, value in (("weight", 1.0), ("bias", 0.1), ("running_mean", 0.2), ("running_var", 1.5)):
                    found[f"{name}.{part}"] = torch.full((channels,), value + shift)
                found[f"{name}.num_batches_tracked"] = torch.tensor(916)
                continue
            initial, mask = self.initial[replicate][name], self.masks[replicate][level][name]
            found[f"{name}.bias"] = torch.full((channels,), shift + level)
            found[f"{name}.weight_orig"] = initial + shift * mask
            found[f"{name}.weight_init"] = initial
            found[f"{name}.weight_mask"] = mask
        return found

    def stop(self, replicate: int, level: int) -> int:
        """The index of the early stop's step, counted from 0."""
        return (int(np.argmin(self.histories["val_loss"][replicate, level])) + 1) * self.plot_step - 1

    def description(self) -> dict[str, Any]:
        content = {
            **{"net": self.net, "plan_conv": self.plan_conv, "plan_fc": self.plan_fc, "net_count": self.net_count},
            **{"dataset": self.dataset, "epoch_count": self.epoch_count, "learning_rate": 0.0012},
            **{"plot_step": self.plot_step, "verbosity": 1, "prune_method": "IMP-per-layer"},
            **{"prune_count": self.prune_count, "prune_rate_conv": 0.1, "prune_rate_fc": 0.2},
            **{"duration": "2:18min", "device": "cuda:0", "device_name": "A device"},
            **{"save_early_stop": self.early_stop, "experiment_name": "imp"},
        }
        return {k: v for k, v in (content | self.specs).items() if k not in self.without}

    def write(self, folder: Path, prefix: str = "", *, stream: bool = False) -> Path:
        """Write every file and return the prefix."""
        place = folder / (prefix or f"2020_09_08-17_03_11-{self.net}-{self.dataset}")
        Path(f"{place}-specs.json").write_text(json.dumps(self.description()))
        np.savez(f"{place}-histories.npz", **self.histories, sparsity=self.sparsity)
        for n in range(self.net_count):
            state = self.state(n, self.prune_count, 0.5)
            torch.save(state, f"{place}-net{n}.pth", _use_new_zipfile_serialization=not stream)
            if self.early_stop:
                Path(f"{place}-early-stop{n}.pth").write_bytes(self.early_stop_file(n, stream=stream))
            if self.controls:
                control = self.curves((self.controls, self.prune_count, self.records))
                np.savez(f"{place}-random-histories{n}.npz", **control, sparsity=self.sparsity[1:])
        return place

    def early_stop_file(
        self,
        replicate: int,
        *,
        stream: bool = False,
        indices: list[int] | None = None,
        states: list[STATE | None] | None = None,
        core: str = "numpy.core.multiarray",
    ) -> bytes:
        """A pickled object of a class that exists nowhere here, tensors on a GPU."""
        store = CRAFT.Store(stream=stream, location="cuda:0")
        levels = range(self.prune_count + 1)
        states = [self.state(replicate, level, 0.25) for level in levels] if states is None else states
        indices = [self.stop(replicate, level) for level in levels] if indices is None else indices
        crafted = [s and CRAFT.ordered({name: store.tensor(value) for name, value in s.items()}) for s in states]
        fields = {"state_dicts": CRAFT.array(crafted, core), "indices": CRAFT.array(np.array(indices, np.int64), core)}
        return store.file(CRAFT.pickled(CRAFT.Build(CRAFT.New(CLASS), fields)))
