"""Nothing that is served tells a condition, a class that is asked for, a side, or what is a check (reference 7.3, B15).

Every byte of whole sessions is recorded: what is the same for everything tells nothing; what differs is compared over
conditions.
"""

import asyncio
import re
import struct
from collections import defaultdict

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the study's server needs the extra study")
pytest.importorskip("httpx", reason="needs httpx to walk the pages")

import httpx

from tombola.study.design import synthetic_study
from tombola.study.server.app import create_app
from tombola.study.server.opening import Opened
from tombola.study.server.settings import Settings
from tombola.study.simulated import Crowd, Participant
from tombola.study.simulated.key import Key
from tombola.study.simulated.page import PICTURE, read_page
from tombola.study.simulated.requests import Requests
from tombola.study.simulated.walker import Walker
from tombola.study.trial import TASKS

FREE = Settings(participant_rate=0, client_rate=0, start_rate=0, backup_minutes=0)
SALT = bytes(range(32))
CONDITIONS = ("condition-blue", "condition-red")
PER_PAGE = re.compile(rb"[0-9a-f]{32}|[0-9]{13}\.[0-9a-f]{64}|(Question|value=\"|max=\"|/trial/)\s?\d+( of \d+)?")
"""What differs from page to page for everybody: names of pictures, seals, numbers of questions."""
TOO_FAR = 4.5
"""Standard deviations: with a thousand features compared, chance alone goes beyond about once in two hundred tests."""


def sessions(study):
    """Return all responses of all participants of a study: (request, status, headers, body)."""
    served = []

    async def keep(response):
        body = await response.aread()
        headers = tuple(sorted((k, v) for k, v in response.headers.multi_items() if k not in ("date", "set-cookie")))
        served.append((response.request.method, response.request.url.path, response.status_code, headers, body))

    async def walk():
        transport, key = httpx.ASGITransport(app=create_app(Opened(study), FREE)), Key(study)
        for number in range(len(study.blocks)):
            served.append(("START", "", 0, (), b""))
            hooks = {"response": [keep]}
            async with httpx.AsyncClient(transport=transport, base_url="http://study", event_hooks=hooks) as client:
                walker = Walker(client, key, Participant(Crowd(), number), Requests())
                await walker.walk()
                assert walker.finished

    asyncio.run(walk())
    return served


@pytest.fixture(scope="module", params=TASKS)
def recorded(request, tmp_path_factory):
    study = synthetic_study(
        tmp_path_factory.mktemp("leaks") / "study", request.param, conditions=CONDITIONS, classes=4, salt=SALT,
        images_per_class=4, raters=2, cap=16, gold=2, repeats=2, practice=1, confidence=True,
    )  # fmt: skip
    return study, sessions(study)


def labels_of(study):
    """Return name of a picture -> what it shows, in all ways that must not be told."""
    found = {}
    for name, trial in study.trials.items():
        truth = study.truth[name]
        for place, picture in enumerate(trial.pictures):
            shown = {"left": truth.left, "right": truth.right}.get(picture.role, truth.condition)
            right = truth.correct == (str(place + 1),) if truth.candidates else None
            found[picture.name] = {"condition": shown, "class": truth.image_class, "kind": trial.kind, "right": right}
    return found


def chunks(png):
    """Return (type, length) of the chunks of a PNG; whatever stands behind its end would be one more."""
    place, found = 8, []
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        found.append((kind, length))
        place += 12 + length
    return found


def telling(features, labels):
    """Return the columns of numbers that differ by label more than chance does."""
    table, told = np.asarray(features, float), []
    for label in set(labels):
        mine = np.array([each == label for each in labels])
        if not mine.any() or mine.all():
            continue
        spread = table.std(0) * np.sqrt(1 / mine.sum() + 1 / (~mine).sum())
        apart = np.abs(table[mine].mean(0) - table[~mine].mean(0))
        told += np.flatnonzero(apart > TOO_FAR * np.where(spread > 0, spread, np.inf)).tolist()
    return sorted(set(told))


def bits(name):
    return [int(name, 16) >> place & 1 for place in range(128)]


def test_the_comparison_finds_what_is_planted():
    generator = np.random.Generator(np.random.PCG64(0))
    names = [generator.bytes(16).hex() for _ in range(200)]
    labels = ["blue" if int(name[0], 16) < 8 else "red" for name in names]
    assert telling([bits(name) for name in names], labels) == [127]
    assert telling([bits(name) for name in names], ["blue", "red"] * 100) == []
    sizes = [[1000 + 3 * (label == "blue") + generator.normal()] for label in labels]
    assert telling(sizes, labels) == [0]


