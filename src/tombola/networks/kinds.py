"""Which module types are convolutions and normalisations: one list for initialisation and pruning."""

from torch import nn

from tombola.networks.scale import Scale

CONVOLUTIONS = (
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)
"""Their weights are prunable, of kind "conv"."""

NORMALISATIONS = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.SyncBatchNorm,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
    Scale,
)
"""Never prunable; each resets itself to scale 1, shift 0, mean 0, variance 1, counter 0, without random numbers."""
