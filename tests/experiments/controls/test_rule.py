"""What the registry keeps beside a function, what contexts refuse, and a control from user code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tombola.cli.main import main
from tombola.errors import TombolaError
from tombola.experiments import ControlContext, ControlRule, Trial, controls
from tombola.experiments.plan import make_plan
from tombola.specs import ExperimentSpec
from tombola.store import open_run
from tombola.training.recipes import level_recipe

MOVES = ("shuffle-layerwise", "shuffle-global", "other-ticket")
OWN_STARTS = ("weights-shuffled", "weights-shuffled-keep-signs", "reinit-keep-signs", "reinit-constant-keep-signs")

USER_CODE = '''
import tombola
from tombola.experiments import Trial


@tombola.controls.register("test-negated", resumes=True)
def negated(context):
    """The same mask, every initial weight with its sign flipped."""
    own = context.ticket.initial
    return context.again({name: -value if name in context.mask else value for name, value in own.items()})
'''


def test_a_plain_function_is_a_control_and_stays_one() -> None:
    def mine(context: ControlContext) -> Trial:
        """Say what it does."""
        raise NotImplementedError

    try:
        assert controls.register("test-mine")(mine) is mine
        assert controls["test-mine"] == ControlRule(mine)
        assert controls["test-mine"].summary == "Say what it does."
        with pytest.raises(TombolaError, match="registered twice"):
            controls.register("test-mine")(mine)
    finally:
        controls._items.pop("test-mine")


def test_every_control_that_ships_says_what_it_does() -> None:
    for name in controls:
        assert controls[name].summary.endswith("."), name
        assert len(controls[name].summary) <= 120


def test_a_context_without_another_ticket_says_what_is_missing(finish: Callable[..., Any]) -> None:
    @controls.register("test-lonely")
    def lonely(context: ControlContext) -> Trial:
        return context.again(context.whole, context.other.mask)

    try:
        with pytest.raises(TombolaError, match=r"'test-lonely' uses another ticket .* without needs="):
            finish().trial("test-lonely")
    finally:
        controls._items.pop("test-lonely")


@pytest.mark.parametrize("rewind", ["lr", "none"])
def test_masks_cannot_move_to_places_without_a_weight(rewind: str, tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    spec = tiny_spec.with_(prune={"rewind": rewind})
    for name in MOVES:
        with pytest.raises(TombolaError, match=f"'{name}' cannot run: .*prune.rewind = '{rewind}'; rewind to init"):
            make_plan(spec.with_(controls=[name]), tmp_path)
    make_plan(spec.with_(controls=["reinit", *OWN_STARTS]), tmp_path)


def test_starts_that_are_not_kept_are_refused(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    for prune in ({"rewind": "lr"}, {"reset": "weights-only"}):
        spec = tiny_spec.with_(prune=prune, store={"keep": "masks"})
        for name in OWN_STARTS:
            with pytest.raises(TombolaError, match=r"store\.keep = 'masks' drops them; keep early-stop"):
                make_plan(spec.with_(controls=[name]), tmp_path)
        make_plan(spec.with_(controls=["reinit"]), tmp_path)


def test_controls_need_masks_only(finish: Callable[..., Any]) -> None:
    # playground.md 6.3, B7: what the dense level keeps is enough, and gives the same bits
    for prune in ({}, {"rewind": "step:5"}):
        rich, poor = finish(prune=prune), finish(prune=prune, store={"keep": "masks"})
        with pytest.raises(TombolaError, match="initial state"):
            _ = poor.run.ticket(0, 2).initial
        for name in (name for name in controls if not controls[name].chains):
            one, other = (made.trial(name).ticket for made in (rich, poor))
            assert one.mask == other.mask
            assert all(torch.equal(one.initial[tensor], other.initial[tensor]) for tensor in one.initial), name


@pytest.mark.parametrize("rewind", ["lr", "none"])
def test_controls_of_tickets_that_never_rewound_train_as_they_do(rewind: str, finish: Callable[..., Any]) -> None:
    made = finish(prune={"rewind": rewind}, train={"schedule": {"kind": "cosine"}})
    recipe = level_recipe(made.spec, 20)
    assert (recipe is None) == (rewind == "lr")
    ticket = made.run.ticket(0, 2)
    for name in {name for name in controls if not controls[name].chains} - set(MOVES):
        trial = made.trial(name)
        assert trial.start_step == 0
        if controls[name].resumes:
            assert trial.train == recipe, name
        elif name != "dense-short":
            assert trial.train is None, name
        if name in OWN_STARTS and "shuffled" in name:
            assert torch.equal(trial.ticket.initial["output.bias"], ticket.initial["output.bias"])


MOVED = {
    *("shuffle-layerwise", "shuffle-degrees", "invert-layerwise"),
    *("magnitude-at-init", "magnitude-at-init-fresh", "random"),
}


@pytest.mark.parametrize("pruned", ["initial", "zero-if-shrinking"])
@pytest.mark.parametrize("name", [name for name in controls if not controls[name].chains])
def test_pruned_weights_are_held_as_the_tickets_are(name: str, pruned: str, finish: Callable[..., Any]) -> None:
    # field.md 2.2, mask-0: the values are the control's own, the choice between zero and a value is the ticket's
    made = finish(prune={"pruned": pruned})
    ticket, dense, control = made.run.ticket(0, 2), made.run.ticket(0, 0), made.trial(name).ticket
    assert ticket.mask.held
    held = control.mask.held
    for layer, keep in control.mask.items():
        gone = control.initial[layer][~keep]
        assert torch.equal(gone, held.get(layer, torch.zeros(len(gone))))
        if name in ("random", "magnitude-at-init-fresh"):
            continue  # of other weights at other places
        if name.startswith("shuffle") or name in ("other-ticket", "magnitude-at-init", "invert-layerwise"):
            frozen = gone != 0
            assert torch.equal(gone[frozen], dense.initial[layer][~keep][frozen]), "its own initial value"
        elif not controls[name].dense:
            assert torch.equal(gone != 0, ticket.mask.held[layer] != 0)
            assert (gone == ticket.mask.held[layer])[gone != 0].all() == ("reinit" not in name)
    if name in MOVED:
        counts = {layer: int((values != 0).sum()) for layer, values in ticket.mask.held.items()}
        assert {layer: int((values != 0).sum()) for layer, values in held.items()} == counts


def test_a_control_from_user_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(USER_CODE.strip().splitlines()) < 20
    (tmp_path / "my_control_plugin.py").write_text(USER_CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [str(tmp_path), *__import__("sys").path])
    short = ["--train.steps", "12", "--train.record_every", "6", "--prune.levels", "1", "--workers", "1", "--quiet"]
    try:
        assert main(["run", "lenet-digits", "--plugins", "my_control_plugin", "--controls", "reinit", *short]) == 0
        folder = capsys.readouterr().out.strip()
        assert main(["control", folder, "test-negated"]) == 2
        assert "give --trust" in capsys.readouterr().err
        assert main(["control", folder, "test-negated", "--trust", "--workers", "1", "--quiet"]) == 0
    finally:
        controls._items.pop("test-negated", None)
        __import__("sys").modules.pop("my_control_plugin", None)
    run = open_run(folder)
    ticket, control = run.ticket(1, 1), run.ticket(1, 1, "test-negated")
    assert torch.equal(control.initial["output.weight"], -ticket.initial["output.weight"])
    assert control.info.status == "done"
