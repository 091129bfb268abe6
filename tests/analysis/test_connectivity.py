"""Linear mode connectivity: what lies between two copies, and what makes them stable (Frankle et al. 2020)."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tombola import load_data, open_run
from tombola.analysis.connectivity import STABLE, Line, between, estimate_statistics, line_between, pairs
from tombola.analysis.instability import Measuring, instability, kept_lines, measured
from tombola.cli.main import main
from tombola.data.batches import Prepare
from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.specs import resolve
from tombola.store import Run
from tombola.streams import stream_seed
from tombola.training.evaluate import evaluate


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run with batch normalisation, rewound to step 10, and two copies in other orders."""
    changes = {
        "replicates": 2,
        "network": {"family": "conv", "conv": ["4B", "M"], "linear": [16]},
        "prune": {"levels": 1, "rewind": "step:10"},
        "train": {"length": "40st", "record_every": "20st"},
        "controls": ["other-order:2"],
    }
    spec = resolve("lenet-digits", None, changes)
    return open_run(run(spec, tmp_path_factory.mktemp("runs")).path)


def made(error: list[float], replicate: int = 0, level: int = 0, pair: tuple[int, int] = (0, 1)) -> Line:
    """Return a line of given errors."""
    return Line(replicate, level, 0.8**level, pair, np.array(error), np.array(error))


def test_instability_is_the_largest_error_less_the_mean_of_the_ends() -> None:
    assert made([0.02, 0.50, 0.04]).instability == pytest.approx(0.47)  # field.md 2.4
    assert made([0.02, 0.039, 0.02]).stable
    assert not made([0.02, 0.041, 0.02]).stable
    assert pytest.approx(0.02) == STABLE


def test_pairs_of_a_replicate_are_averaged_before_replicates() -> None:
    lines = [made([0, 0.1, 0]), made([0, 0.3, 0], pair=(0, 2)), made([0, 0.01, 0], replicate=1)]
    (row,) = instability(lines)
    assert row.instability == pytest.approx((0.2 + 0.01) / 2)
    assert (row.replicates, row.pairs, row.stable) == (2, 3, 1)


def test_states_on_the_line_are_equally_spaced_and_its_ends_are_exact() -> None:
    one = {"weight": torch.tensor([0.1, 0.3]), "count": torch.tensor(3)}
    two = {"weight": torch.tensor([0.7, -0.3]), "count": torch.tensor(5)}
    line = list(between(one, two, 4))
    assert torch.equal(line[0]["weight"], one["weight"])
    assert torch.equal(line[-1]["weight"], two["weight"])
    torch.testing.assert_close(line[1]["weight"], torch.tensor([0.3, 0.1]))
    assert [int(state["count"]) for state in line] == [3, 3, 3, 5]
    line[0]["weight"].zero_()
    assert one["weight"][0] == pytest.approx(0.1)  # no memory is shared


def test_copies_start_where_the_ticket_does_and_differ_in_order_alone(copied: Run) -> None:
    for level in (0, 1):
        own = copied.ticket(0, level)
        copies = [copied.ticket(0, level, "other-order", repetition) for repetition in range(2)]
        start = copied.ticket(0, 0).rewind
        for copy in copies:
            assert copy.mask == own.mask
            kept = dict(copy.mask.items())
            for name, value in copy.initial.items():
                expected = torch.where(kept[name], start[name], 0.0) if name in kept else start[name]
                assert torch.equal(value, expected), name
        trained = [ticket.trained["output.weight"] for ticket in (own, *copies)]
        assert not torch.equal(trained[0], trained[1])
        assert not torch.equal(trained[1], trained[2])
        assert copied.records.step.values.max() == 40


def test_a_repetition_has_one_order_for_all_levels_and_not_the_tickets() -> None:
    seeds = {stream_seed(0, "control", 0, 0, "other-order", repetition) for repetition in range(3)}
    assert len(seeds | {0}) == 4


