"""Named sets that lie as class folders: CINIC-10 and Imagenette, under two names."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch

from tombola.data.class_folders import ClassFolders, Listings
from tombola.data.decode import Frame, unreadable
from tombola.data.source import Download, register
from tombola.data.split import Sizes
from tombola.specs import DataSpec


@register("cinic10")
class Cinic10(ClassFolders):
    """CINIC-10: CIFAR-10's classes from CIFAR-10 and ImageNet (Darlow and others 2018), in three equal parts."""

    title = "CIFAR-10's classes, nine times as many images, 32x32, colour"
    terms = "MIT; ImageNet's terms for the images from there"
    address = "https://datashare.ed.ac.uk/handle/10283/3192"
    official = Sizes(90000, 90000, 90000)
    shape = (3, 32, 32)
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    normalisation = "cinic10"
    layouts = ("cinic-10", "CINIC-10", "cinic10", "CINIC10")
    part_folders = ("train", "test", "valid")
    folder_classes = classes
    downloads: ClassVar[Mapping[str, tuple[Download, ...]]] = {
        "full": (
            Download(
                "CINIC-10.tar.gz",
                687544992,
                "md5:6ee4d0c996905fe93221de577967a372",
                ("https://datashare.ed.ac.uk/bitstream/handle/10283/3192/CINIC-10.tar.gz",),
                "cinic-10",
            ),
        )
    }

    def frame(self, listings: Listings, spec: DataSpec) -> Frame:
        """Return the fixed frame; an image of another size is an error."""
        return Frame(3, 32, 32)


PUBLISHED_SEED, PUBLISHED_TESTS = 69, 2800

S3 = "https://s3.amazonaws.com/fast-ai-imageclas/"


def _archive(stem: str, size: int, sha256: str) -> tuple[Download, ...]:
    return (Download(f"{stem}.tgz", size, f"sha256:{sha256}", (f"{S3}{stem}.tgz",), stem),)


@register("imagenette")
class Imagenette(ClassFolders):
    """Ten easily told classes of ImageNet (fast.ai); its val folder is the test part."""

    title = "ten classes of ImageNet, colour, scaled and cropped to data.size (224)"
    terms = "Apache-2.0; ImageNet's terms for the images"
    address = "https://github.com/fastai/imagenette"
    official = Sizes(9469, 0, 3925)
    shape = (3, 224, 224)
    classes = (
        *("tench", "English springer", "cassette player", "chain saw", "church"),
        *("French horn", "garbage truck", "gas pump", "golf ball", "parachute"),
    )
    normalisation = "imagenet"
    layouts = ("imagenette2", "imagenette2-320", "imagenette2-224px", "imagenette2-160", "imagenette")
    resizes = True
    part_folders = ("train", "val")
    folder_classes = (
        *("n01440764", "n02102040", "n02979186", "n03000684", "n03028079"),
        *("n03394916", "n03417042", "n03425413", "n03445777", "n03888257"),
    )
    downloads: ClassVar[Mapping[str, tuple[Download, ...]]] = {
        "320": _archive(
            "imagenette2-320", 341663724, "569b4497c98db6dd29f335d1f109cf315fe127053cedf69010d047f0188e158c"
        ),
        "160": _archive(
            "imagenette2-160", 99003388, "64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5"
        ),
    }

    def frame(self, listings: Listings, spec: DataSpec) -> Frame:
        """Return the square frame that ``data.size`` asks for."""
        size = spec.size or 224
        return Frame(3, size, size)

    def published(self, listings: Listings) -> Listings:
        """Return the split of the published study on pruning and explanations (explainability.md, section 2.2).

        Of a permutation of the sorted val images by torch's generator with seed 69, the first 2,800 of 3,925 test and
        the last 1,125 validate; of a partial copy as large a share (rounded down) tests. Train is the train folder.
        """
        count = len(listings.test)
        order = torch.randperm(count, generator=torch.Generator().manual_seed(PUBLISHED_SEED)).numpy()
        tests = count * PUBLISHED_TESTS // self.official.test
        test, validation = (listings.test.subset(np.sort(part)) for part in (order[:tests], order[tests:]))
        return Listings(listings.classes, listings.train, test, validation)

    def content(self, listings: Listings, spec: DataSpec) -> str | None:
        """Tell partial copies apart, and copies of other resolution than the one `pull` fetches by default."""
        from PIL import Image

        path = listings.train.paths()[0]
        try:
            with Image.open(path) as image:
                side = min(image.size)
        except Exception as error:  # Pillow's plug-ins raise whatever they stumble over
            raise unreadable(path, error) from error
        usual = super().content(listings, spec)
        return usual if side == 320 else f"{usual or 'complete'}-{side}px"


@register("imagenette2")
class Imagenette2(Imagenette):
    """Imagenette with the plain class names that people are shown (reference explainability.md, section 2.1)."""

    title = "imagenette under plain class names, with data.split published, colour, data.size (224)"
    classes = (
        *("fish", "dog", "cassetteplayer", "chainsaw", "church"),
        *("frenchhorn", "garbagetruck", "gaspump", "golfball", "parachute"),
    )
