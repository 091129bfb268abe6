"""Networks as users write them, for `network.factory`: attention, group norm, and what goes wrong."""

import torch
from torch import nn


class Attention(nn.Module):
    """Rows of pixels as tokens, one transformer layer, a trained position."""

    def __init__(self, input_shape, classes, width=16):
        super().__init__()
        channels, height, columns = input_shape
        self.embed = nn.Linear(channels * columns, width)
        self.position = Position(height, width)
        self.encoder = nn.TransformerEncoderLayer(width, 4, 24, dropout=0.0, batch_first=True)
        self.head = nn.Linear(width, classes)

    def forward(self, images):
        tokens = self.position(self.embed(images.transpose(1, 2).flatten(2)))
        return self.head(self.encoder(tokens).mean(1))


class Position(nn.Module):
    def __init__(self, tokens, width):
        super().__init__()
        self.table = nn.Parameter(torch.empty(tokens, width))
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.normal_(self.table, std=0.02)

    def forward(self, tokens):
        return tokens + self.table


def attention(input_shape, classes):
    return Attention(input_shape, classes)


def group_norm(classes, *, spec, channels=8):
    """Takes images of any size, in one channel."""
    assert spec.factory.endswith("group_norm")
    body = (nn.Conv2d(1, channels, 3, padding=1, bias=False), nn.GroupNorm(2, channels), nn.ReLU())
    return nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def lazy(classes):
    body = (nn.LazyConv2d(4, 3, bias=False), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten())
    return nn.Sequential(*body, nn.LazyLinear(classes))


def small():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


def anything(**given):
    assert sorted(given) == ["classes", "input_shape", "spec"]
    return Attention(given["input_shape"], given["classes"])


def reading_numbers(input_shape, classes):
    """Works with numbers while it is built, and in its forward pass: not on the meta device."""

    class Reading(nn.Linear):
        def forward(self, images):
            return super().forward(images.flatten(1) if images.sum().item() >= 0 else images)

    rates = [value.item() for value in torch.linspace(0, 1, 3)]
    return nn.Sequential(Reading(torch.Size(input_shape).numel(), classes), nn.Dropout(rates[0]))


def wide(classes, width):
    return nn.Linear(width, classes)


def broken(classes):
    raise KeyError(classes)


def nothing():
    return None


def seven(input_shape):
    return nn.Sequential(nn.Flatten(), nn.Linear(torch.Size(input_shape).numel(), 7))


def pair():
    class Pair(nn.Module):
        def forward(self, images):
            return images, images

    return Pair()


constant = 3
