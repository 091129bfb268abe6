"""Files of the playground framework that do not fit each other: told, never trusted (playground reference, 8.6)."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tombola.errors import TombolaError
from tombola.interop.playground import (
    has_controls,
    import_playground,
    list_specs,
    load_control_histories,
    load_histories,
    load_specs,
    load_stop_data,
    rebuild_networks,
)
from tombola.store import open_run

Change = Callable[[Any, Path], None]


def saved(change: Callable[[dict[str, torch.Tensor]], object], replicate: int = 0, level: int = 2) -> Change:
    """A change of the state dict of a replicate's last network."""

    def apply(experiment: Any, place: Path) -> None:
        state = experiment.state(replicate, level, 0.5)
        change(state)
        torch.save(state, f"{place}-net{replicate}.pth")

    return apply


def stopped(**options: Any) -> Change:
    """A change of an early-stop file; functions are called with the experiment."""

    def apply(experiment: Any, place: Path) -> None:
        given = {name: value(experiment) if callable(value) else value for name, value in options.items()}
        Path(f"{place}-early-stop0.pth").write_bytes(experiment.early_stop_file(0, **given))

    return apply


def histories(**changes: Any) -> Change:
    def apply(experiment: Any, place: Path) -> None:
        arrays = experiment.histories | {"sparsity": experiment.sparsity}
        for name, change in changes.items():
            arrays[name] = change(arrays[name])
        np.savez(f"{place}-histories.npz", **arrays)

    return apply


def masked_moved(state: dict[str, torch.Tensor]) -> None:
    state["fc.0.weight_orig"][state["fc.0.weight_mask"] == 0] += 1


def grown_back(experiment: Any) -> list[Any]:
    states = [experiment.state(0, level, 0.25) for level in range(3)]
    mask = states[1]["fc.0.weight_mask"]
    mask.view(-1)[:] = mask.view(-1).roll(1)
    return states


def shifted(by: int, level: int) -> Callable[[Any], list[int]]:
    return lambda e: [e.stop(0, each) + by * (each == level) for each in range(3)]


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (saved(lambda s: s.pop("fc.2.bias")), r"net0\.pth lacks 'fc\.2\.bias'"),
        (saved(lambda s: s.update({"fc.4.bias": torch.ones(2)})), r"net0\.pth holds 'fc\.4\.bias'"),
        (
            saved(lambda s: s.update({"out.bias": torch.ones(9)})),
            r"'out\.bias' of shape \[9\] \(float32\) where \[10\]",
        ),
        (saved(lambda s: s.update({"out.bias": torch.ones(10).long()})), r"\(int64\) where \[10\] is described"),
        (saved(lambda s: s["fc.0.weight_mask"].fill_(0.5)), "mask .* of other values than 0 and 1"),
        (saved(masked_moved), "masked weights of level 2 differ from their initial values"),
        (saved(lambda s: s["fc.0.weight_init"].add_(1)), "initial weights at level 2 differ"),
        (saved(lambda s: s["fc.0.weight_mask"].fill_(1)), "the mask of level 2 is another one in the other file"),
        (histories(sparsity=lambda d: d * [1, 1, 0.9]), r"level 2 has density 0\.64\d\d where 0\.57\d\d is reported"),
        (histories(sparsity=lambda d: d * 0.9), r"Level 0 is reported with density 0\.9000"),
        (stopped(states=grown_back), "Weights of replicate 0 come back from level 1 to level 2"),
        (
            stopped(indices=shifted(100, 1)),
            r"state of level 1 is of index \d+, but the validation loss has its smallest",
        ),
        (stopped(indices=shifted(1, 0)), "state of level 0 is of index"),
        (
            stopped(indices=lambda e: [899, e.stop(0, 1), e.stop(0, 2)]),
            "level 0 is that of the last record .* 2020-08-26",
        ),
        (stopped(states=lambda e: [None] * 2, indices=[-1, -1]), "holds 2 levels where there are 3"),
        (stopped(states=lambda e: [e.state(0, 1, 0.25)] * 3), "mask of level 0 is pruned, though level 0 is dense"),
        (lambda e, p: Path(f"{p}-net1.pth").unlink(), r"net1\.pth is missing"),
        (lambda e, p: [f.unlink() for f in p.parent.glob("*early-stop*")], "kept, but there is no file of them"),
        (
            lambda e, p: Path(f"{p}-specs.json").write_text(json.dumps(e.description() | {"net_count": 5})),
            "says 5 replicates, the histories hold 2",
        ),
        (
            lambda e, p: Path(f"{p}-specs.json").write_text(json.dumps(e.description() | {"epoch_count": 2})),
            "18 records, the histories hold 9",
        ),
        (
            lambda e, p: np.savez(f"{p}-random-histories0.npz", **e.curves((1, 3, 9)), sparsity=np.ones(3)),
            r"random-histories0\.npz holds 3 levels where 2 are above dense",
        ),
    ],
)
def test_what_does_not_fit_is_told_and_stored(tmp_path: Path, playground: Any, change: Change, warning: str) -> None:
    experiment = playground.Experiment()
    place = experiment.write(tmp_path)
    change(experiment, place)
    made = import_playground(place, tmp_path / "runs")
    assert any(re.search(warning, each) for each in made.findings.warnings), made.findings.warnings
    assert json.loads((made.path / "import.json").read_text())["warnings"] == made.findings.warnings
    run = open_run(made.path)
    assert "warnings" in run.environment
    assert len(run.jobs) == made.jobs


