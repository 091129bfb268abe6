"""NNSTD's folders, written after the sparse-analysis reference, section 10, in every form they may have."""

import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import torch

from tombola.analysis.collecting import collect
from tombola.analysis.distances import Network, network_distance
from tombola.cli.main import main
from tombola.errors import TombolaError
from tombola.interop.nnstd import import_nnstd
from tombola.interop.nnstd.matrices import read_matrix
from tombola.store import open_run

SIZES = (784, 12, 9, 10)
Save = Callable[[Path, np.ndarray], None]


def matrices(seed: int, sizes: tuple[int, ...] = SIZES, density: float = 0.1) -> list[np.ndarray]:
    """Inputs by units, the last row a bias: all of it stored."""
    random = np.random.default_rng(seed)
    found = []
    for inputs, units in pairwise(sizes):
        values = random.standard_normal((inputs + 1, units)) * (random.random((inputs + 1, units)) < density)
        values[-1] = 7.0
        found.append(values.astype(np.float32))
    return found


def sparse(form: str, compressed: bool = True) -> Save:
    return lambda path, values: scipy.sparse.save_npz(path, scipy.sparse.coo_array(values).asformat(form), compressed)


def plain(path: Path, values: np.ndarray) -> None:
    np.savez_compressed(path, weight=values)


SAVES: dict[str, Save] = {
    "csr": sparse("csr"),
    "csc": sparse("csc"),
    "coo": sparse("coo"),
    "uncompressed": sparse("csr", compressed=False),
    "plain": plain,
    "plain double": lambda path, values: np.savez(path, np.asfortranarray(values, np.float64)),
}


