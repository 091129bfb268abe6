"""Studies of real networks: from a run to trials, for all five tasks."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from tombola.errors import TombolaError
from tombola.explain import attribute, pictures
from tombola.explain.render import window
from tombola.store import Run
from tombola.study.design import GENUINE, SHUFFLED, build, study_spec
from tombola.study.design.drawing import Drawing, renderer_options
from tombola.study.design.explaining import Artist, Explaining
from tombola.study.design.models import models_of
from tombola.study.design.stimuli import Wanted, make_material
from tombola.study.trial import TASKS

EXPLAINING = Explaining("grad-cam++")


def artist_of(run: Run, replicates: tuple[int, ...] = (0,), drawing: Drawing | None = None) -> Artist:
    drawing = drawing or Drawing("window", {"q": "0.25"}, 64)
    return Artist(models_of(run, ("x1", "x2"), replicates), pictures(run, "test", most=0), EXPLAINING, drawing)


def spec_of(artist: Artist, task: str, **fields: object) -> object:
    return study_spec(
        {
            "task": task,
            "conditions": artist.models.conditions,
            "classes": artist.pictures.classes,
            "gold": 2,
            "practice": 2,
            **fields,
        }
    )


@pytest.mark.parametrize("task", TASKS)
def test_every_task_makes_a_study_of_a_run(conv_run: Run, task: str, tmp_path: object) -> None:
    artist = artist_of(conv_run)
    spec, material = make_material(spec_of(artist, task), artist, Wanted(1, "" if task in TASKS[:2] else "alike"))  # type: ignore[arg-type]
    study = build(f"{tmp_path}/s", spec, material)
    assert len(study.cells) == 10 * (1 if task == "pairwise" else 2)
    assert [item.image for item in material.main] == list(range(1, 11))
    assert sorted(item.image_class for item in material.main) == sorted(artist.pictures.classes)
    assert study.spec.selection.walked >= 14
    with study.manifest_file.open() as file:
        rows = [row for row in csv.DictReader(file) if row["condition"]]
    for row in rows:
        column = 0 if row["condition"] in (GENUINE, SHUFFLED) else ("x1", "x2").index(row["condition"])
        assert row["ticket"] == artist.models.tickets[0][column]
        assert (row["method"], row["renderer"], row["q"], row["degenerate"]) == (
            "grad-cam++",
            "window",
            "0.25",
            "false",
        )
        assert row["layer"]
        assert row["source"].startswith("test:")


def test_selected_images_are_right_under_every_model_and_maps_are_those_of_the_models(conv_run: Run) -> None:
    artist = artist_of(conv_run)
    spec, material = make_material(spec_of(artist, "pairwise", gold=0, practice=0), artist, Wanted(2))  # type: ignore[arg-type]
    assert spec.selection.rule == "all-correct"
    for item in material.main[:5]:
        place = int(item.source.split(":")[1])
        image = artist.pictures.images[place : place + 1]
        for column, name in enumerate(("x1", "x2")):
            module = artist.models.networks[0][column].module()
            found = attribute(module, image, "grad-cam++")
            assert artist.pictures.classes[int(found.predicted[0])] == item.image_class == item.shown[name].predicted
            drawn = window(artist.pictures.raw[place], found.maps[0], q="0.25")
            assert np.array_equal(item.shown[name].pixels, drawn.pixels.repeat(8, axis=0).repeat(8, axis=1))
            assert item.shown[name].details["fillers"] == str(drawn.fillers)
        assert item.original.shape == (64, 64, 3)


def test_the_same_seed_chooses_the_same_images_and_another_others(conv_run: Run) -> None:
    artist = artist_of(conv_run)

    def sources(seed: int) -> list[str]:
        spec = spec_of(artist, "pairwise", seed=seed)
        return [item.source for item in make_material(spec, artist, Wanted(1))[1].main]  # type: ignore[arg-type]

    assert sources(1) == sources(1) != sources(2)


def test_replicates_take_turns_over_images(conv_run: Run, tmp_path: object) -> None:
    artist = artist_of(conv_run, (0, 1))
    spec, material = make_material(spec_of(artist, "pairwise"), artist, Wanted(1))  # type: ignore[arg-type]
    for item in material.main:
        row = int(item.source.split(":")[1]) % 2
        assert item.shown["x2"].details["replicate"] == str(row)
        assert item.shown["x2"].details["ticket"] == artist.models.tickets[row][1]
    assert spec.conditions[0].replicate is None
    assert len(spec.conditions[0].ticket.split()) == 2


def test_listed_images_are_taken_as_listed_and_the_last_ones_for_checks(conv_run: Run) -> None:
    artist = artist_of(conv_run)
    spec = spec_of(artist, "recognition", gold=1, practice=1)
    spec, material = make_material(spec, artist, Wanted(listed=(7, 3, 11, 20)))  # type: ignore[arg-type]
    assert [item.source for item in material.main] == ["test:7", "test:3"]
    assert [material.gold[0].source, material.practice[0].source] == ["test:11", "test:20"]
    assert spec.selection.rule == "listed"
    for wrong, sentence in (((3, 3, 4), "listed twice"), ((1, 2), "list more"), ((1, 2, 9999), "no image 9999")):
        with pytest.raises(TombolaError, match=sentence):
            make_material(spec, artist, Wanted(listed=wrong))


def test_checks_have_a_plain_answer(conv_run: Run) -> None:
    artist = artist_of(conv_run)
    for task in ("pairwise", "recognition", "agreement", "distinction"):
        material = make_material(spec_of(artist, task), artist, Wanted(1, "alike"))[1]  # type: ignore[arg-type]
        gold = material.gold[0]
        genuine = gold.shown[GENUINE]
        if task == "pairwise":
            assert not np.array_equal(genuine.pixels, gold.shown[SHUFFLED].pixels)
        if task == "recognition":
            assert np.array_equal(genuine.pixels, gold.original)
        if task == "agreement":
            assert [item.shown[GENUINE].predicted == item.image_class for item in material.gold] == [True, False] or [
                item.shown[GENUINE].predicted == item.image_class for item in material.gold
            ] == [False, True]
        if task == "distinction":
            assert np.array_equal(genuine.candidates[genuine.predicted], genuine.pixels)


def test_conditions_may_be_levels_or_rates_and_wrong_ones_are_told(conv_run: Run) -> None:
    by_level, by_rate = models_of(conv_run, ("0", "1")), models_of(conv_run, ("x1", "x2"))
    assert [condition.name for condition in by_level.conditions] == ["level-0", "level-1"]
    assert [condition.name for condition in by_rate.conditions] == ["x1", "x2"]
    assert by_level.tickets == by_rate.tickets
    assert by_rate.conditions[1].density == pytest.approx(0.5, abs=0.01)
    for wrong, sentence in (
        ("x7", "no level of .* has that compression rate; it has x1 .level 0., x2"),
        ("dense", "neither a level"),
        ("9", "no level 9"),
        ("1/reinit", "no control 'reinit'"),
        ("x-2", "neither a level"),
    ):
        with pytest.raises(TombolaError, match=sentence):
            models_of(conv_run, ("0", wrong))
    with pytest.raises(TombolaError, match="no replicate 5"):
        models_of(conv_run, ("0",), (5,))


def test_a_pairwise_study_refuses_rules_under_which_models_disagree(conv_run: Run) -> None:
    artist = artist_of(conv_run)
    with pytest.raises(TombolaError, match="a pairwise heading says what both models predict"):
        make_material(spec_of(artist, "pairwise"), artist, Wanted(1, "half-wrong"))  # type: ignore[arg-type]


def test_degenerate_maps_never_become_stimuli(conv_run: Run) -> None:
    """Section 6.3, defect B12: a map without positive values explains nothing."""
    artist = artist_of(conv_run)

    class Blank(Artist):
        def explain(self, place: int, column: int, targets: list[int] | None = None) -> object:  # type: ignore[override]
            found = super().explain(place, column, targets)
            return replace(found, maps=np.zeros_like(found.maps)) if place % 2 else found

    blank = Blank(artist.models, artist.pictures, artist.explaining, artist.drawing)
    spec, material = make_material(spec_of(artist, "pairwise"), blank, Wanted(1))  # type: ignore[arg-type]
    items = [*material.main, *material.gold, *material.practice]
    assert all(int(item.source.split(":")[1]) % 2 == 0 for item in items)
    assert spec.selection.rejected["a map explains nothing"] > 0


def test_heat_maps_keep_their_scale_below_and_other_options_are_refused(conv_run: Run) -> None:
    drawing = Drawing("heatmap", renderer_options("heatmap", None), 64)
    image = artist_of(conv_run).pictures.raw[0]
    drawn = drawing.draw(image, np.arange(16.0).reshape(4, 4))
    assert drawn.pixels.shape[0] > drawing.original(image).shape[0]
    with pytest.raises(TombolaError, match="shows all of the image; leave q out"):
        renderer_options("heatmap", "0.1")
    with pytest.raises(TombolaError, match="unknown renderer"):
        Drawing("windo")
    with pytest.raises(TombolaError, match="does not take these options"):
        Drawing("window", {"z": 1}).draw(image, np.arange(16.0).reshape(4, 4))
