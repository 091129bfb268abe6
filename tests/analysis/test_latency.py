"""The latency table: every form answers alike, sizes are those of real files, and medians are medians."""

import copy
from itertools import count
from pathlib import Path

import pytest
import torch
from safetensors.torch import save, save_file
from torch import nn

from tombola.analysis import latency
from tombola.analysis.latency import measure_latency
from tombola.analysis.latency_variants import SCALE, csr_module, variants
from tombola.errors import TombolaError
from tombola.networks import build, initialise
from tombola.pruning import Mask, Ticket, prune
from tombola.pruning.compact import compact_network
from tombola.specs import NetworkSpec
from tombola.store.states import save_ticket

SHAPE = (2, 6, 6)
SPECS = {
    "linear": NetworkSpec(linear=(20, 12)),
    "conv": NetworkSpec(family="conv", conv=("4B", "M", "5"), linear=(8,)),
}
FORMS = ("dense", "masked", "compacted", "CSR", "sparse engine")


def network(kind: str, density: float = 0.2) -> tuple[nn.Module, Mask]:
    module = build(SPECS[kind], SHAPE, 4)
    initialise(module, SPECS[kind], torch.Generator().manual_seed(3))
    return module.eval(), prune(module, density=density)


@pytest.mark.parametrize("kind", SPECS)
@pytest.mark.parametrize("density", [0.02, 0.3])
def test_every_form_answers_as_the_masked_network(kind: str, density: float) -> None:
    module, mask = network(kind, density)
    before = copy.deepcopy(module.state_dict())
    table = measure_latency(module, mask, SHAPE, batches=(1, 20), repeats=1)
    assert tuple(row.name for row in table.rows) == FORMS
    assert table.unequal == ()
    assert [row.difference is None for row in table.rows] == [True, True, False, False, False]
    assert all([timing.batch for timing in row.timings] == [1, 20] for row in table.rows)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize("kind", SPECS)
def test_forms_answer_what_the_module_answers(kind: str) -> None:
    module, mask = network(kind)
    images = torch.randint(0, 256, (5, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    masked = copy.deepcopy(module)
    mask.apply_(masked)
    with torch.inference_mode():
        wanted, dense = masked(images * SCALE), module(images * SCALE)
        for form in variants(module, mask, SHAPE):
            assert form.prepare is not None
            given = form.prepare(images)()
            close = torch.allclose(given, wanted, rtol=1e-4, atol=1e-4)
            assert close == (form.name != "dense"), form.name
    assert not torch.allclose(dense, wanted, rtol=1e-4)


def test_sizes_are_those_of_files(tmp_path: Path) -> None:
    module, mask = network("linear", 0.05)
    sizes = {form.name: form.bytes for form in variants(module, mask, SHAPE)}
    masked = copy.deepcopy(module)
    mask.apply_(masked)
    save_file(masked.state_dict(), tmp_path / "dense")
    save_ticket(tmp_path / "ticket", Ticket(masked.state_dict(), mask, {}))
    small = compact_network(module, SHAPE, mask).module
    assert sizes["dense"] == (tmp_path / "dense").stat().st_size
    assert sizes["masked"] == sizes["sparse engine"] == (tmp_path / "ticket").stat().st_size
    assert sizes["compacted"] == len(save(small.state_dict()))
    weights = mask.count * 8 + sum(4 * (shape[0] + 1) for shape in mask.shapes().values())
    biases = 4 * (20 + 12 + 4)
    csr = sizes["CSR"]
    assert csr is not None
    assert 0 < csr - weights - biases < 2000  # the header


def test_convolutions_stay_dense_in_csr_and_it_says_so() -> None:
    module, mask = network("conv")
    made, arrays, linears = csr_module(module)
    assert linears == 2
    assert any(type(part) is nn.Conv2d for part in made.modules())
    assert "output.weight.columns" in arrays
    assert "output.weight" not in arrays
    notes = {form.name: form.note for form in variants(module, mask, SHAPE)}
    assert "convolutions stay dense" in notes["CSR"]


class Odd(nn.Module):
    """No layer graph, no linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 6)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.conv(images)).flatten(1)


def test_what_a_network_cannot_be_is_a_row_with_the_reason() -> None:
    mask = Mask({"conv.weight": torch.rand(3, 2, 6, 6, generator=torch.Generator().manual_seed(0)) < 0.5})
    rows = {row.name: row for row in measure_latency(Odd(), mask, SHAPE, batches=(2,), repeats=1).rows}
    assert "sigmoid" in rows["compacted"].note
    assert "sigmoid" in rows["sparse engine"].note
    assert "no linear layers" in rows["CSR"].note
    assert [rows[name].timings for name in ("compacted", "CSR", "sparse engine")] == [(), (), ()]
    assert rows["masked"].timings


@pytest.mark.parametrize("wrong", [0.01, float("nan")])
def test_a_form_that_answers_differently_is_not_timed(wrong: float, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(module: nn.Module, *args: object) -> object:
        small = compact_network(module, SHAPE)
        with torch.no_grad():
            small.module.get_submodule("output").bias[0] += wrong
        return small

    monkeypatch.setattr("tombola.analysis.latency_variants.compact_network", broken)
    module, mask = network("linear")
    table = measure_latency(module, mask, SHAPE, batches=(1, 3), repeats=1)
    row = next(row for row in table.rows if row.name == "compacted")
    assert table.unequal == ("compacted",)
    assert row.timings == ()
    assert "not timed" in row.note


def test_medians_of_turns_with_a_clock_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    turns: list[str] = []
    widths = {"a": [9.0, 1.0, 2.0, 30.0], "b": [9.0, 5.0, 4.0, 3.0]}
    now = [0.0]

    def answer(name: str):
        def run() -> torch.Tensor:
            now[0] += widths[name][turns.count(name)]
            turns.append(name)
            return torch.zeros(1)

        return run

    def clock() -> float:
        next(ticks)
        return now[0]

    medians = latency._timed({"a": answer("a"), "b": answer("b")}, 3, clock)
    assert medians == {"a": 2.0, "b": 4.0}
    assert turns == ["a", "b"] * 4
    assert latency.Timing(64, 2.0).images_per_second == 32_000


def test_threads_are_put_back() -> None:
    module, mask = network("linear")
    before = torch.get_num_threads()
    measure_latency(module, mask, SHAPE, batches=(1,), repeats=1, threads=before + 1)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"repeats": 0}, "repeats must be"), ({"batches": ()}, "batches must"), ({"threads": 0}, "threads must be")],
)
def test_numbers_that_are_not_positive_are_refused(options: dict[str, object], sentence: str) -> None:
    module, mask = network("linear")
    with pytest.raises(TombolaError, match=sentence):
        measure_latency(module, mask, SHAPE, **options)  # type: ignore[arg-type]


def test_a_network_that_diverged_is_refused() -> None:
    module, mask = network("linear")
    with torch.no_grad():
        module.get_parameter("output.bias").fill_(float("nan"))
    with pytest.raises(TombolaError, match="NaN"):
        measure_latency(module, mask, SHAPE, batches=(1,), repeats=1)