def write(folder: Path, layers: list[np.ndarray], save: Save = SAVES["csr"]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, values in enumerate(layers):
        save(folder / f"weight_l{number}.npz", values)
    return folder


@pytest.fixture
def topo(tmp_path: Path) -> Path:
    """Three networks of one setting, stored at three epochs."""
    for number in range(3):
        for epoch in (0, 10, 190):
            write(tmp_path / "topo" / f"e5_s0_w{number}" / f"epoch_{epoch:03}", matrices(1000 * number + epoch))
    return tmp_path / "topo"


def test_networks_become_replicates_and_epochs_levels(topo: Path, tmp_path: Path) -> None:
    (made,) = import_nnstd(topo, tmp_path / "runs")
    run = open_run(made.path)
    assert (run.spec.name, run.spec.replicates, run.spec.prune.levels, made.jobs) == ("topo-e5_s0", 3, 3, 9)
    assert made.findings.warnings == []
    ticket = run.ticket(1, 2)
    expected = matrices(1010)
    for values, (name, keep) in zip(expected, ticket.mask.items(), strict=True):
        assert torch.equal(keep, torch.from_numpy(values[:-1].T != 0))
        assert torch.equal(ticket.trained[name], torch.from_numpy(values[:-1].T))
    assert run.ticket(2, 3).provenance["source"] == "e5_s0_w2/epoch_190"
    assert run.jobs[ticket.info.id].density == pytest.approx(ticket.mask.density)


def test_distances_take_them(topo: Path, tmp_path: Path) -> None:
    (made,) = import_nnstd(topo, tmp_path / "runs")
    views = collect([made.path])
    assert [(view.level, view.graph is not None) for view in views] == [(3, True)] * 3
    one, two = (Network.of_view(view) for view in views[:2])
    assert 0.5 < network_distance(one, two, "nnstd-liu2020").value < 1
    assert views[0].module()(torch.zeros(1, 1, 28, 28)).shape == (1, 10)


@pytest.mark.parametrize("form", SAVES)
def test_all_forms_of_a_matrix_hold_the_same(form: str, tmp_path: Path) -> None:
    (values,) = matrices(3, (6, 5), 0.4)
    SAVES[form](tmp_path / "weight_l0.npz", values)
    found = read_matrix(tmp_path / "weight_l0.npz", 1 << 20)
    assert np.array_equal(found.values, values)
    assert np.array_equal(found.keep, values != 0)


@pytest.mark.parametrize(
    ("change", "deviation"),
    [
        (lambda values: values.T, "rows are units rather than inputs"),
        (lambda values: values[:-1], "no row of biases"),
        (lambda values: values[:-1].T, "rows are units rather than inputs and there is no row of biases"),
    ],
)
def test_other_layouts_are_understood_and_named(
    change: Callable[[np.ndarray], np.ndarray], deviation: str, tmp_path: Path
) -> None:
    sizes = (7, 12, 9, 4)
    layers = matrices(5, sizes)
    write(tmp_path / "topo" / "e5_s0_w0" / "epoch_000", [change(values) for values in layers])
    (made,) = import_nnstd(tmp_path / "topo", tmp_path / "runs")
    assert any(deviation in warning for warning in made.findings.warnings)
    trained = open_run(made.path).ticket(0, 1).trained
    for values, found in zip(layers, trained.values(), strict=True):
        assert torch.equal(found, torch.from_numpy(values[:-1].T))


def test_what_does_not_fit_is_left_out_and_named(topo: Path, tmp_path: Path) -> None:
    (topo / "e5_s0_w0" / "epoch_010" / "weight_l1.npz").unlink()
    (topo / "e5_s0_w1" / "epoch_000" / "weight_l0.npz").write_bytes(b"PK\x03\x04 not a zip")
    write(topo / "e5_s0_w2" / "epoch_010", matrices(1, (784, 12, 8, 10)))
    write(topo / "e5_s0_w7" / "epoch_010", matrices(2))
    write(topo / "e20_s1_w0" / "epoch_190", matrices(3))
    write(topo / "mine", matrices(4))
    runs = {made.path.name.rpartition("-")[0]: made for made in import_nnstd(topo, tmp_path / "runs")}
    assert {*runs} == {"topo-e5_s0", "topo-e20_s1", "topo-mine"}
    told = "\n".join(runs["topo-e5_s0"].findings.warnings)
    for sentence in (
        "e5_s0_w0/epoch_010 is left out: it has layers 0, 2",
        "e5_s0_w1/epoch_000 is left out",
        "e5_s0_w2/epoch_010 has layers 784-12-8-10; it is left out",
        "e5_s0_w7 lacks epochs 0, 190",
    ):
        assert sentence in told
    assert runs["topo-e5_s0"].jobs == 7
    assert "order of names" in runs["topo-mine"].findings.warnings[0]
    assert "stored once" in runs["topo-mine"].findings.notes[0]


def test_stored_zeros_are_connections_and_are_named(tmp_path: Path) -> None:
    layers = [scipy.sparse.coo_array(values) for values in matrices(0, (6, 5, 3), 0.5)]
    layers[0].data[0] = 0
    folder = tmp_path / "topo" / "e5_s0_w0" / "epoch_000"
    folder.mkdir(parents=True)
    for number, layer in enumerate(layers):
        scipy.sparse.save_npz(folder / f"weight_l{number}.npz", layer)
    (made,) = import_nnstd(tmp_path / "topo", tmp_path / "runs")
    assert "1 stored connections are zero; they count as kept" in made.findings.warnings[0]
    mask = open_run(made.path).ticket(0, 1).mask
    assert mask.count == sum(np.count_nonzero(values[:-1]) for values in matrices(0, (6, 5, 3), 0.5))


def _objects(path: Path) -> None:
    np.savez(path, np.array([{"a": 1}], object))


def _outside(path: Path) -> None:
    np.savez(path, format=np.array(b"coo"), shape=np.array([2, 2]), data=np.ones(1), row=[5], col=[0])


def _huge(path: Path) -> None:
    np.savez(path, format=np.array(b"coo"), shape=np.array([1 << 30, 1 << 30]), data=np.ones(1), row=[0], col=[0])


def _bomb(path: Path) -> None:
    np.savez_compressed(path, np.zeros((4000, 4000), np.float32))


def _starts(path: Path) -> None:
    np.savez(path, format=np.array(b"csr"), shape=np.array([2, 2]), data=np.ones(2), indices=[0, 1], indptr=[0, 9, 2])


def _text(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"hello")


@pytest.mark.parametrize("spoil", [_objects, _outside, _huge, _bomb, _starts, _text])
def test_hostile_files_are_refused_in_one_sentence(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    spoil(tmp_path / "weight_l0.npz")
    with pytest.raises(TombolaError) as error:
        read_matrix(tmp_path / "weight_l0.npz", 1 << 22)
    assert "\n" not in str(error.value)
    with pytest.raises(TombolaError, match=r"no network of .* can be read"):
        import_nnstd(tmp_path, tmp_path / "runs", limit=1 << 22)
    assert not (tmp_path / "runs").exists()


def test_the_command(topo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["import", "nnstd", str(topo), "--out", str(tmp_path / "runs")]
    assert main(command) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path.parent == tmp_path / "runs"
    assert main(command) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["import", "nnstd", str(tmp_path / "runs")]) == 2
    assert "weight_l0.npz" in capsys.readouterr().err
    assert main(["analyse", "distances", str(path), "--set", "nulls=none", "--out", str(tmp_path / "out")]) == 0
