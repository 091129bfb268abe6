"""State dicts in and out, with the real ``torch.nn.utils.prune`` on the other side."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import prune

from tombola.errors import TombolaError
from tombola.interop import read_state_dict, write_state_dict
from tombola.interop.state_dict_pruning import join_pruned, split_pruned
from tombola.pruning import Mask


def bits(tensor: Tensor) -> list[int]:
    """Return the bits of floats, so that -0.0 and +0.0 differ and NaN equals itself."""
    return tensor.contiguous().view(torch.int32 if tensor.dtype == torch.float32 else tensor.dtype).flatten().tolist()


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(a[n].dtype == b[n].dtype and bits(a[n]) == bits(b[n]) for n in a)


def network() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(3)
        return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 5))


def pruned() -> nn.Module:
    module = network()
    prune.l1_unstructured(module[0], "weight", amount=0.4)
    prune.random_structured(module[3], "weight", amount=2, dim=0)
    return module


def masked() -> tuple[dict[str, Tensor], Mask]:
    state = {name: value.clone() for name, value in network().state_dict().items()}
    mask = Mask({name: state[name].abs() > 0.15 for name in ("0.weight", "3.weight")})
    mask.apply_(state)
    return state, mask


def test_a_module_that_torch_pruned_is_read_as_it_computes(tmp_path: Path) -> None:
    module = pruned()
    torch.save(module.state_dict(), tmp_path / "pruned.pth")
    state, mask = read_state_dict(tmp_path / "pruned.pth")
    assert mask is not None
    assert set(mask) == {"0.weight", "3.weight"}
    assert torch.equal(mask["0.weight"], module[0].weight_mask.bool())
    assert torch.equal(state["3.weight"], module[3].weight)
    for part in (module[0], module[3]):
        prune.remove(part, "weight")
    assert state.keys() == module.state_dict().keys()
    fresh = network()
    fresh.load_state_dict(state)
    images = torch.linspace(-1, 1, 72).view(2, 1, 6, 6)[..., :4, :4].contiguous()
    assert torch.equal(fresh.eval()(images), module.eval()(images))


def test_what_is_written_loads_into_a_module_that_torch_pruned(tmp_path: Path) -> None:
    state, mask = masked()
    write_state_dict(tmp_path / "ours.pth", state, mask, pruning_format="torch")
    module = network()
    for part in (module[0], module[3]):
        prune.identity(part, "weight")
    content = torch.load(tmp_path / "ours.pth", weights_only=True)
    assert list(content) == list(module.state_dict())  # names and their order are torch's own
    module.load_state_dict(content)
    module(torch.zeros(1, 1, 4, 4))  # the hook computes `weight`
    for name, part in (("0.weight", module[0]), ("3.weight", module[3])):
        assert torch.equal(part.weight, state[name])
        assert torch.equal(part.weight_mask, mask[name].float())


def test_torch_written_bytes_come_back_in_both_directions(tmp_path: Path) -> None:
    state, mask = masked()
    write_state_dict(tmp_path / "a.pth", state, mask, pruning_format="torch")
    again, keep = read_state_dict(tmp_path / "a.pth")
    assert same(again, state)
    assert keep == mask
    write_state_dict(tmp_path / "b.pth", again, keep, pruning_format="torch")
    assert (tmp_path / "a.pth").read_bytes() == (tmp_path / "b.pth").read_bytes()


def test_plain_state_dicts_keep_every_bit_and_no_mask(tmp_path: Path) -> None:
    odd = {
        "weight": torch.tensor([0.0, -0.0, float("inf"), float("nan"), 1e-45]),
        "count": torch.tensor(7),
        "half": torch.tensor([0.1, -0.0], dtype=torch.float16),
        "empty": torch.zeros(0, 3),
    }
    write_state_dict(tmp_path / "odd.pth", odd)
    state, mask = read_state_dict(tmp_path / "odd.pth")
    assert same(state, odd)
    assert mask is None  # zeros are weights like others


@settings(max_examples=40, deadline=None)
@given(data=st.data(), rows=st.integers(1, 4), columns=st.integers(1, 9))
def test_joining_and_splitting_are_inverse(data: st.DataObject, rows: int, columns: int) -> None:
    size = rows * columns
    floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
    weight = torch.tensor(data.draw(st.lists(floats, min_size=size, max_size=size))).view(rows, columns)
    keep = torch.tensor(data.draw(st.lists(st.booleans(), min_size=size, max_size=size))).view(rows, columns)
    mask = Mask({"layer.weight": keep})
    state = {"layer.weight": weight, "layer.bias": torch.arange(3.0)}
    mask.apply_(state)
    again, found = split_pruned(join_pruned(state, mask), "it")
    assert {name: bits(value) for name, value in again.items()} == {name: bits(value) for name, value in state.items()}
    assert found == mask


def test_values_under_a_mask_never_come_through(tmp_path: Path) -> None:
    content = {
        "weight_orig": torch.tensor([float("inf"), float("nan"), -3.0, -0.0]),
        "weight_mask": torch.tensor([0.0, 0.0, 0.0, 1.0]),
    }
    torch.save(content, tmp_path / "w.pth")
    state, mask = read_state_dict(tmp_path / "w.pth")
    assert bits(state["weight"]) == bits(torch.tensor([0.0, 0.0, 0.0, -0.0]))
    assert mask is not None
    assert mask.count == 1


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_checkpoints_of_training_scripts_are_unwrapped(key: str, tmp_path: Path) -> None:
    optimiser = {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    torch.save({key: network().state_dict(), "epoch": 3, "optimizer": optimiser}, tmp_path / "c.pth")
    assert same(read_state_dict(tmp_path / "c.pth")[0], dict(network().state_dict()))


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod."])
def test_prefixes_of_wrappers_are_left_out(prefix: str, tmp_path: Path) -> None:
    torch.save({f"{prefix}{name}": value for name, value in network().state_dict().items()}, tmp_path / "p.pth")
    assert read_state_dict(tmp_path / "p.pth")[0].keys() == network().state_dict().keys()


def test_files_of_safetensors_are_read_too(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(dict(pruned().state_dict()), tmp_path / "p.anything")
    state, mask = read_state_dict(tmp_path / "p.anything")
    assert mask is not None
    assert torch.equal(state["0.weight"], pruned()[0].weight)


def test_equal_content_gives_equal_bytes_whatever_the_name(tmp_path: Path) -> None:
    for name in ("one.pth", "another.pt"):
        write_state_dict(tmp_path / name, network().state_dict())
    assert (tmp_path / "one.pth").read_bytes() == (tmp_path / "another.pt").read_bytes()


def test_views_are_written_without_the_memory_behind_them(tmp_path: Path) -> None:
    write_state_dict(tmp_path / "view.pth", {"weight": torch.zeros(1000, 1000)[:2, :2]})
    assert (tmp_path / "view.pth").stat().st_size < 4000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"weight_orig": torch.ones(2)}, "has 'weight_orig' and no 'weight_mask'"),
        ({"weight_mask": torch.ones(2)}, "has 'weight_mask' and no 'weight_orig'"),
        ({"weight_orig": torch.ones(2), "weight_mask": torch.tensor([0.5, 1.0])}, "values other than 0 and 1"),
        ({"weight_orig": torch.ones(2), "weight_mask": torch.tensor([2.0, 1.0])}, "values other than 0 and 1"),
        ({"weight_orig": torch.ones(2), "weight_mask": torch.ones(3)}, "'weight_mask' is [3] and 'weight_orig' [2]"),
        (
            {"weight": torch.ones(2), "weight_orig": torch.ones(2), "weight_mask": torch.ones(2)},
            "both 'weight' and 'weight_orig'",
        ),
        ({}, "holds no state dict"),
        ([torch.ones(2)], "holds no state dict"),
        ({"epoch": 3}, "holds no state dict"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(content: object, sentence: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "bad.pth")
    with pytest.raises(TombolaError) as caught:
        read_state_dict(tmp_path / "bad.pth")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "bad.pth" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xff" * 8 + b"{", b"\x08" + bytes(7) + b"{}      "])
def test_damaged_files_are_refused_in_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(TombolaError, match="bad"):
        read_state_dict(tmp_path / "bad")
    with pytest.raises(TombolaError, match="cannot read"):
        read_state_dict(tmp_path / "nothing")


def test_writing_refuses_what_a_format_cannot_say(tmp_path: Path) -> None:
    state, mask = masked()
    with pytest.raises(TombolaError, match=r"unknown pruning format 'troch' .did you mean 'torch'"):
        write_state_dict(tmp_path / "x.pth", state, mask, pruning_format="troch")
    with pytest.raises(TombolaError, match="there is none"):
        write_state_dict(tmp_path / "x.pth", state, pruning_format="torch")
    with pytest.raises(TombolaError, match="is missing there"):
        join_pruned({"0.weight": state["0.weight"]}, mask)
    held = mask.holding(network().state_dict())
    with pytest.raises(TombolaError, match="held at other values"):
        write_state_dict(tmp_path / "x.pth", state, held, pruning_format="torch")
    write_state_dict(tmp_path / "x.pth", state, held)
    assert same(read_state_dict(tmp_path / "x.pth")[0], dict(network().state_dict()))
