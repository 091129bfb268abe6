from collections.abc import Callable
from typing import Any

from tombola.report import facts

Make = Callable[..., Any]


def told(run: Any) -> dict[str, str]:
    return dict(facts.experiment(run))


def test_the_spec_in_words(make_run: Make) -> None:
    text = told(make_run(levels=2))
    assert text["Data"] == "mnist: 55,000 training, 5,000 validation, 10,000 test images; unit normalisation"
    assert text["Training"] == "20,000 steps of Adam at learning rate 0.0012, batches of 60, fp32"
    assert text["Pruning"].startswith(
        "iterative, 2 rounds by magnitude, layerwise: per round 20\u202f% of the survivors"
    )
    assert text["Control"].startswith("reinit, 1 repetition. Keep the mask")
    assert text["Replicates"] == "3 independent initialisations, seed 0"


def test_what_differs_is_told(make_run: Make) -> None:
    schedule = {"kind": "steps", "milestones": ("80ep", "120ep"), "warmup": "1ep"}
    run = make_run(
        levels=1,
        replicates=1,
        controls=("mine:2",),
        data={"name": "cifar10", "augment": ("flip", "crop:4")},
        network={"family": "conv", "conv": (64, "M"), "linear": ()},
        train={
            "length": "160ep",
            "optimiser": "sgd",
            "lr": 0.1,
            "momentum": 0.9,
            "weight_decay": 1e-4,
            "schedule": schedule,
        },
        prune={"levels": 1, "allocation": "global", "rewind": "step:500"},
    )
    text = told(run)
    assert "augmented by flip, crop:4" in text["Data"]
    assert text["Network"].startswith("convolutions 64 M, relu")
    assert text["Training"] == (
        "160 epochs of SGD at learning rate 0.1, batches of 60, momentum 0.9, weight decay 0.0001, "
        "rate times 0.1 after 80 epochs, 120 epochs, warm-up over 1 epoch, fp32"
    )
    assert "global: per round 20\u202f% of the survivors; survivors rewound to step 500" in text["Pruning"]
    assert text["Control"] == "mine, 2 repetitions."
    assert text["Replicates"].startswith("1 independent initialisation,")
    assert told(make_run(levels=0, controls=()))["Pruning"] == "none: the dense network only"


def test_environment_tells_all_that_was_recorded(make_run: Make) -> None:
    run = make_run(levels=1)
    run.environment["accelerator memory"] = "141 GB"
    run.environment["plugins"] = {"mine": "0123abcd"}
    text = dict(facts.environment(run))
    assert text["Processor"] == "A processor <fast>"
    assert text["Threads per job"] == "1"
    assert text["Engine"] == "dense"
    assert text["Packages"] == "tombola 0.1.0, torch 2.13.0"
    assert text["Data split digest"] == "def"
    assert text["Plug-in mine"] == "0123abcd"
    assert text["accelerator memory"] == "141 GB"
    run.environment.clear()
    assert dict(facts.environment(run)) == {"Engine": "dense"}
    assert facts.resolution(run) == ""
