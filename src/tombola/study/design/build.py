"""From drawn material to a complete study folder."""

import json
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from tombola.errors import TombolaError
from tombola.store.files import told_clearly
from tombola.study.assignment.plan import plan
from tombola.study.design import folder as places
from tombola.study.design.bench import VARIANTS, Bench, Drawn
from tombola.study.design.cells import tasks
from tombola.study.design.folder import Study, open_study
from tombola.study.design.manifest import manifest
from tombola.study.design.material import Item, Material, check_material
from tombola.study.design.naming import SALT_BYTES, Names
from tombola.study.design.public import write_public
from tombola.study.design.spec import SPEC_FILE, StudySpec
from tombola.study.design.truth import to_plain
from tombola.study.lock.preregistration import FILE as PREREGISTRATION
from tombola.study.lock.preregistration import default_preregistration
from tombola.study.texts import default_texts
from tombola.study.trial import Kind


def build(
    out: str | Path,
    spec: StudySpec,
    material: Material,
    *,
    texts: Mapping[str, str] | None = None,
    salt: bytes | None = None,
) -> Study:
    """Write a study folder: blinded pictures, the key, the plan, the texts. It appears whole or not at all.

    Parameters
    ----------
    out
        The folder to appear.
    spec
        What the study is.
    material
        Images with their explanations, already drawn.
    texts
        File name -> Markdown of texts that replace the default ones.
    salt
        The secret that public names are drawn from; by default 256 new bits of the operating system. The same salt
        gives the same folder again.

    Raises
    ------
    TombolaError
        If the folder exists, or the material does not make the study.
    """
    target = Path(out)
    if target.exists():
        raise TombolaError(f"{target} exists already; choose another folder, for a study is never written over")
    if salt is not None and len(salt) < SALT_BYTES:
        raise TombolaError(f"the salt has {len(salt)} bytes; it must have {SALT_BYTES} or more, and be secret")
    check_material(spec, material)
    names = Names(salt)
    drawn = draw_trials(spec, material, names)
    with told_clearly(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            _fill(aside, spec, material, drawn, names, default_texts(spec.task) | dict(texts or {}))
            open_study(aside).trials  # noqa: B018 - what cannot be read back must not appear
            aside.rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return open_study(target)


def draw_trials(spec: StudySpec, material: Material, names: Names) -> list[Drawn]:
    """Return every trial of a study, main, gold and practice, in both variants."""
    make, bench = tasks[spec.task], Bench(spec, names)
    kinds: tuple[tuple[Kind, tuple[Item, ...]], ...] = (
        ("main", material.main),
        ("gold", material.gold),
        ("practice", material.practice),
    )
    return [
        drawn
        for kind, items in kinds
        for item in items
        for variant in VARIANTS
        for drawn in make(bench, item, kind, variant)
    ]


def _fill(
    folder: Path, spec: StudySpec, material: Material, drawn: list[Drawn], names: Names, texts: Mapping[str, str]
) -> None:
    digests, length = write_public(folder / places.PUBLIC, drawn, names)
    spec = spec.model_copy(update={"stimuli": spec.stimuli.model_copy(update={"common_bytes": length})})
    (folder / SPEC_FILE).write_text(spec.to_yaml(), encoding="utf-8")
    items = {item.image: item for item in (*material.main, *material.gold, *material.practice)}
    key = folder / places.KEY
    key.mkdir(mode=0o700)
    files = {
        places.SALT: names.salt.hex() + "\n",
        places.MANIFEST: manifest(drawn, items, digests),
        places.TRIALS: "".join(json.dumps(to_plain(one.trial, one.truth)) + "\n" for one in drawn),
        places.BLOCKS: "".join(json.dumps(block) + "\n" for block in plan_names(spec, material, drawn)),
    }
    for name, content in files.items():
        with os.fdopen(os.open(key / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
    (folder / PREREGISTRATION).write_text(default_preregistration(spec).to_yaml(), encoding="utf-8")
    (folder / places.TEXTS).mkdir()
    for name, content in texts.items():
        (folder / places.TEXTS / name).write_text(content, encoding="utf-8")


def plan_names(spec: StudySpec, material: Material, drawn: list[Drawn]) -> list[list[str]]:
    """Return the plan as names of trials, a list per planned participant."""
    named: dict[tuple[str, int], list[str]] = {}
    cells: dict[int, list[str]] = {}
    for one in drawn:
        if one.trial.kind == "main":
            named.setdefault((one.truth.cell, one.variant), []).append(one.trial.name)
            of_image = cells.setdefault(one.truth.image, [])
            if one.truth.cell not in of_image:
                of_image.append(one.truth.cell)
    blocks = plan(
        [item.image_class for item in material.main], len(spec.cells_per_image), spec.raters, spec.cap, spec.seed
    )
    return [
        [name for image, cell, variant in block for name in named[cells[material.main[image].image][cell], variant]]
        for block in blocks
    ]