def test_a_state_that_is_not_of_the_early_stop_is_not_called_so(tmp_path: Path, playground: Any) -> None:
    experiment = playground.Experiment()
    place = experiment.write(tmp_path)
    stopped(indices=lambda e: [899, e.stop(0, 1), e.stop(0, 2)])(experiment, place)
    run = open_run(import_playground(place, tmp_path / "runs").path)
    with pytest.raises(TombolaError, match="early-stop state"):
        _ = run.ticket(0, 0).early_stop
    assert run.ticket(0, 1).early_stop
    assert run.ticket(0, 0).mask.density == 1


def test_a_level_without_a_stop(tmp_path: Path, playground: Any) -> None:
    experiment = playground.Experiment()
    place = experiment.write(tmp_path)
    states = [experiment.state(0, 0, 0.25), None, experiment.state(0, 2, 0.25)]
    stopped(states=states, indices=[experiment.stop(0, 0), -1, experiment.stop(0, 2)])(experiment, place)
    made = import_playground(place, tmp_path / "runs")
    assert made.findings.warnings == []
    assert any("level 1" in sentence for sentence in made.findings.unknown)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda e, p: Path(f"{p}-specs.json").write_text("{"), "it is no JSON"),
        (lambda e, p: Path(f"{p}-specs.json").write_text("[" * 100_000), "it is no JSON"),
        (lambda e, p: Path(f"{p}-specs.json").write_text("[]"), "it holds no JSON object"),
        (lambda e, p: Path(f"{p}-specs.json").write_text('{"net": "Lenet"}'), "lacks 'dataset'"),
        (lambda e, p: Path(f"{p}-specs.json").unlink(), "no experiment begins with"),
        (lambda e, p: Path(f"{p}-histories.npz").unlink(), r"cannot read .*histories\.npz"),
        (lambda e, p: Path(f"{p}-histories.npz").write_bytes(b"PK"), "is damaged or cut off"),
        (histories(val_loss=lambda a: a[:, :, 1:]), "histories need one shape"),
        (histories(val_loss=lambda a: a[0]), "histories need one shape"),
        (
            histories(**{n: lambda a: a[..., :0] for n in ("train_loss", "val_loss", "val_acc", "test_acc")}),
            "one shape",
        ),
        (histories(sparsity=lambda a: a[1:]), "densities of shape"),
        (histories(val_loss=lambda a: a.astype(object)), "where numbers belong"),
        (histories(val_loss=lambda a: a.astype(str)), "where numbers belong"),
        (lambda e, p: np.savez(f"{p}-histories.npz", other=np.ones(3)), "holds no histories"),
        (lambda e, p: np.savez(f"{p}-histories.npz", **e.histories, loss_h=np.ones(3)), "holds train_loss twice"),
        (lambda e, p: np.savez_compressed(f"{p}-histories.npz", **e.histories), "compressed or encrypted"),
        (lambda e, p: Path(f"{p}-net0.pth").write_bytes(b"text"), "is no torch file"),
        (lambda e, p: torch.save([1], f"{p}-net0.pth"), "holds no state dict"),
        (lambda e, p: torch.save({"a": 1}, f"{p}-early-stop0.pth"), "holds no early-stop history"),
        (lambda e, p: torch.save(e.curves((1, 1, 3)), f"{p}-net0.pth"), "multiarray._reconstruct"),
        (stopped(indices=[0]), "one state dict and one index per level"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(
    tmp_path: Path, playground: Any, change: Change, sentence: str
) -> None:
    experiment = playground.Experiment()
    place = experiment.write(tmp_path)
    change(experiment, place)
    with pytest.raises(TombolaError, match=sentence) as caught:
        import_playground(place, tmp_path / "runs")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("net", "ResNet", "is not one of Lenet, Conv"),
        ("dataset", "SVHN", "is not one of MNIST"),
        ("net_count", 0, "whole number of at least 1"),
        ("net_count", True, "whole number"),
        ("prune_count", -1, "at least 0"),
        ("plan_conv", "64", "no list of plan tokens"),
        ("plan_fc", [1.5], "no list of plan tokens"),
        ("plan_fc", ["x"], "token 'x'"),
        ("plan_conv", ["M"] * 6, "pools a 1x1 map"),
        ("learning_rate", 2, "between 0 and 1"),
        ("learning_rate", 0, "greater than 0"),
        ("prune_rate_fc", "0.2", "between 0 and 1"),
        ("experiment_name", "edge", "is not one of imp, osp"),
        ("save_early_stop", "yes", "neither true nor false"),
    ],
)
def test_descriptions_that_cannot_be(tmp_path: Path, playground: Any, name: str, value: object, sentence: str) -> None:
    experiment = playground.Experiment(early_stop=False)
    place = experiment.write(tmp_path)
    Path(f"{place}-specs.json").write_text(json.dumps(experiment.description() | {name: value}))
    with pytest.raises(TombolaError, match=sentence):
        import_playground(place, tmp_path / "runs")


