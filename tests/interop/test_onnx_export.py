"""ONNX models against their modules, in the real onnxruntime."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.interop import ExportOptions, export, onnx_export
from tombola.interop.onnx_check import largest_difference
from tombola.store import Run

onnx = pytest.importorskip("onnx", reason="the export extra is not installed")
runtime = pytest.importorskip("onnxruntime", reason="the export extra is not installed")
pytest.importorskip("onnxscript", reason="the export extra is not installed")


@pytest.fixture(scope="module")
def model(small_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ticket with batch normalisation, exported."""
    path = tmp_path_factory.mktemp("onnx") / "ticket.onnx"
    written = export(small_run.ticket(0, 2), "onnx", path, ExportOptions.of(small_run, "early_stop"))
    assert written.remark.startswith("onnxruntime within ")
    assert written.bytes == path.stat().st_size
    return path


@pytest.mark.parametrize("batch", [1, 3, 10, 500])
def test_outputs_equal_the_module_at_any_batch_size(batch: int, model: Path, small_run: Run) -> None:
    session = runtime.InferenceSession(model.read_bytes(), providers=["CPUExecutionProvider"])
    images = torch.randn(batch, 1, 8, 8, generator=torch.Generator().manual_seed(batch))
    with torch.no_grad():
        expected = small_run.ticket(0, 2).module("early_stop")(images).numpy()
    found = session.run(["logits"], {"images": images.numpy()})[0]
    assert found.shape == (batch, 10)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_the_model_is_valid_and_says_what_it_is(model: Path, small_run: Run) -> None:
    import json

    loaded = onnx.load(model)
    onnx.checker.check_model(loaded, full_check=True)
    shape = loaded.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in shape] == ["batch", 1, 8, 8]
    assert loaded.graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    note = json.loads(next(entry.value for entry in loaded.metadata_props if entry.key == "tombola"))
    mask = small_run.ticket(0, 2).mask
    assert (note["density"], note["mask_digest"]) == (mask.density, mask.digest())
    assert note["normalisation"] == {"mean": [0.3053], "std": [0.3759]}
    assert note["provenance"]["level"] == 2


def test_pruned_weights_are_zeros_in_the_model(model: Path, small_run: Run) -> None:
    """Folding batch normalisation scales convolutions, which moves no zero."""
    weights = {each.name: onnx.numpy_helper.to_array(each) for each in onnx.load(model).graph.initializer}
    mask = small_run.ticket(0, 2).mask
    for name, keep in mask.items():
        assert np.count_nonzero(weights[name]) == mask.remaining()[name]
        assert not weights[name][~keep.numpy()].any()


def test_the_state_that_was_rewound_to_can_be_exported(small_run: Run) -> None:
    module = onnx_export.network(small_run.ticket(0, 0), "rewind")
    rewind = small_run.ticket(0, 0).rewind
    assert not module.training
    assert all(torch.equal(value, rewind[name]) for name, value in module.state_dict().items())


def network() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(16, 3)).eval()


def test_a_model_that_computes_something_else_is_refused() -> None:
    module = network()
    content = onnx_export.onnx_model(module, (1, 4, 4), {}).SerializeToString()
    assert largest_difference(content, module, (1, 4, 4)) < 1e-6
    with torch.no_grad():
        module[1].bias += 1e-3
    with pytest.raises(TombolaError, match=r"differs from the network by 0.001 in a batch of 1, more than 1e-05|e-05"):
        largest_difference(content, module, (1, 4, 4))
    with pytest.raises(TombolaError, match="onnxruntime refuses the exported model"):
        largest_difference(b"nonsense", module, (1, 4, 4))


class Fussy(nn.Module):
    """Decides by a value, which no graph can say."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1) if float(images.sum()) > 0 else -images.flatten(1)


def test_networks_that_torch_cannot_export_are_one_sentence() -> None:
    with pytest.raises(TombolaError, match="torch cannot export this network to ONNX") as caught:
        onnx_export.onnx_model(Fussy(), (1, 2, 2), {})
    assert "\n" not in str(caught.value)


def test_the_global_random_state_and_logs_are_left_alone() -> None:
    import logging

    before, level = torch.random.get_rng_state(), logging.getLogger("torch.onnx").level
    onnx_export.onnx_model(network(), (1, 4, 4), {})
    assert torch.equal(torch.random.get_rng_state(), before)
    assert logging.getLogger("torch.onnx").level == level
