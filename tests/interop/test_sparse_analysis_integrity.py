"""Every fault of the reference's section 9.3, one at a time, in networks written after its sections 2 and 9.1."""

import csv
import json
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tombola.errors import TombolaError
from tombola.interop.sparse_analysis import Finding, checks, inspect
from tombola.interop.sparse_analysis.discover import read_networks
from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.integrity import ERROR, NOTE
from tombola.interop.sparse_analysis.integrity_files import integrity_csv, write_integrity
from tombola.interop.sparse_analysis.labels import read_label
from tombola.interop.sparse_analysis.measuring import measure

FILES = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "sparse_analysis_files.py")))
Net = FILES.Network
FAMILIES = ("gem-miner", "synaptic-flow")


def facts(root: Path) -> list[Facts]:
    return [measure(stored) for stored in read_networks(root, FAMILIES)]


def found(root: Path, networks: list[Any]) -> list[Finding]:
    return inspect(facts(FILES.write_all(root, networks)))


def codes(findings: list[Finding]) -> set[str]:
    return {f"{finding.severity} {finding.code}" for finding in findings}


GEM, SYN, RND = ([Net(method, replicate=replicate) for replicate in (21, 42)] for method in ("gem", "syn", "rnd"))
USUAL = {
    "gem": {"note inferred-regularisation", "note log-epochs", "note uninitialised", "note trained-support"},
    "syn": {"note trained-support"},
    "rnd": {"note trained-support"},
}


def edit(name: str, do: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[Any, dict[str, Any]], None]:
    """A change of one file's tensors."""
    return lambda network, made: do(made[name])


def put(tensor: str, index: Any, value: float) -> Callable[[dict[str, torch.Tensor]], None]:
    def change(state: dict[str, torch.Tensor]) -> None:
        state[tensor].reshape(-1)[index] = value

    return change


def one_bit(state: dict[str, torch.Tensor]) -> None:
    mask = state["1.weight_mask"].reshape(-1)
    kept, pruned = int(mask.argmax()), int(mask.argmin())
    mask[kept], mask[pruned] = 0, 1


def kept_to_zero(state: dict[str, torch.Tensor]) -> None:
    state["3.weight"].reshape(-1)[int(state["3.weight_mask"].reshape(-1).argmax())] = 0


def pruned_moves(state: dict[str, torch.Tensor]) -> None:
    state["3.weight"].reshape(-1)[int(state["3.weight_mask"].reshape(-1).argmin())] += 0.5


def twice(rows: list[list[Any]]) -> list[list[Any]]:
    return [*rows[:30], rows[29], *rows[30:-1]]