def test_the_dense_level_has_copies_and_they_are_planned(copied: Run) -> None:
    assert set(copied.planned()) == set(copied.jobs)
    assert len(copied.jobs) == 2 * 2 * 3
    found = pairs(copied)
    assert len(found) == 2 * 2 * 3  # three pairs of three copies, of two levels and two replicates
    assert [pair.orders for pair in pairs(copied, levels=[0], replicates=[1])] == [(0, 1), (0, 2), (1, 2)]


def test_the_ends_of_a_line_are_the_networks_themselves(copied: Run) -> None:
    pair, data = pairs(copied, levels=[1], replicates=[0])[0], load_data("digits")
    line = line_between(copied, pair, data, part="test", points=3, statistics="interpolated")
    ends = [copied.ticket(*job) for job in pair.jobs]
    for error, loss, ticket in zip(line.error[[0, -1]], line.loss[[0, -1]], ends, strict=True):
        result = evaluate(ticket.module("trained"), data, "test")
        assert error == pytest.approx(1 - result.accuracy)
        assert loss == pytest.approx(result.loss)
    with pytest.raises(TombolaError, match="points = 1"):
        line_between(copied, pair, data, points=1, statistics="interpolated")


def test_statistics_are_those_of_the_training_images() -> None:
    data = load_data("digits")
    module = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(0.9), nn.Flatten(), nn.Linear(64, 10))
    prepare = Prepare(data.normalisation, torch.device("cpu"))
    estimate_statistics(module, data.train, prepare, torch.device("cpu"))
    norm = module[0]
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    batches = prepare(data.train.images[:1250]).split(250)  # 1,297 images make five whole batches
    expected = torch.stack([batch.mean() for batch in batches]).mean()
    assert float(norm.running_mean) == pytest.approx(float(expected), rel=1e-5)
    assert norm.momentum == 0.1
    assert not any(part.training for part in module)


def test_lines_are_kept_and_read_again(copied: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pair, data, how = pairs(copied)[0], load_data("digits"), Measuring(points=3)
    first = measured(copied, pair, data, how)
    monkeypatch.setattr("tombola.analysis.instability.line_between", None)  # must not be called again
    again = measured(copied, pair, data, how)
    assert np.array_equal(first.error, again.error)
    assert first.pair == again.pair
    assert [line.pair for line in kept_lines(copied, how)] == [pair.orders]
    file = next(how.folder(copied).glob("*.npz"))
    file.write_bytes(file.read_bytes()[:100])
    assert kept_lines(copied, how) == []  # a damaged file is measured again


def test_the_command_grows_a_run_and_shows_levels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = resolve("lenet-digits", None, {"replicates": 1, "prune": {"levels": 1}, "train": {"length": "20st"}})
    path = run(spec.with_(train={"record_every": "10st"}), tmp_path).path
    before = {file: file.read_bytes() for file in (path / "jobs").rglob("*") if file.is_file()}
    assert main(["connectivity", str(path), "--points", "5", "--workers", "1", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "stable" in printed
    assert printed.strip().endswith("connectivity.png")
    figure = Path(printed.strip().splitlines()[-1])
    assert figure.is_file()
    assert len((figure.parent / "instability.csv").read_text().splitlines()) == 3
    assert all(file.read_bytes() == content for file, content in before.items())
    assert main(["connectivity", str(path), "--levels", "7"]) == 2
    assert "levels 0 to 1" in capsys.readouterr().err


def test_runs_without_trained_states_are_refused_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {"replicates": 1, "prune": {"levels": 0}, "store": {"keep": "masks"}}
    spec = resolve("lenet-digits", None, changes | {"train": {"length": "20st", "record_every": "10st"}})
    path = run(spec, tmp_path).path
    assert main(["connectivity", str(path)]) == 2
    assert "store.keep = 'masks'" in capsys.readouterr().err
    assert len(open_run(path).jobs) == 1
