"""Small made-up answers."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from tombola.study.answers import answers_frame

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
