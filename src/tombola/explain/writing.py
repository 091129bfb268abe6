"""Explanations on disk: maps, pictures, a contact sheet, tables, and one JSON that says what they are."""

import shutil
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from tombola.explain.exploring import Explained, Exploration
from tombola.explain.render import renderers, save_png
from tombola.explain.sheets import sheet
from tombola.explain.tables import level_table, network_table, sanity_table, standing
from tombola.store.files import write_bytes, write_json, write_text

FOLDER = "explain"
"""In a run's folder; below it one folder per method."""
ABOUT = "explanation.json"
MAPS, OVERLAYS, SHEET = "maps.npz", "overlays", "sheet.png"
TABLES = {"metrics": network_table, "levels": level_table}


def write_exploration(exploration: Exploration, folder: Path, renderer: str = "heatmap") -> None:
    """Write maps, overlays, the contact sheet and the tables; `write_about` comes last.

    Parameters
    ----------
    exploration
        What `explore` found.
    folder
        Where to; made where it is missing. Overlays of an earlier exploration go.
    renderer
        Of `tombola.explain.render.renderers`.

    Raises
    ------
    TombolaError
        If there is no such renderer, or a file cannot be written.
    """
    draw = renderers[renderer]
    if (folder / ABOUT).is_file():
        shutil.rmtree(folder / OVERLAYS, ignore_errors=True)
        (folder / ABOUT).unlink(missing_ok=True)
    write_bytes(folder / MAPS, packed(exploration))
    shown = exploration.shown
    for network in exploration.explained:
        for number, index in enumerate(shown.indices):
            name = f"{part_name(network)}/image-{index:05d}.png"
            save_png(draw(shown.raw[number], network.found.maps[number]).pixels, folder / OVERLAYS / name)
    save_png(sheet(exploration, renderer), folder / SHEET)
    write_text(folder / "values.csv", exploration.values.to_csv(index=False, lineterminator="\n"))
    for name, table in TABLES.items():
        frame = table(exploration.values, exploration.findings)
        write_text(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
    write_text(folder / "sanity.csv", sanity_table(exploration.findings).to_csv(index=False, lineterminator="\n"))


def write_about(exploration: Exploration, folder: Path, renderer: str, figures: Sequence[str]) -> None:
    """Write what lies in the folder; a report shows it from then on."""
    plan, shown = exploration.plan, exploration.shown
    write_json(
        folder / ABOUT,
        {
            "method": plan.method,
            "layer": exploration.explained[0].found.layer,
            "target": plan.target,
            "score": plan.score,
            "stage": plan.stage,
            "options": dict(plan.options),
            "seed": plan.seed,
            "renderer": renderer,
            "part": shown.part,
            "images": shown.indices.tolist(),
            "networks": [
                {"label": each.view.label, "density": each.view.density, "maps": list(each.found.maps.shape)}
                for each in exploration.explained
            ],
            "sanity": standing(exploration.findings),
            "findings": [finding.sentence for finding in exploration.findings],
            "figures": list(figures),
        },
    )


def packed(exploration: Exploration) -> bytes:
    """Return all maps as the bytes of an npz file: one float32 array (image, height, width) per network.

    Beside them, ``images`` (their numbers in the part), ``labels``, and per network ``NAME/targets`` and
    ``NAME/predicted``.
    """
    arrays: dict[str, np.ndarray] = {"images": exploration.shown.indices, "labels": exploration.shown.labels.numpy()}
    for network in exploration.explained:
        name = part_name(network)
        arrays[name] = network.found.maps.astype(np.float32)
        arrays[f"{name}/targets"] = network.found.targets
        arrays[f"{name}/predicted"] = network.found.predicted
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def part_name(network: Explained) -> str:
    """Return the name of a network in files.

    Examples
    --------
    >>> part_name(explained)  # doctest: +SKIP
    'replicate-0-level-2-random-pruning-0'
    """
    view = network.view
    control = "" if view.control == "none" else f"-{view.control}-{view.repetition}"
    return f"replicate-{view.replicate}-level-{view.level}{control}"