def test_pictures_differ_in_nothing_but_their_pixels(recorded):
    study, served = recorded
    pictures = [each for each in served if PICTURE.fullmatch(each[1])]
    assert len({(status, headers, len(body), len(path)) for _, path, status, headers, body in pictures}) == 1
    heads = {body[:33] for *_, body in pictures}  # signature, width, height, depth, kind of colour
    assert len(heads) == 1
    known = {b"IHDR", b"IDAT", b"IEND"}
    kinds = {tuple(kind for kind, _ in chunks(body)) for *_, body in pictures}
    extra = {kind for each in kinds for kind in each} - known
    assert len(kinds) == 1
    assert len(extra) <= 1  # what fills up to the common size
    assert not extra & {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}
    files = [file.stat() for file in study.public_folder.iterdir()]
    assert len({(file.st_mtime_ns, file.st_size, file.st_mode) for file in files}) == 1


@pytest.mark.parametrize("what", ["condition", "class", "kind", "right"])
def test_names_of_pictures_tell_nothing(recorded, what):
    study, _ = recorded
    labels = labels_of(study)
    names = sorted({file.stem for file in study.public_folder.iterdir()})
    asked = [(name, place) for place, name in enumerate(names) if labels[name][what] not in (None, "")]
    if asked:
        features = [[*bits(name), place] for name, place in asked]
        assert telling(features, [labels[name][what] for name, _ in asked]) == []


def test_pages_of_questions_are_the_same_but_for_names_and_numbers(recorded):
    study, served = recorded
    key, shapes, lengths = Key(study), defaultdict(set), defaultdict(set)
    for method, path, status, headers, body in served:
        if method != "GET" or status != 200 or not path.startswith("/trial/"):
            continue
        trial, truth = key.trial(read_page(body.decode()))
        shown = truth.predicted if trial.task in ("pairwise", "agreement") else ""  # these headings name it
        # before and after an explanation one picture less or more is shown
        shapes[shown, truth.phase].add(PER_PAGE.sub(b"N", body))
        lengths[shown, truth.phase].add(tuple(each for each in headers if each[0] != "content-length"))
    assert shapes
    assert {len(each) for each in shapes.values()} == {1}
    assert {len(each) for each in lengths.values()} == {1}


def test_what_follows_an_answer_does_not_depend_on_it(recorded):
    _, served = recorded
    sent = [each for each in served if each[0] == "POST" and each[1].startswith("/trial/")]
    shapes = {
        (status, tuple((k, re.sub(r"\d+", "N", v)) for k, v in headers if k != "content-length"), body)
        for _, path, status, headers, body in sent
        if f"/trial/{int(path.rsplit('/', 1)[1]) + 1}" in dict(headers)["location"]
    }
    assert len(shapes) == 1


def test_no_name_of_the_key_is_in_any_byte(recorded):
    study, served = recorded
    secrets = [*CONDITIONS, "genuine", "shuffled", "gold", "repeat", "manifest", "synthetic-"]
    secrets += [truth.cell for truth in study.truth.values() if truth.cell] + [SALT.hex()]
    secrets += [name for name, trial in study.trials.items() if trial.kind != "quiz"]
    found = re.compile("|".join(map(re.escape, secrets)).encode())
    for method, path, _, headers, body in served:
        if PICTURE.fullmatch(path) or path.startswith("/static/"):
            body = b""  # pixels, and files that are the same for every study
        text = b"\n".join([path.encode(), *(f"{k}: {v}".encode() for k, v in headers), body])
        assert not found.search(text), (method, path, found.search(text))


def test_order_and_sides_tell_nothing(recorded):
    study, served = recorded
    key, orders, firsts, number = Key(study), [], [], 0
    for method, path, status, _, body in served:
        number = 0 if method == "START" else number
        if method == "GET" and status == 200 and path.startswith("/trial/"):
            trial, truth = key.trial(read_page(body.decode()))
            number += 1
            if trial.kind == "main" and truth.phase != "before":
                orders.append([number, number % 2])
                firsts.append(truth.left or truth.condition)
    assert set(firsts) == set(CONDITIONS)
    assert telling(orders, firsts) == []
    share = firsts.count(CONDITIONS[0]) / len(firsts)
    assert share == pytest.approx(0.5, abs=0.05)
