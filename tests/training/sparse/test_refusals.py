"""What the engine refuses, in which words, before anything is computed."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training import Progress, Task, engines, fit

MakeModule = Callable[..., nn.Module]

RECIPE = TrainSpec.model_validate({"length": "20st", "batch_size": 50, "record_every": "5st", "lr": 0.01})


def test_mistakes_are_told_before_anything_is_computed(
    make_module: MakeModule, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(message: str, *made: Task, **options: object) -> None:
        recipe = TrainSpec.model_validate(RECIPE.model_dump() | {"precision": options.pop("precision", "fp32")})
        records: list[Progress] = []
        before = [{name: value.clone() for name, value in task.module.state_dict().items()} for task in made]

        def go() -> None:
            if len(made) == 1:
                call = {"mask": made[0].mask, "engine": "sparse", "on_record": records.append} | options
                fit(made[0].module, data, recipe, **call)
            else:
                engines["sparse"].fit(made, data, recipe, on_record=records.append, **options)

        with pytest.raises(TombolaError, match=message):
            go()
        assert not records
        for task, state in zip(made, before, strict=True):
            assert all(torch.equal(value, state[name]) for name, value in task.module.state_dict().items())

    fine = Task(make_module())
    frozen = make_module()
    frozen[1].weight.requires_grad_(False)
    dropping = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(36, 5))
    few = nn.Sequential(nn.Flatten(), nn.Linear(36, 4))
    refused("'sparse' cannot train this network: it computes in float32, not in bf16", fine, precision="bf16")
    refused("it computes in float32, and the network does not", Task(make_module().double()))
    refused(r"'sparse' cannot train this network: there is no sparse kernel for .*\(dropout\)", Task(dropping))
    refused("'sparse' cannot train this network: there is no .*; use dense", fine, Task(dropping))
    refused(r"the weight of layer '1' is not trained", Task(frozen))
    refused(r"no parameter of this network", Task(make_module(), Mask({"x.weight": torch.ones(2, 2).bool()})))
    refused(
        r"the mask covers '1.bias', which is no weight", Task(make_module(), Mask({"1.bias": torch.ones(20).bool()}))
    )
    refused(r"returns shape \[4\] .* 5 classes", Task(few))
    refused("threads = 0: at least one thread is needed", fine, threads=0)
    refused("device 'cuda' is not there", fine, device="cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    refused("engine 'sparse' computes on the CPU, not on 'cuda'; use another engine or cpu", fine, device="cuda")
    # where there is a GPU, `auto` still means the CPU to this engine
    assert fit(make_module(), data, RECIPE, engine="sparse").device == "cpu"
