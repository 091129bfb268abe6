"""What training did to weights that it should have left alone."""

from collections.abc import Iterator, Sequence

from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.integrity.finding import ERROR, NOTE, WARNING, Found, check, one


@check("trained-support", 11)
def trained_support(networks: Sequence[Facts]) -> Iterator[Found]:
    """The non-zero trained weights are not those that the mask keeps."""
    for network in networks:
        outside = network.outside
        if outside is None or not (outside.nonzero or outside.zero):
            continue
        evidence = {
            "pruned": outside.pruned,
            "pruned_nonzero": outside.nonzero,
            "pruned_moved": outside.moved,
            "kept_zero": outside.zero,
            "shrink": outside.shrink,
            "support_of_nominal": outside.support,
            "kept": network.kept,
        }
        if outside.zero:
            yield one(
                WARNING,
                network,
                f"{outside.zero:,} of {network.kept:,} weights that its mask keeps are zero after training",
                "counting non-zero weights gives another mask",
                evidence,
            )
        if outside.moved:
            yield one(
                ERROR,
                network,
                f"{outside.moved:,} of {outside.pruned:,} pruned weights moved in training by more than weight decay",
                "they were trained although the mask prunes them; mask or weights are of another network",
                evidence,
            )
        elif outside.nonzero:
            decay = ""
            if outside.shrink is not None:
                decay = " (not moved" if outside.shrink == 1 else f" (times {outside.shrink:.4g}"
                decay += " by training)"
            yield one(
                NOTE,
                network,
                f"{outside.nonzero:,} of {outside.pruned:,} pruned weights are not zero in the file{decay}, so the "
                "support of trained weights is not the mask",
                "they take no part; imported states hold them as zero",
                evidence,
            )


@check("frozen-weights", 12)
def frozen_weights(networks: Sequence[Facts]) -> Iterator[Found]:
    """Initial weights changed before the masked training began."""
    for network in networks:
        changed, largest = network.frozen
        if changed:
            yield one(
                ERROR,
                network,
                f"{changed:,} of {network.size:,} weights differ between initialisation and the pruned network, by up "
                f"to {largest:.3g}",
                "weights are frozen while the mask is found; initial weights or mask are of another network",
                {"changed": changed, "largest": largest},
            )


@check("mask-changed", 12)
def mask_changed(networks: Sequence[Facts]) -> Iterator[Found]:
    """The mask after training is another one than before."""
    for network in networks:
        if network.mask_changed:
            yield one(
                ERROR,
                network,
                f"{network.mask_changed:,} bits of its effective mask differ before and after training",
                "masks are fixed in training; the files are of two networks",
                {"changed": network.mask_changed},
            )
