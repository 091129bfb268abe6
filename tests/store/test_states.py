from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from tombola.errors import TombolaError
from tombola.pruning import Mask, Ticket
from tombola.store.states import load_state, load_ticket, save_state, save_ticket


def example(seed: int, rows: int, columns: int, share: float) -> tuple[dict[str, torch.Tensor], Mask]:
    draw = torch.Generator().manual_seed(seed)
    keep = torch.rand((rows, columns), generator=draw) < share
    state = {
        "a.weight": torch.randn((rows, columns), generator=draw),
        "a.bias": torch.randn((rows,), generator=draw),
        "n.num_batches_tracked": torch.tensor(7),
    }
    mask = Mask({"a.weight": keep})
    mask.apply_(state)
    return state, mask


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 99), st.integers(1, 9), st.integers(1, 17), st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_round_trip_is_bit_equal(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int, columns: int, share: float
) -> None:
    path = tmp_path_factory.mktemp("states")
    state, mask = example(seed, rows, columns, share)
    save_ticket(path / "t", Ticket(state, mask, {"level": 3}))
    ticket = load_ticket(path / "t")
    assert ticket.mask == mask
    assert ticket.provenance == {"level": 3}
    save_state(path / "s", state, mask)
    for loaded in (ticket.initial, load_state(path / "s", mask)):
        assert loaded.keys() == state.keys()
        for name, value in state.items():
            assert loaded[name].dtype == value.dtype
            assert loaded[name].numpy().tobytes() == value.numpy().tobytes()


def test_equal_tickets_give_equal_bytes_and_survivors_only(tmp_path: Path) -> None:
    state, mask = example(1, 100, 100, 0.05)
    for name in ("one", "two"):
        save_ticket(tmp_path / name, Ticket(state, mask, {"b": 1, "a": 2}))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").stat().st_size < 100 * 100 * 4 * 0.05 + 100 * 100 / 8 + 1500


def test_files_read_without_tombola(tmp_path: Path) -> None:
    # docs/run-folder.md
    state, mask = example(2, 5, 7, 0.5)
    save_ticket(tmp_path / "t", Ticket(state, mask, {}))
    with safe_open(tmp_path / "t", framework="numpy") as file:
        bits = np.unpackbits(file.get_tensor("mask/a.weight"), count=35).reshape(5, 7).astype(bool)
        values = file.get_tensor("initial/a.weight")
    assert (bits == mask["a.weight"].numpy()).all()
    assert (values == state["a.weight"].numpy()[bits]).all()


def test_mask_only(tmp_path: Path) -> None:
    state, mask = example(3, 4, 4, 0.5)
    save_ticket(tmp_path / "t", Ticket(state, mask, {}), with_initial=False)
    assert load_ticket(tmp_path / "t").initial == {}
    assert load_ticket(tmp_path / "t").mask == mask


@pytest.mark.parametrize("content", [b"", b"garbage" * 100])
def test_damaged_files_say_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(TombolaError, match="is damaged"):
        load_ticket(tmp_path / "t")


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 99), st.integers(1, 9), st.integers(1, 17), st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_values_of_pruned_weights_are_stored_once_and_come_back_bit_equal(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int, columns: int, share: float
) -> None:
    # prune.pruned: initial
    path = tmp_path_factory.mktemp("held")
    whole, mask = example(seed, rows, columns, share)
    draw = torch.Generator().manual_seed(seed + 1)
    mask = mask.holding({"a.weight": torch.randn((rows, columns), generator=draw)})
    mask.apply_(whole)
    save_ticket(path / "t", Ticket(whole, mask, {}))
    save_ticket(path / "m", Ticket(whole, mask, {}), with_initial=False)
    save_state(path / "s", whole, mask)
    assert load_ticket(path / "m").initial == {}
    read = load_ticket(path / "m").mask
    for loaded in (load_ticket(path / "t").initial, load_state(path / "s", read)):
        for name, value in whole.items():
            assert loaded[name].numpy().tobytes() == value.numpy().tobytes()
    with safe_open(path / "s", framework="numpy") as file:
        assert file.get_tensor("a.weight").shape == (mask.count,)
