"""Which networks share their initial weights: for every registered control, however tickets start."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
import torch

from tombola.analysis.collecting import collect
from tombola.analysis.distances import Network, pair_table
from tombola.analysis.lineage import begins_with
from tombola.analysis.material import NetworkView
from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.experiments.controls import controls
from tombola.pruning import Mask
from tombola.specs import resolve
from tombola.specs.experiment import OTHER_ORDER
from tombola.store import Run, open_run

OTHER_WEIGHTS = {
    "reinit", "reinit-kaiming", "reinit-keep-signs", "reinit-constant", "reinit-constant-keep-signs", "random",
    "magnitude-at-init-fresh", "weights-shuffled", "weights-shuffled-keep-signs", "shuffle-signs",
}  # fmt: skip
"""Controls whose survivors begin with other values than the replicate's; every other one keeps them where they are."""

AT_INIT = {"procedure": "at-init", "score": "snip", "densities": [0.4]}
PROCEDURES = {
    "rewound to init": {},
    "rewound to step 4": {"rewind": "step:4"},
    "fine-tuned": {"rewind": "none", "levels": 2},
    "at init, drawn anew": AT_INIT | {"reinitialise": True, "rescale": True},
}

Made = Callable[[str], Run]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return a run with every control that its procedure and its replicates allow."""
    runs: dict[str, Run] = {}

    def make(name: str) -> Run:
        if name not in runs:
            prune = {"levels": 1} | PROCEDURES[name]
            base = {
                "train": {"steps": 8, "record_every": 8},
                "replicates": 2 if name == "rewound to init" else 1,
                "prune": prune,
                "network": {"family": "lenet", "linear": [12, 8]},
            }
            spec = resolve("lenet-digits", changes=base)
            allowed = [control for control in controls if controls[control].refuses(spec, 1) is None]
            folder = run(spec.with_(controls=allowed), tmp_path_factory.mktemp("runs")).path
            runs[name] = open_run(folder)
        return runs[name]

    return make


def views_of(opened: Run) -> list[NetworkView]:
    levels = range(opened.spec.prune.levels + 1)
    return collect([opened], levels=levels, controls=list(opened.spec.control_repetitions()), stage="initial")


def from_the_dense(view: NetworkView) -> bool:
    return view.level == 0 or (view.control != "none" and controls[view.control].dense)


@pytest.mark.parametrize("name", PROCEDURES)
def test_networks_share_their_initial_weights_where_their_survivors_say_so(made: Made, name: str) -> None:
    views = views_of(made(name))
    assert {view.control for view in views} - {"none"} == {*made(name).spec.control_repetitions()}
    for one, two in combinations(views, 2):
        kept = [view for view in (one, two) if view.control in OTHER_WEIGHTS]
        expected = one.replicate == two.replicate and not kept
        if name == "at init, drawn anew":  # tickets and their controls start from one draw, dense networks from another
            expected &= from_the_dense(one) == from_the_dense(two)
        assert (one.initial_digest == two.initial_digest) is expected, (one.label, two.label)


def test_most_controls_are_there(made: Made) -> None:
    asked = {control for name in PROCEDURES for control in made(name).spec.control_repetitions()}
    assert asked == {*controls}


def test_what_a_network_began_with_is_complete_and_the_ticket_s_own(made: Made) -> None:
    for name in PROCEDURES:
        for view in views_of(made(name)):
            if view.begin is None:
                assert view.own is not None
                assert view.control in OTHER_WEIGHTS
                continue
            whole = view.begin()
            assert all(int((whole[layer.name] == 0).sum()) < layer.size / 10 for layer in view.layers)
            if name == "rewound to init":
                assert begins_with(view.state, view.mask, whole), view.label


def test_the_pair_table_says_it(made: Made) -> None:
    views = [view for view in views_of(made("rewound to init")) if view.level and view.replicate == 0]
    chosen = [view for view in views if view.control in ("none", "shuffle-layerwise", "reinit")]
    table = pair_table([Network.of_view(view) for view in chosen])
    shared = dict(zip(zip(table.net_a, table.net_b, strict=True), table.shared_init, strict=True))
    by_label = {view.label: view.control for view in chosen}
    assert {frozenset(by_label[label] for label in pair): value for pair, value in shared.items()} == {
        frozenset(["none", "shuffle-layerwise"]): True,
        frozenset(["none", "reinit"]): False,
        frozenset(["shuffle-layerwise", "reinit"]): False,
    }


def test_what_was_not_kept_is_not_known(made: Made) -> None:
    view = views_of(made("rewound to init"))[0]

    def dropped() -> dict[str, torch.Tensor]:
        raise TombolaError("not kept")

    assert replace(view, begin=dropped).initial_digest is None
    assert replace(view, begin=None).initial_digest is None


def test_a_network_without_survivors_began_with_nothing_in_particular() -> None:
    state = {"a": torch.ones(2, 2)}
    assert not begins_with(state, Mask({"a": torch.zeros(2, 2, dtype=torch.bool)}), state)
    assert not begins_with(state, Mask({"a": torch.ones(2, 2, dtype=torch.bool)}), {})
    assert OTHER_ORDER not in OTHER_WEIGHTS