@pytest.mark.parametrize("member", ["../val_loss.npy", "/val_loss.npy", "a\\b.npy"])
def test_npz_members_with_paths(tmp_path: Path, playground: Any, member: str) -> None:
    place = playground.Experiment().write(tmp_path)
    with zipfile.ZipFile(f"{place}-histories.npz", "a") as archive:
        archive.writestr(member, b"")
    with pytest.raises(TombolaError, match="a path outside of it"):
        load_histories(place)


def test_npz_headers_are_not_trusted(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40, 4)})
    path = tmp_path / "x-histories.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("val_loss.npy", buffer.getvalue() + bytes(64))
    with pytest.raises(TombolaError, match="holds 64 bytes, which its shape"):
        load_histories(path)


class TestAccessors:
    """The list at the end of section 8."""

    def test_descriptions_of_a_folder_are_sorted(self, tmp_path: Path, playground: Any) -> None:
        for prefix in ("2021_01_01-00_00_00-Lenet-MNIST", "2020_09_08-17_03_11-Lenet-MNIST"):
            playground.Experiment(net_count=1, early_stop=False).write(tmp_path, prefix)
        found = list_specs(tmp_path)
        assert [path.name[:4] for path in found] == ["2020", "2021"]
        description = load_specs(found[0])
        assert (description.net, description.plan_fc, description.prune_count) == ("Lenet", ("8", "4"), 2)
        assert description.raw["device_name"] == "A device"
        with pytest.raises(TombolaError, match="2021_01_01-00_00_00-Lenet-MNIST"):
            load_specs(tmp_path / "2022")
        with pytest.raises(TombolaError, match="is no folder"):
            list_specs(tmp_path / "none")

    def test_integers_and_texts_in_plans_are_the_same(self, tmp_path: Path, playground: Any) -> None:
        one = playground.Experiment(plan_fc=[8, 4], net_count=1).write(tmp_path, "a")
        other = playground.Experiment(plan_fc=["8", "4"], net_count=1).write(tmp_path, "b")
        assert load_specs(one).plan_fc == load_specs(other).plan_fc

    def test_control_histories_are_stacked(self, tmp_path: Path, playground: Any) -> None:
        place = playground.Experiment().write(tmp_path)
        assert has_controls(place)
        stacked = load_control_histories(place)
        assert stacked.shape == (2, 2, 2, 9)  # replicate, repetition, level, record
        one = load_control_histories(place, 1)
        assert np.array_equal(stacked.measures["val_loss"][1], one.measures["val_loss"])
        assert one.steps(100).tolist() == list(range(100, 1000, 100))
        Path(f"{place}-random-histories0.npz").unlink()
        assert has_controls(place)
        with pytest.raises(TombolaError, match=r"random-histories0\.npz is missing"):
            load_control_histories(place)
        Path(f"{place}-random-histories1.npz").unlink()
        assert not has_controls(place)

    def test_controls_of_other_densities_are_not_stacked(self, tmp_path: Path, playground: Any) -> None:
        experiment = playground.Experiment()
        place = experiment.write(tmp_path)
        curves = experiment.curves((2, 2, 9))
        np.savez(f"{place}-random-histories1.npz", **curves, sparsity=experiment.sparsity[1:] + 1e-4)
        with pytest.raises(TombolaError, match="cannot be stacked"):
            load_control_histories(place)

    def test_stop_data(self, tmp_path: Path, playground: Any) -> None:
        experiment = playground.Experiment()
        place = experiment.write(tmp_path)
        both = load_stop_data(place)
        assert [stops.indices.tolist() for stops in both] == [[experiment.stop(n, p) for p in range(3)] for n in (0, 1)]
        assert both[0].records(100)[0] == int(experiment.histories["val_loss"][0, 0].argmin())
        assert load_stop_data(place, 1)[0].states[2].keys() == experiment.state(1, 2, 0).keys()
        for replicate in (-1, 2):
            with pytest.raises(TombolaError, match="there are 0 to 1"):
                load_stop_data(place, replicate)

    @pytest.mark.parametrize("core", ["numpy.core.multiarray", "numpy._core.multiarray"])
    def test_stop_data_of_old_and_new_numpy(self, tmp_path: Path, playground: Any, core: str) -> None:
        experiment = playground.Experiment()
        place = experiment.write(tmp_path)
        stopped(core=core)(experiment, place)
        assert len(load_stop_data(place, 0)[0].states) == 3

    def test_networks_are_rebuilt_with_masks(self, tmp_path: Path, playground: Any) -> None:
        experiment = playground.Experiment()
        place = experiment.write(tmp_path)
        networks = rebuild_networks(place)
        assert len(networks) == 2
        weight = rebuild_networks(place, 1)[0].get_parameter("linear.0.weight")
        assert weight.device.type == "cpu"
        assert torch.equal(weight != 0, experiment.masks[1][2]["fc.0"] == 1)
        saved(lambda s: s.update({"out.bias": torch.ones(9)}))(experiment, place)
        with pytest.raises(TombolaError, match=r"net0\.pth holds 'out\.bias'"):
            rebuild_networks(place)


