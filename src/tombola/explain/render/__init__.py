"""Drawing maps on images: the same pixels every time, no figures, files with nothing in them but pixels."""

from tombola.explain.render.blur_fade import blur_fade
from tombola.explain.render.choice import Choice, top_pixels
from tombola.explain.render.compose import single_window, triptych
from tombola.explain.render.contour import contour
from tombola.explain.render.count import pixel_count
from tombola.explain.render.heatmap import heatmap, overlay
from tombola.explain.render.legend import legend
from tombola.explain.render.png import encode_png, padded_length, save_png
from tombola.explain.render.rendered import Rendered, Renderer, renderers
from tombola.explain.render.scale import SCALES, ColourScale, scale_named
from tombola.explain.render.sheet import contact_sheet
from tombola.explain.render.upsample import upsample
from tombola.explain.render.window import window, windows

__all__ = [
    "SCALES",
    "Choice",
    "ColourScale",
    "Rendered",
    "Renderer",
    "blur_fade",
    "contact_sheet",
    "contour",
    "encode_png",
    "heatmap",
    "legend",
    "overlay",
    "padded_length",
    "pixel_count",
    "renderers",
    "save_png",
    "scale_named",
    "single_window",
    "top_pixels",
    "triptych",
    "upsample",
    "window",
    "windows",
]
