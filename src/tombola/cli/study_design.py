"""``tombola study design``: from a run, or from own pictures, to a study folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from tombola.study.design import Study, StudySpec
    from tombola.study.design.material import Material


def _flag(text: str, metavar: str) -> Any:
    return tyro.conf.arg(help=text, metavar=metavar)


@dataclass
class Options:
    """Arguments of ``tombola study design``. What is left out is as the preset has it, else as `StudySpec` has it."""

    run: Annotated[Path | None, tyro.conf.Positional, _flag("the run whose networks are compared", "RUN")] = None
    out: Annotated[Path | None, _flag("the study folder to make (needed)", "STUDY")] = None
    task: Annotated[str, _flag("pairwise, recognition, agreement, distinction, forward-simulation", "TASK")] = (
        "pairwise"
    )
    conditions: Annotated[
        tuple[str, ...], _flag("levels (0 3 5), rates (x1 x2 x32), controls (3/reinit) [first and last level]", "ITEM")
    ] = ()
    pairs: Annotated[tuple[str, ...], _flag("pairwise: which meet, A first ('x2 v x1') [all]", "PAIR")] = ()
    preset: Annotated[str | None, _flag("published, pilot", "NAME")] = None
    images_per_class: Annotated[int | None, _flag("main images of each class [5]", "M")] = None
    rule: Annotated[
        str | None,
        _flag(
            "all-correct, half-wrong, all-wrong, alike, alike-wrong, stratified, any "
            "[all-correct for pairwise and recognition, else half-wrong]",
            "NAME",
        ),
    ] = None
    images: Annotated[tuple[int, ...], _flag("instead of a rule: exactly these images of the part", "N")] = ()
    part: Annotated[str, _flag("test, validation or train", "PART")] = "test"
    replicates: Annotated[tuple[int, ...], _flag("replicates; images take them in turn [0]", "N")] = (0,)
    stage: Annotated[Literal["trained", "early_stop"], _flag("trained or early_stop", "STAGE")] = "trained"
    method: Annotated[str | None, _flag("attribution method [grad-cam]", "NAME")] = None
    layer: Annotated[str | None, _flag("its layer [last_conv]", "NAME")] = None
    score: Annotated[Literal["logit", "log_prob"], _flag("logit or log_prob", "SCORE")] = "logit"
    renderer: Annotated[str | None, _flag("window, heatmap, blur-fade, contour, ... [window]", "NAME")] = None
    q: Annotated[str | None, _flag("share of the image that a window shows [0.1]", "Q")] = None
    side: Annotated[int, _flag("shorter side of pictures as shown; small ones are enlarged", "PIXELS")] = 224
    raters: Annotated[int | None, _flag("answers per cell [5]", "K")] = None
    cap: Annotated[int | None, _flag("most images per participant [40]", "N")] = None
    gold: Annotated[int | None, _flag("attention checks per participant [2]", "N")] = None
    repeats: Annotated[int | None, _flag("questions asked twice per participant [2]", "N")] = None
    practice: Annotated[int | None, _flag("practice questions [2]", "N")] = None
    sides: Annotated[str | None, _flag("per-participant or fixed-per-image [per-participant]", "SIDES")] = None
    options_order: Annotated[str | None, _flag("fixed or shuffled [fixed]", "ORDER")] = None
    confidence: Annotated[bool, _flag("ask how sure participants are", "")] = False
    demographics: Annotated[bool, _flag("ask optional questions about age group and background", "")] = False
    title: Annotated[str | None, _flag("title participants read", "TEXT")] = None
    seed: Annotated[int, _flag("root of walk, assignment, sides and orders", "N")] = 0
    from_pictures: Annotated[Path | None, _flag("instead of a run: a folder with pictures.csv", "FOLDER")] = None
    trust: Annotated[bool, _flag("build networks that other people's code makes", "")] = False


def main(args: list[str]) -> int:
    """Choose images, draw blinded stimuli, lay out blocks; print what the study takes."""
    options = parse(Options, args, "tombola study design", "Choose images, draw blinded stimuli, lay out blocks.")
    if (options.run is None) == (options.from_pictures is None):
        raise TombolaError("tombola study design needs a RUN, or --from-pictures FOLDER, and not both")
    if options.out is None:
        raise TombolaError("tombola study design needs --out STUDY, the folder to make")
    if options.out.exists():
        raise TombolaError(f"{options.out} exists already; choose another folder, for a study is never written over")
    from tombola.cli.study_design_view import show
    from tombola.study.design import build

    spec, material = _of_pictures(options) if options.run is None else _of_run(options, options.run)
    study: Study = build(options.out, spec, material)
    show(study)
    print(options.out)
    return 0


def _values(options: Options) -> dict[str, Any]:
    """Return what flags and preset say: flags win."""
    from tombola.study.design.presets import preset_fields

    names = (
        "images_per_class", "rule", "method", "layer", "renderer", "q", "raters", "cap", "gold", "repeats", "practice",
        "sides", "options_order", "title",
    )  # fmt: skip
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return (preset_fields(options.preset) if options.preset else {}) | given


def _spec(options: Options, values: dict[str, Any], conditions: Any, classes: tuple[str, ...]) -> "StudySpec":
    from tombola.study.design import StudySpec, study_spec

    fields = {name: value for name, value in values.items() if name in StudySpec.model_fields}
    name = options.out.name if options.out else ""
    safe = "".join(c if c.isalnum() or c in "._-" else "-" for c in name).lstrip("._-") or "study"
    return study_spec(
        fields
        | {
            "name": safe,
            "task": options.task,
            "conditions": conditions,
            "pairs": options.pairs,
            "classes": classes,
            "confidence": options.confidence,
            "demographics": options.demographics,
            "seed": options.seed,
        }
    )


def _of_run(options: Options, path: Path) -> tuple["StudySpec", "Material"]:
    from tombola.cli.console import messages
    from tombola.explain import pictures
    from tombola.explain.methods import find_method
    from tombola.store import open_run
    from tombola.study.design.drawing import Drawing, renderer_options
    from tombola.study.design.explaining import Artist, Explaining
    from tombola.study.design.models import models_of
    from tombola.study.design.stimuli import Wanted, make_material

    values = _values(options)
    explaining = Explaining(
        values.get("method", "grad-cam"), values.get("layer", "last_conv"), options.score, seed=options.seed
    )
    find_method(explaining.method)
    renderer = values.get("renderer", "window")
    drawing = Drawing(renderer, renderer_options(renderer, values.get("q")), options.side)
    run = open_run(path, trust=options.trust)
    asked = options.conditions or ("0", str(run.spec.prune.levels))
    models = models_of(run, asked, options.replicates, stage=options.stage, trust=options.trust)
    images = pictures(run, options.part, most=0)
    spec = _spec(options, values, models.conditions, images.classes)
    wanted = Wanted(values.get("images_per_class", 5), values.get("rule", ""), options.images)
    with messages().status("explaining images") as shown:
        return make_material(
            spec,
            Artist(models, images, explaining, drawing),
            wanted,
            lambda kept: shown.update(f"explaining images: {kept} drawn under {len(asked)} conditions"),
        )


def _of_pictures(options: Options) -> tuple["StudySpec", "Material"]:
    from tombola.study.design.own_pictures import own_material, read_table
    from tombola.study.trial import TASKS

    task = next((task for task in TASKS if task == options.task), None)
    if task is None:
        raise TombolaError(f"task = '{options.task}' is not one of {', '.join(TASKS)}")
    folder = options.from_pictures or Path()
    table = read_table(folder, task)
    main = table[table["kind"] == "main"]
    conditions = options.conditions or tuple(dict.fromkeys(main["condition"]))
    said = [] if task in ("pairwise", "recognition") else [*main["predicted"], *main["candidate"]]
    classes = sorted({name for name in [*table["class"], *said] if name})
    counts = {f"{kind}": int(table.loc[table["kind"] == kind, "image"].nunique()) for kind in ("gold", "practice")}
    spec = _spec(options, counts | _values(options), conditions, tuple(classes))
    return spec, own_material(folder, table, spec)
