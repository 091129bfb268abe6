"""Whether an ONNX model computes what its module does."""

from importlib import import_module

import torch
from torch import nn

from tombola.errors import TombolaError

BATCHES = (1, 2, 7, 64)
TOLERANCE = 1e-5
SEED = 0


def largest_difference(content: bytes, module: nn.Module, shape: tuple[int, ...]) -> float:
    """Return the largest difference between outputs of onnxruntime and of the module, over batches of several sizes.

    Parameters
    ----------
    content
        The model.
    module
        The network it was made of, in evaluation mode, on the CPU.
    shape
        Of one image; images are drawn from a standard normal distribution, as normalised ones are spread.

    Raises
    ------
    TombolaError
        If a difference exceeds 1e-5 (times the largest output of the batch, where that is above one: a float32 has
        seven digits), or onnxruntime refuses the model.
    """
    onnxruntime = import_module("onnxruntime")  # an extra, and without types
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise TombolaError(f"onnxruntime refuses the exported model: {str(error).splitlines()[0]}") from error
    name = session.get_inputs()[0].name
    generator = torch.Generator().manual_seed(SEED)
    worst = 0.0
    for batch in BATCHES:
        images = torch.randn(batch, *shape, generator=generator)
        with torch.no_grad():
            expected = module(images)
        found = torch.from_numpy(session.run(None, {name: images.numpy()})[0])
        if found.shape != expected.shape:
            raise TombolaError(
                f"the exported model gives outputs of shape {list(found.shape)} for {batch} images where the network "
                f"gives {list(expected.shape)}; nothing was written"
            )
        difference = float((found.double() - expected.double()).abs().max())
        allowed = TOLERANCE * max(1.0, float(expected.abs().max()))
        if not difference <= allowed:
            raise TombolaError(
                f"the exported model differs from the network by {difference:.2g} in a batch of {batch}, more than "
                f"{allowed:.2g}; nothing was written"
            )
        worst = max(worst, difference)
    return worst
