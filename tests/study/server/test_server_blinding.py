"""What participants get over the wire tells no condition, class, side or kind."""

import re

import pytest

from tombola.errors import TombolaError
from tombola.study.server.blinding import check_public
from tombola.study.server.opening import Opened
from tombola.study.trial import TASKS


@pytest.fixture
def start(serve):
    return serve()


def test_only_pictures_of_ones_own_plan_are_served(start):
    person = start().to_trials()
    mine = start.desk.pictures_of(1)
    others = {file.stem for file in person.study.public_folder.iterdir()} - mine
    assert others
    for name in sorted(others)[:5]:
        assert person.get(f"/picture/{name}.png").status_code == 404
    inside = ["..%2fkey%2fsalt", "../key/manifest.csv", "%2e%2e/study.yaml", "salt", next(iter(mine)).upper()]
    for name in inside:
        assert person.get(f"/picture/{name}.png").status_code == 404
    for path in (
        "/public",
        "/key/salt",
        "/study.yaml",
        "/answers.sqlite",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
    ):
        assert person.get(path).status_code == 404


def test_all_pictures_have_the_same_headers_and_size(start):
    person = start().to_trials()
    responses = [person.get(f"/picture/{name}.png") for name in sorted(start.desk.pictures_of(1))]
    seen = {tuple(sorted((k, v) for k, v in r.headers.items() if k != "date")) for r in responses}
    assert len(seen) == 1
    names = {name for name, _ in next(iter(seen))}
    assert not names & {"last-modified", "etag", "content-disposition"}


@pytest.mark.parametrize("task", TASKS)
def test_no_page_tells_a_condition_a_kind_or_the_key(serve, task):
    person = serve(task=task, conditions=("condition-blue", "condition-red", "condition-green"), gold=2)().to_trials()
    spec, truth = person.study.spec, person.study.truth
    while (page := person.page()).action.startswith("/trial"):
        for secret in (*spec.condition_names, "gold", "repeat", "genuine", "shuffled", "synthetic-", "key/"):
            assert secret not in page.text
        trial = next(t for t in person.study.trials.values() if t.pictures and t.pictures[0].name in page.pictures[0])
        assert trial.name not in page.text
        assert truth[trial.name].cell not in page.text
        if task == "recognition":  # the class is an answer to choose, and must not stand out from the others
            assert page.text.count(truth[trial.name].image_class) == page.text.count(spec.classes[0])
        person.answer(page)


def test_pages_of_main_gold_and_repeat_trials_have_one_shape(serve):
    person = serve(gold=2, repeats=1, images_per_class=2)().to_trials()
    shapes = set()
    while (page := person.page()).action.startswith("/trial"):
        text = re.sub(r"[0-9a-f]{32}|[0-9]+\.[0-9a-f]{64}|\d+", "N", page.text)
        shapes.add(re.sub("|".join(person.study.spec.classes), "CLASS", text))
        person.answer(page)
    assert len(shapes) == 1


def test_pictures_that_can_be_told_apart_are_not_served(make_study):
    study = make_study()
    check_public(Opened(study))
    picture = next(iter(study.public_folder.iterdir()))
    content = picture.read_bytes()
    picture.write_bytes(content + b"\0")
    with pytest.raises(TombolaError, match="differ in size"):
        check_public(Opened(study))
    picture.unlink()
    with pytest.raises(TombolaError, match="cannot be read"):
        check_public(Opened(study))