FAULTS: dict[str, tuple[list[Any], set[str]]] = {
    "flags without scores": ([Net("gem", effective=3), GEM[1]], {"error effective-density"}),
    "flags with nearly all scores": ([Net("gem", effective=9.8), GEM[1]], {"warning effective-density"}),
    "log of another density": (
        [Net("gem", log=lambda rows: [*rows[:-1], [*rows[-1][:-1], 4.0]]), GEM[1]],
        {"error effective-density"},
    ),
    "mislabelled density": ([Net("gem", content=5), GEM[1]], {"error label-content"}),
    "ties at 50 %": ([Net("gem", 50, content=49.2), Net("gem", 50, 42)], {"warning label-content"}),
    "mislabelled density of a recorded one": (
        [Net("syn", content=5, arguments={"compression_list": [1.3]}), SYN[1]],
        {"error label-content", "warning record-path"},  # its identifier says exponent 1.3 as well
    ),
    "replicate of another seed": (
        [SYN[0], Net("syn", replicate=42, arguments={"seed": 63, "expid": "synflow_fc_mnist_seed_63"})],
        {"error label-content"},
    ),
    "called another architecture": (
        [Net("syn", folder="Resnet20/10/syn_10_21"), SYN[1]],
        {"error label-content"},
    ),
    "in another density's folder": ([Net("syn", folder="FC/5/syn_10_21"), SYN[1]], {"error label-content"}),
    "other method than recorded": (
        [Net("syn", arguments={"pruner": "rand", "expid": "random_fc_mnist"}), SYN[1]],
        {"error recorded-pruner"},
    ),
    "other learning rate": ([SYN[0], replace(SYN[1], arguments={"lr": 0.01})], {"warning hyper-parameters"}),
    "other regularisation": ([GEM[0], replace(GEM[1], strength=1e-3)], {"warning hyper-parameters"}),
    "regularisation by density": (
        [*GEM, *(Net("gem", 5, replicate, strength=1e-5) for replicate in (21, 42))],
        {"warning hyper-parameters"},
    ),
    "other rounds": ([SYN[0], replace(SYN[1], arguments={"prune_epochs": 100})], {"warning schedule"}),
    "other levels": (
        [SYN[0], replace(SYN[1], arguments={"level_list": [5]})],
        {"warning schedule"},
    ),
    "one mask under two labels": (
        [RND[0], Net("rnd", replicate=42, masks=21)],
        {"error identical-masks"},
    ),
    "a copied folder": (
        [RND[0], Net("rnd", folder="copy/rnd_10_21")],
        {"error identical-masks", "error identical-weights"},
    ),
    "replicates of one beginning": ([SYN[0], Net("syn", replicate=42, init=21)], {"error dependent-replicates"}),
    "a replicate of two beginnings": (
        [*SYN, Net("syn", 5, init=63)],
        {"warning unshared-initialisation"},
    ),
    "no log": ([Net("syn", without=("post-train.pkl",)), SYN[1]], {"warning log-missing"}),
    "log cut off": ([Net("gem", log=lambda rows: rows[:40]), GEM[1]], {"warning log-truncated"}),
    "recorded log cut off": ([Net("syn", log=lambda rows: rows[:-3]), SYN[1]], {"warning log-truncated"}),
    "an epoch twice": ([Net("gem", log=twice), GEM[1]], {"warning log-epochs"}),
    "a row twice": ([Net("syn", log=lambda r: [*r[:9], r[8], *r[9:-1]]), SYN[1]], {"warning log-epochs"}),
    "an epoch not at all": (
        [Net("gem", log=lambda rows: [*rows[:30], *rows[31:]]), GEM[1]],
        {"warning log-epochs", "warning log-truncated"},
    ),
    "identifier of another replicate": (
        [Net("syn", arguments={"expid": "synflow_fc_mnist_seed_63_epochs_25_compr_1"}), SYN[1]],
        {"warning record-path"},
    ),
    "identifier of another exponent": (
        [Net("syn", arguments={"expid": "synflow_fc_mnist_seed_21_epochs_25_compr_0.3"}), SYN[1]],
        {"warning record-path"},
    ),
    "identifier of another length": (
        [Net("syn", arguments={"expid": "synflow_fc_mnist_seed_21_epochs_160_compr_1"}), SYN[1]],
        {"warning record-path"},
    ),
    "NaN among trained weights": (
        [replace(SYN[0], change=edit("post-model.pt", put("11.weight", 0, float("nan")))), SYN[1]],
        {"error non-finite"},
    ),
    "uninitialised scores": (
        [replace(GEM[0], change=edit("model_before_finetune.pth", put("model.3.scores", slice(7), -3e25))), GEM[1]],
        {"error uninitialised", "warning hyper-parameters"},
    ),
    "kept weight that is zero": (
        [replace(SYN[0], change=edit("post-model.pt", kept_to_zero)), SYN[1]],
        {"warning trained-support"},
    ),
    "pruned weight that was trained": (
        [replace(SYN[0], change=edit("post-model.pt", pruned_moves)), SYN[1]],
        {"error trained-support"},
    ),
    "frozen weights that changed": (
        [replace(GEM[0], change=edit("model_before_finetune.pth", put("model.1.weight", slice(3), 0.7))), GEM[1]],
        {"error frozen-weights"},
    ),
    "mask that changed in training": (
        [replace(SYN[0], change=edit("model_before_train.pt", one_bit)), SYN[1]],
        {"error mask-changed"},
    ),
    "no initial weights": ([Net("syn", without=("model.pt",)), SYN[1]], {"warning state-missing"}),
    "no arguments": ([Net("syn", without=("synflow_parser_args.json",)), SYN[1]], {"note state-missing"}),
}