@pytest.mark.parametrize("suffix", ["net0.pth", "early-stop0.pth"])
def test_a_hostile_file_is_refused_and_nothing_runs(
    tmp_path: Path, playground: Any, craft: Any, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.chdir(tmp_path)
    place = playground.Experiment().write(tmp_path)
    call = craft.Call(craft.Global("os", "system"), ("touch CANARY",))
    Path(f"{place}-{suffix}").write_bytes(craft.Store().file(craft.pickled({"fc.0.bias": call})))
    with pytest.raises(TombolaError, match=r"names os\.system"):
        import_playground(place, tmp_path / "runs")
    assert not (tmp_path / "CANARY").exists()


def test_another_class_in_the_place_of_the_early_stops_is_refused(tmp_path: Path, playground: Any, craft: Any) -> None:
    place = playground.Experiment().write(tmp_path)
    for module, name in (("experiments.early_stop_histories", "EarlyStopHistoryList"), ("experiments", "Other")):
        new = craft.Build(craft.New(craft.Global(module, name)), {"indices": 1})
        Path(f"{place}-early-stop0.pth").write_bytes(craft.Store().file(craft.pickled(new)))
        with pytest.raises(TombolaError, match=rf"names {module}\.{name}"):
            import_playground(place, tmp_path / "runs")
