"""From a run to the material of a study: images chosen by a rule, explained by every compared model, drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tombola.errors import TombolaError, nearest
from tombola.explain import Pictures
from tombola.study.design.explaining import Artist
from tombola.study.design.material import GENUINE, SHUFFLED, Item, Material, Shown
from tombola.study.design.rules import NEED_AGREEMENT, default_rule, rules
from tombola.study.design.selection import Looked, walk
from tombola.study.design.spec import SelectionSpec, StimuliSpec, StudySpec


@dataclass(frozen=True)
class Wanted:
    """What is to be chosen.

    Attributes
    ----------
    images_per_class
        Main images of every class.
    rule
        Name of a rule of `tombola.study.design.rules`; empty for the task's own.
    listed
        Instead of a walk: these images of the part, in this order; the rule is then ``listed``.
    """

    images_per_class: int = 5
    rule: str = ""
    listed: tuple[int, ...] = ()


def make_material(
    spec: StudySpec, artist: Artist, wanted: Wanted, told: Callable[[int], None] = lambda kept: None
) -> tuple[StudySpec, Material]:
    """Choose images and draw their explanations.

    Parameters
    ----------
    spec
        The study; classes are those of the data, conditions those of the models.
    artist
        Models, images, and how they are explained and drawn.
    wanted
        What is to be chosen.
    told
        Called with the number of images drawn so far.

    Returns
    -------
    StudySpec
        With what the selection rejected, and how pictures were made.
    Material
        For `tombola.study.design.build`.

    Raises
    ------
    TombolaError
        If the rule does not fit the task, or there are too few images.
    """
    pictures, models = artist.pictures, artist.models
    said: dict[int, Looked] = {}
    drawn: dict[int, dict[str, Shown]] = {}

    def look(places: list[int]) -> list[Looked]:
        said.update(zip(places, models.look(pictures, places), strict=True))
        return [said[place] for place in places]

    def usable(place: int) -> bool:
        shown = _all_shown(spec, artist, place)
        if shown is not None:
            drawn[place] = shown
            told(len(drawn))
        return shown is not None

    spare = spec.gold + spec.practice
    if wanted.listed:
        name, main, extra, selection = "listed", *_listed(spec, pictures, wanted.listed, spare, look, usable)
    else:
        name = wanted.rule or default_rule(spec.task)
        if spec.task == "pairwise" and name in NEED_AGREEMENT:
            raise TombolaError(
                f"rule = '{name}': a pairwise heading says what both models predict, and under this rule they may "
                f"differ{nearest(name, ['alike', 'alike-wrong', 'all-correct'])}"
            )
        labels = pictures.labels.tolist()
        found = walk(
            labels, pictures.classes, rules[name], wanted.images_per_class, spare, spec.seed, look, usable,
            rule_name=f"rule '{name}'",
        )  # fmt: skip
        main, extra = found.main, found.spare
        selection = SelectionSpec(
            rule=name,
            images_per_class=wanted.images_per_class,
            walked=found.walked,
            rejected=dict(sorted(found.rejected.items())),
        )
    items = [_item(number, place, artist, said, drawn[place], name) for number, place in enumerate(main, start=1)]
    checks = [
        _check(spec, len(main) + number, place, artist, drawn[place], "gold" if number <= spec.gold else "practice")
        for number, place in enumerate(extra, start=1)
    ]
    stimuli = StimuliSpec(
        method=artist.explaining.method,
        layer=artist.explaining.layer,
        score=artist.explaining.score,
        renderer=artist.drawing.renderer,
        options={key: str(value) for key, value in artist.drawing.options.items()},
    )
    material = Material(tuple(items), tuple(checks[: spec.gold]), tuple(checks[spec.gold :]))
    return spec.model_copy(update={"selection": selection, "stimuli": stimuli}), material


def _listed(
    spec: StudySpec,
    pictures: Pictures,
    listed: tuple[int, ...],
    spare: int,
    look: Callable[[list[int]], list[Looked]],
    usable: Callable[[int], bool],
) -> tuple[list[int], list[int], SelectionSpec]:
    """Take a fixed list of images; those for checks and practice are its last ones."""
    for place in listed:
        if not 0 <= place < len(pictures):
            raise TombolaError(
                f"images: there is no image {place}; the {pictures.part} part has 0 to {len(pictures) - 1}"
            )
        if listed.count(place) > 1:
            raise TombolaError(f"images: image {place} is listed twice")
    if len(listed) <= spare:
        raise TombolaError(f"images: gold and practice take the last {spare} images listed, so list more than that")
    for place, one in zip(listed, look(list(listed)), strict=True):
        if spec.task == "pairwise" and len(set(one.predicted)) > 1:
            raise TombolaError(f"images: the compared models do not agree on image {place}; leave it out")
        if not usable(place):
            raise TombolaError(f"images: a map of image {place} explains nothing; leave it out")
    main = list(listed[: len(listed) - spare])
    return main, list(listed[len(main) :]), SelectionSpec(rule="listed", walked=len(listed))


def _all_shown(spec: StudySpec, artist: Artist, place: int) -> dict[str, Shown] | None:
    shown = {}
    for column, name in enumerate(spec.condition_names):
        one = artist.with_candidates(place, column) if spec.task == "distinction" else artist.shown(place, column)
        if one is None:
            return None
        shown[name] = one
    return shown


def _item(
    number: int, place: int, artist: Artist, said: Mapping[int, Looked], shown: Mapping[str, Shown], rule: str
) -> Item:
    classes, one = artist.pictures.classes, said[place]
    of_all = {
        "predictions": " ".join(classes[c] for c in one.predicted),
        "confidences": " ".join(f"{value:.6g}" for value in one.confidence),
        "rule": rule,
    }
    return Item(
        number,
        classes[int(artist.pictures.labels[place])],
        artist.original(place),
        {name: replace(value, details={**value.details, **of_all}) for name, value in shown.items()},
        f"{artist.pictures.part}:{int(artist.pictures.indices[place])}",
        file=_file(artist.pictures, place),
    )


def _check(spec: StudySpec, number: int, place: int, artist: Artist, shown: Mapping[str, Shown], kind: str) -> Item:
    """Return an attention check or a practice question: one whose answer is plain to see."""
    label = artist.pictures.classes[int(artist.pictures.labels[place])]
    genuine = shown[spec.condition_names[0]]
    original = artist.original(place)
    extra: dict[str, Shown] = {}
    if spec.task == "pairwise":
        extra[SHUFFLED] = artist.shuffled(place, 0)
    elif spec.task == "recognition" and kind == "gold":
        genuine = replace(genuine, pixels=original)  # all of the picture can be seen
    elif spec.task == "agreement" and number % 2:
        # every other one is told wrong, in a way that the picture alone gives away
        others = [name for name in spec.classes if name != label]
        genuine = replace(genuine, predicted=others[place % len(others)])
    elif spec.task == "distinction":
        mixed = {
            name: artist.shuffled(place, 0, again).pixels
            for again, name in enumerate(name for name in genuine.candidates if name != genuine.predicted)
        }
        genuine = replace(genuine, candidates={**mixed, genuine.predicted: genuine.pixels})
    source = f"{artist.pictures.part}:{int(artist.pictures.indices[place])}"
    return Item(number, label, original, {GENUINE: genuine, **extra}, source, file=_file(artist.pictures, place))


def _file(pictures: Pictures, place: int) -> str:
    return "" if pictures.names is None else pictures.names[place]
