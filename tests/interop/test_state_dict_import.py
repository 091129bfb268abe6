"""State dicts as run folders: the inverse of exporting them."""

from pathlib import Path

import pytest
import torch
from torch.nn.utils import prune

from tombola.errors import TombolaError
from tombola.interop import ExportOptions, export, import_state_dict, write_state_dict
from tombola.interop.state_dict_import import network_spec
from tombola.networks import build, prunable_layers
from tombola.specs import ExperimentSpec, resolve
from tombola.store import Run, StoredTicket, open_run


def equal(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def exported(ticket: StoredTicket, to: str, path: Path, state: str, form: str) -> Path:
    export(ticket, to, path, ExportOptions(state, form))
    return path


@pytest.mark.parametrize("state", ["trained", "initial"])
@pytest.mark.parametrize(("to", "form"), [("state-dict", "torch"), ("safetensors", "plain")])
def test_export_and_import_are_inverse(to: str, form: str, state: str, small_run: Run, tmp_path: Path) -> None:
    before = small_run.ticket(0, 2)
    first = exported(before, to, tmp_path / "first.pth", state, form)
    done = import_state_dict(first, small_run.spec, tmp_path / "runs", state=state)
    assert done.path.name.startswith("first-")
    after = open_run(done.path).ticket(0, 1)
    assert after.mask == before.mask
    assert equal(getattr(after, state), getattr(before, state))
    assert equal(after.module(state).state_dict(), before.module(state).state_dict())  # type: ignore[arg-type]
    other = "initial" if state == "trained" else "trained"
    with pytest.raises(TombolaError, match="was not kept"):
        getattr(after, other)
    if to == "state-dict":
        again = exported(after, to, tmp_path / "again.pth", state, form)
        assert again.read_bytes() == first.read_bytes()


def test_a_dense_network_is_level_zero_and_its_zeros_are_weights(small_run: Run, tmp_path: Path) -> None:
    path = exported(small_run.ticket(0, 2), "state-dict", tmp_path / "plain.pth", "trained", "plain")
    done = import_state_dict(path, small_run.spec, tmp_path)
    run = open_run(done.path)
    assert run.ticket(0, 0).mask.density == 1
    assert equal(run.ticket(0, 0).trained, small_run.ticket(0, 2).trained)
    assert any("--mask-from zeros" in note for note in done.findings.notes)
    again = import_state_dict(path, small_run.spec, tmp_path, mask_from="zeros", name="zeros")
    assert open_run(again.path).ticket(0, 1).mask == small_run.ticket(0, 2).mask


def test_a_natural_zero_stays_unless_asked(small_run: Run, tmp_path: Path) -> None:
    state = {name: value.clone() for name, value in small_run.ticket(0, 0).trained.items()}
    state["output.weight"][0, :3] = torch.tensor([0.0, -0.0, 1e-45])
    write_state_dict(tmp_path / "w.pth", state)
    kept = open_run(import_state_dict(tmp_path / "w.pth", small_run.spec, tmp_path / "a").path).ticket(0, 0)
    assert kept.mask.count == kept.mask.size
    asked = open_run(import_state_dict(tmp_path / "w.pth", small_run.spec, tmp_path / "b", mask_from="zeros").path)
    assert asked.ticket(0, 1).mask.count == kept.mask.size - 2
    assert asked.ticket(0, 1).mask["output.weight"][0, 2]


def test_a_module_that_torch_pruned_computes_the_same_here(small_run: Run, tmp_path: Path) -> None:
    module = small_run.ticket(0, 0).module("trained")
    layers = prunable_layers(module)
    for layer in layers[:2]:
        part = module.get_submodule(layer.name.removesuffix(".weight"))
        prune.l1_unstructured(part, "weight", amount=0.5)
    prune.l1_unstructured(module.output, "bias", amount=3)
    torch.save(module.state_dict(), tmp_path / "theirs.pth")
    done = import_state_dict(tmp_path / "theirs.pth", small_run.spec, tmp_path)
    ticket = open_run(done.path).ticket(0, 1)
    sizes = ticket.mask.sizes()
    expected = {layer.name: sizes[layer.name] // 2 if layer in layers[:2] else layer.size for layer in layers}
    assert ticket.mask.remaining() == expected  # layers without a mask are dense
    assert done.findings.warnings == [
        "Masks of output.bias were applied once and dropped: these are never pruned here."
    ]
    assert (ticket.trained["output.bias"] == 0).sum() == 3
    images = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(ticket.module("trained")(images), module(images))


def test_the_run_opens_everywhere(small_run: Run, tmp_path: Path) -> None:
    from tombola.report import write

    path = exported(small_run.ticket(0, 1), "state-dict", tmp_path / "it.pth", "early_stop", "torch")
    run = open_run(import_state_dict(path, small_run.spec, tmp_path).path)
    table = run.early_stop_table()
    assert table.status.tolist() == ["done"]
    assert table.val_accuracy.isna().all()
    assert table.density.tolist() == [small_run.ticket(0, 1).mask.density]
    assert run.folder.imported
    assert write(run, tmp_path / "report.html").stat().st_size > 1000


def test_what_does_not_fit_is_one_sentence(small_run: Run, tmp_path: Path) -> None:
    path = exported(small_run.ticket(0, 1), "state-dict", tmp_path / "it.pth", "trained", "torch")
    with pytest.raises(TombolaError, match=r"it.pth does not fit the network of 'lenet-mnist': the state"):
        import_state_dict(path, resolve("lenet-mnist"), tmp_path / "runs")  # its images are not needed
    with pytest.raises(TombolaError, match=r"unknown source of masks 'zeroes' .did you mean 'zeros'"):
        import_state_dict(path, small_run.spec, tmp_path / "runs", mask_from="zeroes")
    with pytest.raises(TombolaError, match="unknown state 'early_stop'"):
        import_state_dict(path, small_run.spec, tmp_path / "runs", state="early_stop")
    assert not (tmp_path / "runs").exists()
    import_state_dict(path, small_run.spec, tmp_path / "runs")
    with pytest.raises(TombolaError, match="is there already"):
        import_state_dict(path, small_run.spec, tmp_path / "runs")


def test_other_types_of_numbers_are_refused_not_rounded(tmp_path: Path) -> None:
    spec = ExperimentSpec(data={"name": "digits"}, network={"linear": [8]})
    state = build(spec.network, (1, 8, 8), 10).double().state_dict()
    write_state_dict(tmp_path / "double.pth", state)
    with pytest.raises(TombolaError, match=r"torch.float64 in the state"):
        import_state_dict(tmp_path / "double.pth", spec, tmp_path)


def test_networks_are_named_by_preset_or_file(tmp_path: Path) -> None:
    assert network_spec("lenet-digits") == resolve("lenet-digits")
    (tmp_path / "mine.yml").write_text("base: lenet-digits\nnetwork: {linear: [7]}\n")
    mine = resolve("lenet-digits", changes={"network": {"linear": [7]}})
    assert network_spec(str(tmp_path / "mine.yml")).network == mine.network
    with pytest.raises(TombolaError, match=r"neither a file nor a preset .did you mean 'lenet-digits'"):
        network_spec("lenet-digit")
