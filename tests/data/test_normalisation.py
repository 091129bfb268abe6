import pytest
import torch

from tombola.data import load_data, normalisations
from tombola.errors import TombolaError


@pytest.mark.parametrize("name", normalisations)
def test_constants_are_sane(name: str) -> None:
    constants = normalisations[name]
    assert constants.name == name
    assert len(constants.mean) == len(constants.std) in (1, 3)
    assert all(0 <= mean < 1 for mean in constants.mean)
    assert all(0 < std <= 1 for std in constants.std)


def test_one_channel_fits_any() -> None:
    grey = normalisations["mnist"]
    assert grey.for_channels(1) is grey
    assert grey.for_channels(3).mean == (0.1307,) * 3
    assert grey.for_channels(3).std == (0.3081,) * 3


def test_three_channels_fit_three_only() -> None:
    with pytest.raises(TombolaError) as caught:
        load_data("digits", normalisation="cifar10")
    message = str(caught.value)
    assert "data.normalisation = 'cifar10'" in message
    assert "3 channels" in message
    assert "digits" in message
    assert "imagenet" not in message


def test_the_presets_constants_are_those_of_the_reference() -> None:
    # playground.md section 3
    assert (normalisations["mnist"].mean, normalisations["mnist"].std) == ((0.1307,), (0.3081,))
    assert normalisations["imagenet"].mean == (0.485, 0.456, 0.406)
    assert normalisations["imagenet"].std == (0.229, 0.224, 0.225)


def test_digits_are_normalised_by_their_own_constants() -> None:
    data = load_data("digits", normalisation="digits")
    pixels = torch.cat([part.images for part in (data.train, data.validation, data.test)]) / 255
    assert pixels.mean().item() == pytest.approx(data.normalisation.mean[0], abs=5e-5)
    assert pixels.std().item() == pytest.approx(data.normalisation.std[0], abs=5e-5)


@pytest.mark.data
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10"])
def test_named_constants_are_those_of_the_real_images(name: str, data_root: object) -> None:
    try:
        data = load_data(name, root=str(data_root), normalisation=name)
    except TombolaError as error:
        pytest.skip(str(error))
    every = torch.cat([data.train.images, data.validation.images])
    # exact moments from the counts of the 256 grey levels; constants in common use are rounded to four places
    levels = torch.arange(256, dtype=torch.float64) / 255
    shares = [torch.bincount(channel.flatten(), minlength=256) / channel.numel() for channel in every.unbind(1)]
    means = [float(share.double() @ levels) for share in shares]
    assert means == pytest.approx(list(data.normalisation.mean), abs=1e-4)
    stds = [float(share.double() @ (levels - mean) ** 2) ** 0.5 for share, mean in zip(shares, means, strict=True)]
    assert stds == pytest.approx(list(data.normalisation.std), abs=1e-4)
