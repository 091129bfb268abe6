"""A whole simulated study in real Chromium: two designs, a killed server, somebody who goes on on a phone.

Each design is served by a process of its own and answered by simulated participants who click through the rendered
pages. In each, the server is killed while somebody is about to send an answer, and started again; one participant
begins on a computer and goes on on a phone. Every page is kept as a picture (computer, phone, phone in the dark) and
checked by axe-core. Then the database is compared with what browsers saw, blocks are verified, and the answers
analysed. Exits with 1 if anything is lost or doubled, a share is not recovered at all, or axe has a serious finding.

    python benchmarks/study_acceptance.py --out FOLDER [--participants 20] [--designs pairwise recognition]
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tombola.cli.study_analyse import main as analyse
from tombola.study.answers import of_task, validate
from tombola.study.assignment import verify_blocks
from tombola.study.design import Study, synthetic_study
from tombola.study.server.export import export_answers
from tombola.study.simulated import Crowd, Participant, ServerProcess, audit
from tombola.study.simulated.browser import BrowserWalker
from tombola.study.simulated.key import Key
from tombola.study.simulated.requests import Requests

VIEWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "phone-dark": {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "color_scheme": "dark",
    },
}
SERIOUS = ("serious", "critical")
IMAGES = 6


class Eyes:
    """Looks at every page once per view: a picture, and what axe finds."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seen, self.findings, self.errors = folder, set[str](), [], []
        folder.mkdir(parents=True, exist_ok=True)

    def on(self, name: str) -> Callable[[Any, str], None]:
        """Return what looks at pages under a name."""

        def look(page: Any, path: str) -> None:
            shot = f"{name}-{path.strip('/').replace('/', '-') or 'start'}"
            if shot in self.seen:
                return
            self.seen.add(shot)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=str(self.folder / f"{shot}.png"), full_page=True)
            for each in Axe().run(page).response["violations"]:
                targets = [node["html"][:120] for node in each["nodes"]][:3]
                self.findings.append({"page": shot, "id": each["id"], "impact": each["impact"], "nodes": targets})

        return look

    def listen(self, page: Any) -> Any:
        """Keep what the browser complains about, but for a server that was killed on purpose."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if _serious(message) else None)
        return page


def _serious(message: Any) -> bool:
    return message.type == "error" and "ERR_CONNECTION" not in message.text


class Rehearsal:
    """One design, served and answered."""

    def __init__(self, browser: Any, study: Study, server: ServerProcess, eyes: Eyes, task: str) -> None:
        self.browser, self.study, self.server, self.eyes, self.task = browser, study, server, eyes, task
        self.crowd = Crowd({("b", "a"): 0.8} if task == "pairwise" else {}, seed=1)
        self.key, self.record, self.codes = Key(study), Requests(), list[str]()

    def person(self, number: int, view: str) -> BrowserWalker:
        """Return a participant with a browser of their own."""
        page = self.eyes.listen(self.browser.new_context(**VIEWS[view]).new_page())
        who = Participant(self.crowd, number)
        return BrowserWalker(page, self.key, who, self.record, self.eyes.on(f"{self.task}-{view}"))

    def plain(self, number: int) -> None:
        """Somebody who goes through; pages are looked at in every view."""
        walker = self.person(number, list(VIEWS)[number % len(VIEWS)])
        self.codes.append(walker.walk(self.server.address))
        walker.page.context.close()

    def killed(self, number: int) -> None:
        """Somebody whose server goes away just before they send an answer."""
        walker = self.person(number, "desktop")
        walker.walk(self.server.address, lambda path, answers: path.startswith("/trial/") and answers >= 4)
        self.server.kill()
        back = Thread(target=self.server.start)
        back.start()
        self.codes.append(walker.walk())  # sends the answer to nobody, and waits
        back.join()
        walker.page.context.close()

    def moved(self, number: int) -> None:
        """Somebody who begins on a computer and goes on on a phone."""
        begun = self.person(number, "desktop")
        where = begun.walk(self.server.address, lambda path, answers: path.startswith("/trial/") and answers >= 4)
        begun.open(f"{self.server.address}/pause")
        self.eyes.on(f"{self.task}-desktop")(begun.page, "/pause")
        link = begun.page.locator(".link").inner_text()
        begun.page.context.close()
        phone = self.person(number, "phone")
        phone.open(link)
        if phone.path() != where:
            raise SystemExit(f"the phone came to {phone.path()}, and the computer was at {where}")
        self.codes.append(phone.walk())
        phone.page.context.close()

    def other_pages(self) -> None:
        """Pages that nobody comes to who does as asked."""
        for view in ("desktop", "phone"):
            page = self.browser.new_context(**VIEWS[view]).new_page()  # whose console rightly says 404
            look = self.eyes.on(f"{self.task}-{view}")
            for path, name in (("/no-such-page", "message"), ("/admin", "admin-login"), ("/", "full")):
                page.goto(f"{self.server.address}{path}")
                if name == "full":
                    page.click("main form button.main")
                    page.click("button[value=agree]")
                    page.wait_for_url("**/ended")
                look(page, f"/{name}")
            page.context.close()


def rehearse(browser: Any, task: str, people: int, folder: Path) -> dict[str, Any]:
    """Run one design; return what must be looked at."""
    # one pair of two conditions, or two conditions: an image is met once, so raters make participants
    raters = people if task == "pairwise" else people // 2
    study = synthetic_study(
        folder / f"study-{task}", task, conditions=("a", "b"), classes=IMAGES, images_per_class=1, raters=raters,
        cap=IMAGES, gold=1, repeats=1, practice=1, confidence=True, demographics=True,
    )  # fmt: skip
    eyes = Eyes(folder / "pages")
    start = perf_counter()
    with ServerProcess(study.path) as server:
        run = Rehearsal(browser, study, server, eyes, task)
        for number in range(len(study.blocks)):
            {people // 2: run.killed, people // 2 + 1: run.moved}.get(number, run.plain)(number)
        run.other_pages()
        complaints = server.complaints()
    frame, found = validate(export_answers(study)), audit(study, run.record.accepted)
    answers = of_task(frame, task)
    blocks = [answers.trial[answers.participant == who].tolist() for who in answers.participant.unique()]
    analyse([str(study.path), "--valid"])
    good = {
        "nothing lost, doubled or overfull": found.clean and found.accepted == found.stored == len(frame),
        "everybody has a code of their own": len(set(run.codes)) == len(study.blocks),
        "blocks are as designed": all(check.holds for check in verify_blocks(study, blocks)),
        "no serious finding of axe": not [each for each in eyes.findings if each["impact"] in SERIOUS],
        "no complaint of browser or server": not eyes.errors and not complaints,
    }
    return {
        "design": task,
        "participants": len(study.blocks),
        "seconds": perf_counter() - start,
        "answers": len(frame),
        "browser retries": run.record.retries["browser"],
        "pages looked at": sorted(eyes.seen),
        "findings": eyes.findings,
        "complaints": [*eyes.errors, complaints] if complaints else eyes.errors,
        "good": good,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="a new folder for pages, studies and findings")
    parser.add_argument("--participants", type=int, default=20, help="per design")
    parser.add_argument("--designs", nargs="+", default=["pairwise", "recognition"])
    options = parser.parse_args()
    options.out.mkdir(parents=True)
    results = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for task in options.designs:
            results.append(rehearse(browser, task, options.participants, options.out))
        browser.close()
    (options.out / "results.json").write_text(json.dumps(results, indent=1))
    for each in results:
        print(f"{each['design']}: {each['participants']} participants, {each['answers']} answers,", end=" ")
        print(f"{len(each['pages looked at'])} pages looked at, {each['seconds']:.0f} s")
        for what, holds in each["good"].items():
            print(f"  {'yes' if holds else 'NO ':<4} {what}")
        for finding in each["findings"]:
            print(f"  axe {finding['impact']}: {finding['id']} on {finding['page']}")
        for complaint in each["complaints"]:
            print(f"  {complaint}")
    print(f"pages: {options.out / 'pages'}")
    return 0 if all(all(each["good"].values()) for each in results) else 1


if __name__ == "__main__":
    sys.exit(main())
