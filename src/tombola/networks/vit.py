"""A small vision transformer (Dosovitskiy et al. 2021; sizes of DeiT-tiny, Touvron et al. 2021), in plain modules."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks.plan import InputShape
from tombola.specs import NetworkSpec

WIDTH, DEPTH, HEADS, EXPANSION = 192, 12, 3, 4
GRID = 14
"""Patches a side that an image is cut into, as nearly as whole pixels allow: of 16 pixels at 224."""


class Attention(nn.Module):
    """Self-attention of several heads; queries, keys and values from one linear layer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Float[Tensor, "n token width"]) -> Float[Tensor, "n token width"]:
        """Return what every token takes from all of them."""
        n, count, width = tokens.shape
        parts = self.qkv(tokens).reshape(n, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        return self.proj(mixed.transpose(1, 2).reshape(n, count, width))  # type: ignore[no-any-return]


class Perceptron(nn.Module):
    """Two linear layers with a GELU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, tokens: Float[Tensor, "n token width"]) -> Float[Tensor, "n token width"]:
        """Return the same for every token by itself."""
        return self.fc2(F.gelu(self.fc1(tokens)))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Attention and perceptron, each after a normalisation and beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Perceptron(width, EXPANSION * width)

    def forward(self, tokens: Float[Tensor, "n token width"]) -> Float[Tensor, "n token width"]:
        """Return the tokens of the next block."""
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))  # type: ignore[no-any-return]


class Patches(nn.Module):
    """An image as tokens: one linear map of every square patch; pixels that are left over do not count."""

    def __init__(self, channels: int, width: int, side: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, side, side)

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n patch width"]:
        """Return patches row by row."""
        return self.proj(images).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]


class Positions(nn.Module):
    """The class token put before all others, and a learnt position added to every one of them."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        self.pos_embed = nn.Parameter(torch.empty(1, count + 1, width))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw both from a truncated normal distribution of standard deviation 0.02."""
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, patches: Float[Tensor, "n patch width"]) -> Float[Tensor, "n token width"]:
        """Return tokens."""
        first = self.cls_token.expand(len(patches), -1, -1)
        return torch.cat((first, patches), 1) + self.pos_embed


class VisionTransformer(nn.Module):
    """Patches, class token and positions, blocks, a linear layer on the class token.

    Parameters
    ----------
    input_shape
        Channels, height and width.
    classes
        Outputs.
    """

    def __init__(self, input_shape: InputShape, classes: int) -> None:
        super().__init__()
        channels, height, width = input_shape
        side = max(1, round(min(height, width) / GRID))
        self.patch_embed = Patches(channels, WIDTH, side)
        self.tokens = Positions((height // side) * (width // side), WIDTH)
        self.blocks = nn.Sequential(*(Block(WIDTH, HEADS) for _ in range(DEPTH)))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.head = nn.Linear(WIDTH, classes)

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n classes"]:
        """Return logits."""
        tokens = self.norm(self.blocks(self.tokens(self.patch_embed(images))))
        return self.head(tokens[:, 0])  # type: ignore[no-any-return]


def build_vit(spec: NetworkSpec, input_shape: InputShape, classes: int) -> nn.Module:
    """Return a vision transformer of 12 blocks, 192 numbers a token and 3 heads (``"vit-tiny"``).

    With 224x224 colour images and 1,000 classes it has 5,717,416 parameters. Prunable are the patch map, attention and
    perceptrons; class token and positions never are. It has no layer graph, so the dense engine trains it.

    Raises
    ------
    TombolaError
        If there are no pixels or classes.
    """
    if min(*input_shape, classes) < 1:
        raise TombolaError(
            f"a network needs at least one channel, pixel and class; got {input_shape} and {classes} classes"
        )
    return VisionTransformer(input_shape, classes)
