"""Tickets found at initialisation are tickets: every control, every policy of what is kept, every command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tombola.cli.main import main
from tombola.experiments import controls
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId, Run, open_run

Execute = Callable[..., Run]

BASE: dict[str, Any] = {
    "procedure": "at-init",
    "score": "synflow",
    "allocation": "global",
    "densities": (0.5, 0.1),
    "rounds": 3,
}


def spec_of(**prune: Any) -> ExperimentSpec:
    train = {"steps": 10, "record_every": 5, "lr": 0.01}
    plain = resolve("lenet-digits", changes={"train": train, "prune": {"levels": 2}}).model_dump()
    plain["prune"] = {name: value for name, value in plain["prune"].items() if name != "levels"} | BASE | prune
    return ExperimentSpec.model_validate(plain | {"replicates": 2, "controls": []})


@pytest.mark.parametrize("keep", ["all", "masks"])
@pytest.mark.parametrize("fields", [{}, {"reinitialise": True, "rescale": True}, {"rewind": "step:3", "rescale": True}])
def test_every_control_runs(keep: str, fields: dict[str, Any], execute: Execute) -> None:
    spec = spec_of(**fields).with_(store={"keep": keep})
    names = [name for name in controls if controls[name].refuses(spec, 1) is None]
    assert {"reinit", "shuffle-layerwise", "shuffle-global", "other-ticket", "dense-short"} <= set(names)
    opened = execute(spec.with_(controls=names))
    assert {info.status for info in opened.jobs.values()} == {"done"}
    assert {job.control for job in opened.jobs} == {"none", *names}


def test_controls_move_the_mask_over_the_weights_the_ticket_was_cut_from(execute: Execute) -> None:
    """Reinitialised and rescaled ones too; whether or not the ticket's own were kept."""
    spec = spec_of(reinitialise=True, rescale=True).with_(controls=["shuffle-layerwise", "other-order", "reinit"])
    opened = execute(spec)
    for level in (1, 2):
        ticket, moved = opened.ticket(0, level), opened.ticket(0, level, "shuffle-layerwise")
        assert torch.equal(
            opened.ticket(0, level, "other-order").initial["output.weight"], ticket.initial["output.weight"]
        )
        for name, keep in ticket.mask.items():
            both = keep & moved.mask[name]
            assert torch.equal(moved.initial[name][both], ticket.initial[name][both])
    dropped = execute(spec.with_(store={"keep": "masks"}), "masks")
    for job in (JobId(0, 1, "shuffle-layerwise", 0), JobId(1, 2, "other-order", 0)):
        if (opened.jobs[job].key, dropped.jobs[job].status) != (dropped.jobs[job].key, "done"):
            raise AssertionError(job)
        ours, theirs = (run.ticket(job.replicate, job.level, job.control) for run in (opened, dropped))
        assert ours.mask == theirs.mask
        assert (ours.path / "records.npz").read_bytes() == (theirs.path / "records.npz").read_bytes()


def test_fresh_weights_of_a_rescaled_ticket_are_rescaled(execute: Execute) -> None:
    plain = execute(spec_of().with_(controls=["reinit"]), "plain").ticket(0, 2, "reinit")
    other = execute(spec_of(rescale=True).with_(controls=["reinit"]), "rescaled").ticket(0, 2, "reinit")
    spread = {name: float(other.initial[name].std() / plain.initial[name].std()) for name in other.mask}
    counts, sizes = other.mask.remaining(), other.mask.sizes()
    assert spread == pytest.approx({name: (sizes[name] / counts[name]) ** 0.5 for name in spread}, rel=0.35)


def test_commands_take_such_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = "--prune.procedure at-init --prune.allocation global --prune.densities 0.5 0.1 --train.steps 20 --quiet"
    runs = []
    for score, rounds in (("synflow", "5"), ("snip", "1")):
        chosen = ["--prune.score", score, "--prune.rounds", rounds, "--name", score, "--out", str(tmp_path)]
        assert main(["run", "lenet-digits", *options.split(), *chosen, "--workers", "1"]) == 0
        runs.append(capsys.readouterr().out.splitlines()[-1])
    for command in (
        ["show", runs[0]],
        ["report", runs[0]],
        ["list", str(tmp_path)],
        ["gc", runs[0], "--keep", "masks"],
        ["compare", *runs],
    ):
        assert main(command) == 0
    assert main(["plot", runs[0], "densities"]) == 0
    assert "10.00" in capsys.readouterr().out
    assert {info.status for info in open_run(runs[1]).jobs.values()} == {"done"}


def test_a_refusal_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = main(["run", "lenet-digits", "--prune.procedure", "at-init", "--prune.rewind", "lr", "--out", str(tmp_path)])
    assert code == 2
    told = capsys.readouterr().err
    assert "prune.procedure = 'at-init'" in told
    assert "take init or step:K" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("field", ["invert", "shuffle", "reinitialise", "rescale"])
@pytest.mark.parametrize(("text", "value"), [("True", True), ("False", False), ("true", True), ("no", False)])
def test_switches_are_told_from_text(field: str, text: str, value: bool) -> None:
    """Defect D7: elsewhere any text is true."""
    assert getattr(spec_of(**{field: text}).prune, field) is value
