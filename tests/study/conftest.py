"""The supplied answers of the published study, where they lie beside the project."""

from pathlib import Path

import pandas as pd
import pytest

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
