"""Parts of the report: the book, the ladder, metrics beside people, pay, selection, the gallery's choice."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from PIL import Image

from tombola.errors import TombolaError
from tombola.study.design import Item, Material, Shown, build, study_spec
from tombola.study.design.folder import Study
from tombola.study.report import Source, facts, ladder
from tombola.study.report.blocks import column, ends, view
from tombola.study.report.book import Book
from tombola.study.report.human import by_image, spearman
from tombola.study.report.metrics import correlations, joined, read_metrics
from tombola.study.report.sections.gallery import data_uri, ends_of, find_trial
from tombola.study.statistics import Analysis

People = Callable[..., pd.DataFrame]


def test_a_number_is_a_link_to_its_own_row() -> None:
    book = Book()
    book.add("some table", "", pd.DataFrame({"name": ["<a>", "b"], "value": [0.5, np.nan]}))
    assert book.cell("some table", 0, "value") == '<a class="number" href="#some_table-1" data-column="value">0.5</a>'
    assert "href" not in book.cell("some table", 1, "value")
    shown = view(book, "some table", (column("name", "name"), ends("both", "value", "value"), column("v", "value")), "")
    assert shown.texts == (True, False, False)
    assert isinstance(shown.lines[0][2], Markup)
    assert not isinstance(shown.lines[0][0], Markup)
    with pytest.raises(ValueError, match="already"):
        book.add("some table", "", pd.DataFrame())


def rows(**columns: list[object]) -> pd.DataFrame:
    """Return result rows of a run, with what is not given missing."""
    table = pd.DataFrame(columns)
    for name in ("true_rate", "density", "whole_model_compression", "clean_top1", "test_correct", "test_n", "clean_n"):
        table[name] = table.get(name, pd.Series(pd.NA, index=table.index, dtype="Float64"))
    defaults = {"status": "done", "scope": "conv", "repetition": 0}
    return table.assign(**{name: value for name, value in defaults.items() if name not in table})


def test_intervals_are_over_replicates_where_there_are_several() -> None:
    found = ladder.of_results(
        rows(
            control=["none", "none", "none", "random", "none"],
            level=[0, 1, 1, 1, 2],
            replicate=[0, 0, 1, 0, 0],
            test_top1=[0.9, 0.8, 0.6, 0.5, None],
            density=[1.0, 0.25, 0.25, 0.25, 0.125],
            test_correct=[90, 80, 60, None, None],
            test_n=[100] * 5,
        )
    )
    assert found.network.tolist() == ["ticket", "ticket", "random"]
    assert found.rate.tolist() == [1, 4, 4]
    assert found.interval_over.tolist() == ["test images", "replicates", "nothing"]
    assert found.test_top1[1] == pytest.approx(0.7)
    assert found.test_correct.isna().tolist() == [False, True, True]
    assert found.low[1] < 0.6, "Student's t of two replicates is wide"


@given(st.integers(0, 40), st.integers(1, 40))
def test_wilson_covers_the_share(correct: int, n: int) -> None:
    correct = min(correct, n)
    low, high = ladder.wilson(correct, n)
    assert -1e-12 <= low <= correct / n + 1e-12
    assert correct / n - 1e-12 <= high <= 1 + 1e-12


def test_the_whole_model_of_the_published_network(supplied: dict[str, Path]) -> None:
    from tombola.interop.pruning_results import read_pruning_results

    found = ladder.of_published(read_pruning_results(list(supplied.values())[-1]))
    # reference explainability, section 4.3
    wanted = [1, 1.057940, 1.089502, 1.106001, 1.114439, 1.118706, 1.120852]
    assert found.whole_model_compression.tolist() == pytest.approx(wanted, abs=5e-7)


def test_people_by_image_counts_every_answer_once(people: People) -> None:
    found = by_image(people(raters=5))
    assert found.answers.sum() == len(people(raters=5))
    assert (found["first"] + found.second + found.neither == found.answers).all()
    right = by_image(people("recognition"))
    assert right.score.between(0, 1).all()
    assert right["first"].sum() == int(people("recognition").correct.sum())


def test_a_metric_that_says_what_people_say_correlates(people: People, tmp_path: Path) -> None:
    human = by_image(people(raters=9, images=12))
    truth = {("a", image): score for what, image, score in human[["what", "image", "score"]].values if what == "a v b"}
    lines = [f"{image},a,oracle,{score}\n{image},b,oracle,0" for (_, image), score in truth.items()]
    (tmp_path / "metrics.csv").write_text("image,condition,metric,value\n" + "\n".join(lines), encoding="utf-8")
    points = joined(human, read_metrics(tmp_path / "metrics.csv"))
    assert set(points.what) == {"a v b"}, "b v c has no metric of c"
    found = correlations(points).iloc[0]
    assert found.rho == pytest.approx(1)
    assert found.low <= found.rho <= found.high + 1e-12


def test_spearman_is_scipys() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.integers(0, 6, (2, 30)).astype(float)
    assert spearman(x, y) == pytest.approx(scipy.stats.spearmanr(x, y).statistic)
    assert np.isnan(spearman(x, np.ones(30)))


def test_metrics_may_name_images_as_the_key_does(folder: Callable[..., Study], tmp_path: Path) -> None:
    file, study = tmp_path / "metrics.csv", folder()
    lines = ["synthetic-4,a,m,1", "synthetic-4,a,m,3", "7,a,m,2", ",a,m,5"]
    file.write_text("image,condition,metric,value\n" + "\n".join(lines), encoding="utf-8")
    found = read_metrics(file, study)
    assert found.image.tolist() == [4, 7, pd.NA]
    assert found.value.tolist() == [2.0, 2.0, 5.0]
    with pytest.raises(TombolaError, match=r"image = 'synthetic-4' of row 1"):
        read_metrics(file)
    file.write_text("image,condition,metric,value\n1,a,m,much\n", encoding="utf-8")
    with pytest.raises(TombolaError, match="value = 'much' of row 1 is no number"):
        read_metrics(file)


def test_values_of_explain_are_found_by_network_and_place(folder: Callable[..., Study], tmp_path: Path) -> None:
    conditions = [{"name": "dense", "level": 0, "replicate": 1}, {"name": "sparse", "level": 3}]
    study, file = folder(conditions=conditions), tmp_path / "values.csv"
    text = study.manifest_file.read_text(encoding="utf-8")
    study.manifest_file.write_text(text.replace("synthetic-", "val:10"), encoding="utf-8")
    lines = [
        "replicate,level,control,repetition,condition,method,image,metric,value",
        "1,0,none,0,level 0,grad-cam,102,gini,1",
        "0,0,none,0,level 0,grad-cam,102,gini,9",
        "0,3,none,0,level 3,grad-cam,102,gini,2",
        "1,3,none,0,level 3,grad-cam,102,gini,4",
        "0,3,random,0,level 3,grad-cam,102,gini,9",
        "0,3,none,0,level 3,edges,102,gini,7",
        "0,3,none,0,level 3,grad-cam,999,gini,9",
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    about = '{"part": "val", "method": "grad-cam", "sanity": "fails: weights"}'
    (tmp_path / "explanation.json").write_text(about, encoding="utf-8")
    assert read_metrics(file, study).values.tolist() == [
        [2, "dense", "gini (grad-cam) [fails: weights]", 1.0],
        [2, "sparse", "gini (grad-cam) [fails: weights]", 3.0],
        [2, "sparse", "gini (edges)", 7.0],
    ]
    (tmp_path / "explanation.json").write_text(about.replace("val", "train"), encoding="utf-8")
    with pytest.raises(TombolaError, match="explains none of the study's networks"):
        read_metrics(file, study)


def test_pay_is_from_measured_times_and_the_reward_that_was_named(people: People) -> None:
    frame = people(seconds=6.0)
    unknown = facts.pay(Source("", frame, Analysis()))
    assert unknown.reward_usd.isna().all()
    assert facts.pay(Source("", frame, Analysis(), reward=0.01)).usd_per_hour.tolist() == pytest.approx([6.0])
    assert facts.is_published(frame) is False


def test_the_gallery_has_no_image_at_both_ends_and_none_that_lost_as_preferred(people: People) -> None:
    chosen = ends_of(by_image(people(raters=3, images=5)))
    assert not chosen.duplicated(["what", "image"]).any()
    assert (chosen.score[chosen.end == "most"] > 0).all()
    assert (chosen.score[chosen.end == "least"] < 0).all()
    assert (chosen.groupby(["what", "end"]).size() <= 3).all()


def test_pictures_of_the_gallery_are_those_that_were_served_pixel_for_pixel(folder: Callable[..., Study]) -> None:
    study = folder()
    trial = find_trial(study, "pairwise", "2pruned v 32pruned", 3)
    truth = study.truth[trial.name]
    assert (truth.image, truth.left, truth.right) == (3, "2pruned", "32pruned")
    for picture in trial.pictures:
        inside = base64.b64decode(data_uri(study, picture.name).partition(",")[2])
        served = study.public_folder / f"{picture.name}.png"
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(inside))), np.asarray(Image.open(served)))
    (study.public_folder / f"{trial.pictures[0].name}.png").unlink()
    assert data_uri(study, trial.pictures[0].name) is None


def test_selection_counts_add_up(people: People, folder: Callable[..., Study]) -> None:
    selection = {"rule": "all-correct", "walked": 20, "rejected": {"wrong": 5, "class is full": 7}}
    study = folder(selection=selection)
    found = facts.selection(Source("", people(), Analysis(), study=study))
    assert dict(found.values.tolist()) == {
        "walked": 20,
        "kept": 8,
        "passed over: wrong": 5,
        "passed over: class is full": 7,
    }


def test_replicates_are_the_smallest_number_of_networks_per_rate(people: People, folder: Callable[..., Study]) -> None:
    conditions = [
        {"name": f"r{rate}n{n}", "compression_rate": rate, "replicate": n} for rate in (1, 4) for n in range(5)
    ]
    study = folder("recognition", conditions=conditions[:4], raters=1)
    assert facts.replicates(Source("", people(), Analysis(), study=study)) == 4


def test_file_names_in_the_key_tell_what_a_backbone_has_seen(people: People, tmp_path: Path) -> None:
    files = ("ILSVRC2012_val_00009111.JPEG", "n02102040_1082.JPEG", "n02102040_7.JPEG")
    tiles = [np.full((8, 8, 3), 40 * number, np.uint8) for number in range(1, 4)]
    material = Material(
        tuple(
            Item(number, "cat", tile, {name: Shown(tile + 1 + i, "cat") for i, name in enumerate("ab")}, file=file)
            for number, (tile, file) in enumerate(zip(tiles, files, strict=True), start=1)
        )
    )
    spec = study_spec({"conditions": ["a", "b"], "classes": ["cat", "dog"], "gold": 0, "repeats": 0, "practice": 0})
    study = build(tmp_path / "study", spec, material)
    (row,) = facts.seen(Source("", people(), Analysis(), study=study)).itertuples()
    assert (row.images, row.in_training, row.held_out) == (3, 2, 1)