@pytest.fixture(scope="module")
def all_clean(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    return found(tmp_path_factory.mktemp("clean"), FILES.clean())


def test_clean_networks_have_no_errors_and_no_warnings(all_clean: list[Finding]) -> None:
    assert codes(all_clean) == USUAL["gem"] | USUAL["syn"] | {"note shared-initialisation"}
    assert {finding.severity for finding in all_clean} == {NOTE}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_nothing_else(fault: str, tmp_path: Path) -> None:
    networks, expected = FAULTS[fault]
    findings = found(tmp_path, networks)
    usual = USUAL[networks[0].method]
    assert codes(findings) - usual == expected
    for finding in findings:
        assert "\n" not in finding.line
        assert finding.code in finding.line
        assert finding.networks
        assert set(finding.networks) <= {network.place for network in networks}


def test_every_check_finds_something_here() -> None:
    expected = {code.split(" ")[1] for _, given in FAULTS.values() for code in given}
    usual = {code.split(" ")[1] for given in USUAL.values() for code in given}
    elsewhere = {"denominator", "shared-initialisation", "shuffled-flags"}
    assert expected | usual | elsewhere == set(checks)
    assert {checks[code].item for code in checks} == set(range(1, 13))  # reference, section 9.3
    assert all(checks[code].about for code in checks)


def test_residual_networks_count_different_denominators_and_lie_about_their_density(tmp_path: Path) -> None:
    """The published ``gem_10_42`` is a 5 % network (reference, section 1.2)."""
    networks = [Net("gem", 10, 42, "Resnet20", content=5), Net("syn", 10, 42, "Resnet20")]
    findings = found(tmp_path, networks)
    assert {f.code for f in findings if f.severity != NOTE} == {"label-content", "denominator"}
    sizes = next(f for f in findings if f.code == "denominator").evidence
    assert set(sizes) == {"268336", "270896"}  # section 2.2
    line = next(f for f in findings if f.code == "label-content")
    assert line.subject == "Resnet20/10/gem_10_42"
    assert line.evidence["labelled_percent"] == 10
    assert line.evidence["nominal_percent"] == pytest.approx(5, abs=0.01)


def test_dense_and_structured_networks_are_no_faults(tmp_path: Path) -> None:
    dense = [
        Net("dense", 100, replicate, folder=f"FC/100/100_{replicate}", arguments={"level_list": [0], "expid": ""})
        for replicate in (21, 42)
    ]
    structured = [
        Net("rnd", 6.8, replicate, folder=f"Random-FC/rnd_{replicate}", arguments={"model": "rnd_fc", "expid": ""})
        for replicate in (21, 42)
    ]
    findings = found(tmp_path, [*dense, *structured])
    assert codes(findings) == {"note trained-support", "note shared-initialisation"}
    known = {network.name: network.method for network in facts(tmp_path)}
    assert known["FC/100/100_21"] == "dense"
    assert known["Random-FC/rnd_42"] == "structured-random"


def test_a_shuffle_of_flags_alone_is_told(tmp_path: Path) -> None:
    """Shuffled flags hardly meet scores (reference, section 1.6): of 10 % flags and 3 % effective weights .3 % stay."""
    folder = Net("gem", effective=3).write(tmp_path)
    (folder / "acc_and_sparsity_mask_shuffle.csv").write_text((folder / "acc_and_sparsity.csv").read_text())
    finding = next(f for f in inspect(facts(tmp_path)) if f.code == "shuffled-flags")
    assert finding.severity == NOTE
    assert finding.evidence["expected_percent"] == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("FC/10/gem_10_21", ("gem-miner", "fc", 10, 10, 21)),
        ("Resnet20/2/rnd_2_63", ("random", "resnet20", 2, 2, 63)),
        ("FC/100/100_42", ("dense", "fc", 100, 100, 42)),
        ("Random-FC/rnd_21", ("structured-random", "fc", None, None, 21)),
        ("runs/try_3_1", (None, None, None, None, None)),  # a word that is no method: nothing is said
        ("runs/5_1", (None, None, None, None, None)),
        ("runs/my network", (None, None, None, None, None)),
    ],
)
def test_labels(path: str, label: tuple[Any, ...]) -> None:
    found = read_label(Path("/somewhere") / path)
    assert (found.method, found.architecture, found.density, found.folder_density, found.replicate) == label


def test_what_cannot_be_read_is_told_and_the_rest_is_checked(tmp_path: Path) -> None:
    folder = SYN[0].write(tmp_path)
    (folder / "post-train.pkl").write_bytes(b"\x80\x04cos\nsystem\n.")
    (folder / "post-model.pt").write_bytes(b"PK\x03\x04 cut off")
    findings = inspect(facts(tmp_path))
    assert codes(findings) == {"warning log-missing", "warning state-missing"}
    assert any("os.system" in finding.line for finding in findings)


def test_findings_are_machine_readable(tmp_path: Path) -> None:
    networks = FILES.write_all(tmp_path / "in", [Net("gem", effective=3), GEM[1]])
    known = facts(networks)
    findings = inspect(known)
    (tmp_path / "out").mkdir()
    write_integrity(tmp_path / "out", known, findings)
    content = json.loads((tmp_path / "out" / "integrity.json").read_text())
    assert len(content["findings"]) == len(findings)
    first = content["findings"][0]
    assert (first["code"], first["item"], first["severity"]) == ("effective-density", 1, ERROR)
    assert first["evidence"]["effective_percent"] == pytest.approx(3, abs=0.2)
    network = content["networks"]["FC/10/gem_10_21"]
    assert (network["usable"], content["networks"]["FC/10/gem_10_42"]["usable"]) == (False, True)
    assert sum(layer["effective"] for layer in network["layers"].values()) == network["kept"]
    rows = list(csv.DictReader((tmp_path / "out" / "integrity.csv").read_text().splitlines()))
    assert [row["code"] for row in rows] == [finding.code for finding in findings]
    assert json.loads(rows[0]["evidence"]) == first["evidence"]
    assert integrity_csv([]).count("\n") == 1


def test_a_check_can_be_added_once() -> None:
    from tombola.interop.sparse_analysis.integrity.finding import check

    with pytest.raises(TombolaError, match="registered twice"):
        check("label-content", 2)(lambda networks: iter(()))
