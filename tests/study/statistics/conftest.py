"""The supplied answers of the published study, where they lie beside the project."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tombola.study.answers import answers_frame
from tombola.study.files import read_derived

FOLDER = "seeds/explainability"


def seed(data_root: Path, name: str) -> Path:
    for root in (data_root, data_root.parent / "data", data_root.parent / "shared" / "data"):
        if (root / FOLDER / name).is_file():
            return root / FOLDER / name
    pytest.skip(f"the published answers do not lie beside the project (../shared/data/{FOLDER})")


@pytest.fixture(scope="session")
def pairwise(data_root: Path) -> pd.DataFrame:
    """7,500 answers to 1,500 pictures."""
    return read_derived(seed(data_root, "experiment1-explanationmaps.csv"))


@pytest.fixture(scope="session")
def recognition(data_root: Path) -> pd.DataFrame:
    """3,750 answers to 750 pictures."""
    return read_derived(seed(data_root, "experiment2-whatsontheimage-images-1-250.csv"))


Maker = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def make_pairs() -> Maker:
    """Pairwise answers from (worker, image, left, right, winner) and what else a row says."""

    def make(rows: list[tuple[Any, ...]], **columns: Any) -> pd.DataFrame:
        filled = [
            {
                "batch": "main", "participant": f"w{worker}", "task": "pairwise", "kind": "main",
                "trial": f"t{image}{left}{right}", "image": image,
                "image_class": "dog", "left": left, "right": right, "answer": winner,
                "side": {left: "left", right: "right"}.get(winner, "none"), **columns,
            }
            for worker, image, left, right, winner in rows
        ]  # fmt: skip
        return answers_frame(filled)

    return make


@pytest.fixture(scope="session")
def make_answers() -> Maker:
    """Answers of another task from (worker, image, condition, answer, correct) and what else a row says."""

    def make(task: str, rows: list[tuple[Any, ...]], **columns: Any) -> pd.DataFrame:
        filled = [
            {
                "batch": "main", "participant": f"w{worker}", "task": task, "kind": "main",
                "trial": f"t{image}{condition}", "image": image,
                "image_class": "dog", "condition": condition, "answer": answer, "correct": correct,
                **columns,
            }
            for worker, image, condition, answer, correct in rows
        ]  # fmt: skip
        return answers_frame(filled)

    return make
