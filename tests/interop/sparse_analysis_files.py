"""Folders of stored networks, written by hand after the sparse-analysis reference, sections 2 and 9.1."""

import csv
import json
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch

FC = [(100, 784), *[(100, 100)] * 4, (10, 100)]
WIDTHS = (16, 32, 64)
State = dict[str, torch.Tensor]


def residual(channels: int = 3) -> list[tuple[str, tuple[int, ...]]]:
    """(name as OpenLTH has it, shape) of every tensor of a ResNet-20 but normalisation, in order."""
    found: list[tuple[str, tuple[int, ...]]] = [("conv", (16, channels, 3, 3))]
    before = 16
    for block in range(9):
        after = WIDTHS[block // 3]
        found += [(f"blocks.{block}.conv1", (after, before, 3, 3)), (f"blocks.{block}.conv2", (after, after, 3, 3))]
        if before != after:
            found.append((f"blocks.{block}.shortcut.0", (after, before, 1, 1)))
        else:
            found.append((f"blocks.{block}.shortcut", (after,)))
        before = after
    return [*found, ("fc", (10, 64))]


def gem_name(name: str) -> str:
    """A name of OpenLTH's as Gem-Miner has it."""
    if name.startswith("blocks."):
        _, block, rest = name.split(".", 2)
        return f"layer{int(block) // 3 + 1}.{int(block) % 3}.{rest}"
    return {"conv": "conv1", "fc": "fc"}[name]


@dataclass
class Network:
    """One network's folder; `change` may spoil its files before they are written.

    `density` is the percent its label says, `content` the percent its mask keeps (of Gem-Miner: its flags), `effective`
    the percent that also have scores above .5.
    """

    method: str = "syn"
    density: float = 10
    replicate: int = 21
    architecture: str = "FC"
    content: float | None = None
    effective: float | None = None
    epochs: int | None = None
    strength: float = 1e-4
    init: int | None = None
    masks: int | None = None
    folder: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    change: Callable[["Network", dict[str, State]], None] | None = None
    log: Callable[[list[list[Any]]], list[list[Any]]] | None = None
    without: tuple[str, ...] = ()

    @property
    def gem(self) -> bool:
        return self.method == "gem"

    @property
    def place(self) -> str:
        return self.folder or f"{self.architecture}/{self.density:g}/{self.method}_{self.density:g}_{self.replicate}"

    def generator(self, what: str) -> torch.Generator:
        """Initial weights depend on family and replicate alone; masks and training on everything."""
        begun = self.replicate if self.init is None else self.init
        masked = self.masks or self.replicate
        parts = (
            [self.gem, begun, self.architecture]
            if what in ("init", "scores")
            else [self.method, masked, self.content, self.density]
        )
        parts += [self.replicate] if what in ("train", "log") else []
        parts.append(what)
        return torch.Generator().manual_seed(zlib.crc32(repr(list(map(str, parts))).encode()))

    def layers(self) -> list[tuple[str, tuple[int, ...]]]:
        """(name of a layer in the files, shape of its weight), prunable or not."""
        if self.architecture.startswith("FC"):
            prefix = "model." if self.gem else ""
            return [(f"{prefix}{2 * i + 1}", shape) for i, shape in enumerate(FC)]
        return [(gem_name(name) if self.gem else name, shape) for name, shape in residual()]

    def prunable(self, name: str, shape: tuple[int, ...]) -> bool:
        return len(shape) > 1 and not (self.gem and "shortcut" in name)

    def initial(self) -> State:
        random, state = self.generator("init"), OrderedDict()
        for name, shape in self.layers():
            if len(shape) == 1:
                state[f"{name}.weight"] = torch.ones(shape)
                continue
            fan = shape[1] * (shape[2] * shape[3] if len(shape) == 4 else 1)
            normal = torch.randn(shape, generator=random)
            state[f"{name}.weight"] = normal.sign() * (2 / fan) ** 0.5 if self.gem else normal / fan**0.5
            if not self.gem and len(shape) == 2 and (self.architecture != "FC" or shape[0] != 10):
                state[f"{name}.bias"] = torch.rand(shape[0], generator=random) - 0.5
            if len(shape) == 4:
                norm = (
                    name.replace("conv", "bn") if "shortcut" not in name else name.replace("shortcut.0", "shortcut.1")
                )
                state |= {f"{norm}.weight": torch.ones(shape[0]), f"{norm}.bias": torch.zeros(shape[0])}
                state |= {f"{norm}.running_mean": torch.zeros(shape[0]), f"{norm}.running_var": torch.ones(shape[0])}
                state[f"{norm}.num_batches_tracked"] = torch.tensor(0)
        return state

    def masks_of(self, percent: float) -> State:
        """Masks that keep a share of all prunable weights, the same in every layer but for rounding."""
        random = self.generator("mask")
        shapes = {name: shape for name, shape in self.layers() if self.prunable(name, shape)}
        sizes = [torch.Size(shape).numel() for shape in shapes.values()]
        order = torch.randperm(sum(sizes), generator=random)
        keep = torch.zeros(sum(sizes))
        keep[order[: round(sum(sizes) * percent / 100)]] = 1
        return {n: part.reshape(shapes[n]) for n, part in zip(shapes, keep.split(sizes), strict=True)}

    def states(self) -> dict[str, State]:
        initial, content = self.initial(), self.content or self.density
        flags, live = self.masks_of(content), self.masks_of(self.effective or content)
        random = self.generator("train")
        decay = 0.9 if self.gem else 1.0
        trained = OrderedDict((name, value.clone()) for name, value in initial.items())
        for name in flags:
            weight = trained[f"{name}.weight"]
            moved = weight + 0.1 * torch.randn(weight.shape, generator=random)
            trained[f"{name}.weight"] = torch.where(live[name] == 1, moved, weight * decay)
        whole = {name: torch.ones_like(keep) for name, keep in flags.items()}
        if self.gem:
            begun = self.generator("scores")
            scores = {name: torch.rand(keep.shape, generator=begun) for name, keep in flags.items()}
            before = {name: 0.4 * keep + 0.5 * live[name] * keep for name, keep in flags.items()}
            made = {
                "init_model.pth": self.scored(initial, whole, scores),
                "model_before_finetune.pth": self.scored(initial, {n: k.int() for n, k in flags.items()}, before),
                "model_after_finetune.pth": self.scored(trained, {n: k.int() for n, k in flags.items()}, live),
            }
        else:
            made = {
                "model.pt": self.masked(initial, whole),
                "model_before_train.pt": self.masked(initial, flags),
                "post-model.pt": self.masked(trained, flags),
            }
        if self.change is not None:
            self.change(self, made)
        return made

    def scored(self, state: State, flags: State, scores: State) -> State:
        found: State = OrderedDict()
        for name, value in state.items():
            found[name] = value.clone()
            layer = name.removesuffix(".weight")
            if layer in flags:
                found |= {f"{layer}.flag": flags[layer].clone(), f"{layer}.bias_flag": torch.tensor([-2.3e-23])}
                found |= {f"{layer}.scores": scores[layer].clone(), f"{layer}.bias_scores": torch.tensor([0.3])}
        return found

    def masked(self, state: State, masks: State) -> State:
        found: State = OrderedDict()
        for name, value in state.items():
            found[name] = value.clone()
            layer, _, part = name.rpartition(".")
            if part in ("weight", "bias"):
                found[f"{name}_mask"] = (
                    masks[layer].clone() if part == "weight" and layer in masks else torch.ones_like(value)
                )
        return found

    def rows(self) -> list[list[Any]]:
        """The rows of its log."""
        epochs = self.epochs or {("FC", True): 25, ("FC", False): 25}.get(
            (self.architecture, self.gem), 150 if self.gem else 160
        )
        density = self.effective or self.content or self.density
        random = torch.rand(2 * epochs + 2, generator=self.generator("log")).tolist()
        if not self.gem:
            rows = [[float("nan"), 2.3 + random[0] / 100, 10.0 + random[0], 50.0]]
            rows += [
                [1 / (e + 1), 1 / (e + 2) + random[e] / 100, 80 + e / 10 + random[e] / 100, 99.0]
                for e in range(1, epochs + 1)
            ]
            return rows
        search = [
            [e, 70 + random[e], 70 + random[e], 70 + random[e], 60.0 + random[e], 0.0, density] for e in range(epochs)
        ]
        squares = sum(float((0.4 * k + 0.5 * live * k).double().square().sum()) for k, live in self.pairs())
        search[-1][5] = self.strength * squares
        tuned = [
            [e, -1.0, 80 + random[e] + e / 10, 79 + random[e], 78 + random[e], 0.0, density]
            for e in range(epochs - 1, 2 * epochs)
        ]
        return search + tuned

    def pairs(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        flags, live = (
            self.masks_of(self.content or self.density),
            self.masks_of(self.effective or self.content or self.density),
        )
        return [(flags[name], live[name]) for name in flags]

    def write(self, root: Path) -> Path:
        folder = root / self.place
        folder.mkdir(parents=True)
        for name, state in self.states().items():
            if name not in self.without:
                torch.save(state, folder / name)
        rows = self.rows()
        rows = self.log(rows) if self.log else rows
        if self.gem:
            names = ["epoch", "test_acc_before_rounding", "test_acc", "val_acc", "train_acc"]
            with (folder / "acc_and_sparsity.csv").open("w", newline="") as file:
                csv.writer(file).writerows([[*names, "regularization_loss", "model_sparsity"], *rows])
        else:
            self.write_synflow(folder, rows)
        for name in self.without:
            (folder / name).unlink(missing_ok=True)
        return folder

    def recorded(self) -> dict[str, Any]:
        exponents = {10: 1, 50: 0.3, 20: 0.695, 5: 1.3, 2: 1.7}
        fc = self.architecture == "FC"
        pruner = {"syn": "synflow", "rnd": "rand"}.get(self.method, "synflow")
        found = {
            **{"experiment": "synflow", "model": "fc" if fc else "resnet20", "dataset": "mnist" if fc else "cifar10"},
            **{"model_class": "default" if fc else "lottery", "pruner": pruner, "seed": self.replicate},
            **{
                "compression_list": [exponents.get(self.density, 1)],
                "level_list": [10],
                "prune_epochs": 1 if fc else 100,
            },
            **{"pre_epochs": 0, "post_epochs": 25 if fc else 160, "lr": 0.1 if fc else 0.01, "weight_decay": 0.0},
            **{"optimizer": "sgd" if fc else "momentum", "train_batch_size": 64, "lr_drops": [] if fc else [60, 120]},
            **{"lr_drop_rate": 0.1 if fc else 0.2, "mask_scope": "global", "lmbda": 0, "invert": False},
        }
        model = found["model"]
        found["expid"] = (
            f"{pruner}_{model}_{found['dataset']}_seed_{self.replicate}_epochs_{found['post_epochs']}_compr_1"
        )
        found["expid"] = found["expid"].replace("compr_1", f"compr_{found['compression_list'][0]:g}")
        return found | self.arguments

    def write_synflow(self, folder: Path, rows: list[list[Any]]) -> None:
        names = ["train_loss", "test_loss", "top1_accuracy", "top5_accuracy"]
        frame(dict(zip(names, zip(*rows, strict=True), strict=True))).to_pickle(folder / "post-train.pkl")
        arguments = self.recorded()
        (folder / "synflow_parser_args.json").write_text(json.dumps(arguments))
        masks = self.masks_of(self.content or self.density)
        sizes = [mask.numel() for mask in masks.values()]
        table = {
            **{"module": list(masks), "param": ["weight"] * len(masks), "size": sizes},
            **{"sparsity": [float(mask.mean()) for mask in masks.values()], "prunable": [True] * len(masks)},
            "shape": [tuple(mask.shape) for mask in masks.values()],
        }
        pruner, exponent = arguments["pruner"], arguments["compression_list"][0]
        frame(table).to_pickle(folder / f"compression-{pruner}-{exponent:g}-{arguments['level_list'][0]}.pkl")


def frame(columns: dict[str, Any]) -> pd.DataFrame:
    """A table as pandas of that time made it: texts are objects."""
    objects = {
        name: pd.Series(list(values), dtype=object)
        for name, values in columns.items()
        if name in ("module", "param", "shape")
    }
    numbers = {name: pd.Series(list(values)) for name, values in columns.items() if name not in objects}
    made = pd.DataFrame(objects | numbers)
    made.columns = pd.Index(list(made.columns), dtype=object)
    return made


def clean() -> list[Network]:
    """Six networks without a fault: two replicates of three methods."""
    return [Network(method, replicate=replicate) for method in ("gem", "syn", "rnd") for replicate in (21, 42)]


def write_all(root: Path, networks: list[Network]) -> Path:
    for network in networks:
        network.write(root)
    return root
