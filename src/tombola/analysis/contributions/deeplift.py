"""DeepLIFT by Captum, for chains of modules."""

import importlib
import warnings

from jaxtyping import Float
from torch import Tensor

from tombola.analysis.contributions.methods import Method, Question, methods
from tombola.analysis.contributions.replay import gathered
from tombola.errors import TombolaError


def deeplift(question: Question) -> Float[Tensor, "image unit"]:
    """DeepLIFT (rescale rule) of the true class's score, against the mean image, without sign (Captum).

    The network is compared with itself on an image of zeros after normalisation (Shrikumar et al. 2017). For networks
    whose activations are modules of their own and whose layers have one reader each.

    Raises
    ------
    TombolaError
        If Captum is not installed, or the network is none of these.
    """
    try:
        captum = importlib.import_module("captum.attr")
    except ImportError:
        raise TombolaError(
            "method 'deeplift' needs Captum, which is not installed; `pip install 'tombola[explain]'`, or leave it out"
        ) from None
    if question.module is None or len(question.readings) != 1:
        raise TombolaError(f"method 'deeplift' cannot follow layer '{question.layer}': it is no chain of modules")
    module, reader = question.module(), question.readings[0].reader
    module.requires_grad_()  # without which Captum's hooks on tensors fail
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Captum announces every hook it sets and removes
        shares = captum.LayerDeepLift(module, module.get_submodule(reader.layer.removesuffix(".weight"))).attribute(
            question.images, question.images * 0, target=question.labels, attribute_to_layer_input=True
        )
    return gathered(shares.detach(), reader.units, question.units).abs()


methods.register("deeplift")(Method(deeplift))
