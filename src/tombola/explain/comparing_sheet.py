"""Two levels side by side as pictures: the image, both maps, and what came and went."""

from typing import Final

import numpy as np
from jaxtyping import Float

from tombola.explain.comparing import Comparison, Pair
from tombola.explain.render import contact_sheet, upsample
from tombola.explain.render.fit import fitted
from tombola.explain.render.rendered import Image
from tombola.explain.render.text import fitting_size, write_on
from tombola.explain.sheets import DASH, SCALED, SIDE, STRIP, WARM, WHITE, captioned, draw, headed, large

ROWS: Final = 12
COLOURS: Final = "PuOr"
"""Purple and orange, told apart by colour-blind readers; white in the middle."""


def comparison_sheet(
    comparison: Comparison, renderer: str = "heatmap", replicate: int | None = None, verdict: str = ""
) -> Image:
    """Return the most changed images of a replicate: image, map at both levels, difference.

    Parameters
    ----------
    comparison
        What `compare_levels` found.
    renderer
        Of `tombola.explain.render.renderers`.
    replicate
        Which; by default the first one.
    verdict
        Of sanity checks, as `tombola.explain.tables.standing` words it.
    """
    pairs = {pair.first.replicate: pair for pair in comparison.pairs}
    pair = comparison.pairs[0] if replicate is None else pairs[replicate]
    shown, changes = comparison.shown, comparison.changes
    table = changes[changes.replicate == pair.first.replicate].head(ROWS)
    places = {int(index): number for number, index in enumerate(shown.indices)}
    rows, labels = [], []
    for row in table.to_dict("records"):
        number = places[int(row["image"])]
        image = shown.raw[number]
        said = [(row["predicted_a"], row["correct_a"]), (row["predicted_b"], row["correct_b"])]
        maps = [draw(renderer, image, found.maps[number]) for found in (pair.a, pair.b)]
        rank = DASH if np.isnan(row["spearman"]) else f"{row['spearman']:.2f}"
        change = captioned(coloured(pair.difference[number]), f"L1 {row['l1']:.2f}, rank {rank}", WHITE)
        answers = [
            captioned(picture, f"{'right' if right else 'wrong'}: {name}", WHITE if right else WARM)
            for picture, (name, right) in zip(maps, said, strict=True)
        ]
        rows.append([captioned(fitted(large(image), (SIDE, SIDE)), row["class"], WHITE), *answers, change])
        labels.append(f"image {row['image']}")
    levels = [
        f"level {view.level}, {view.compression_rate:.3g}\N{MULTIPLICATION SIGN}" for view in (pair.first, pair.second)
    ]
    names = ["image", *levels, "difference"]
    made = contact_sheet(rows, labels, names, cell=SIDE + STRIP, scale=SCALED.get(renderer))
    made = np.concatenate([made, difference_legend(made.shape[1], pair)])
    title = f"{comparison.plan.method}, replicate {pair.first.replicate}, {shown.part} images, most changed first"
    return headed(made, title, verdict)


def coloured(difference: Float[np.ndarray, "y x"]) -> Image:
    """Return a difference of maps between -1 and 1 in two colours."""
    from matplotlib import colormaps

    values = (1 - np.clip(upsample(difference, (SIDE, SIDE)), -1, 1)) / 2
    return np.ascontiguousarray(colormaps[COLOURS](values, bytes=True)[..., :3])


def difference_legend(width: int, pair: Pair) -> Image:
    """Return what the colours of differences mean."""
    from matplotlib import colormaps

    bar = colormaps[COLOURS](1 - np.linspace(0, 1, width // 2)[None], bytes=True)[..., :3]
    strip = np.full((44, width, 3), 255, dtype=np.uint8)
    strip[4:16, width // 4 : width // 4 + width // 2] = bar
    ends = (f"more at level {pair.first.level}", f"more at level {pair.second.level}")
    size = fitting_size("  ".join(ends), width // 2, 13)
    strip = write_on(strip, ends[0], (20, width // 4), size, "lt")
    return write_on(strip, ends[1], (20, width // 4 + width // 2), size, "rt")
