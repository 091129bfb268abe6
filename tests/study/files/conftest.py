"""The supplied answers of the published study, where they lie beside the project."""

from pathlib import Path

import pytest

FOLDER = "seeds/explainability"


def seed(data_root: Path, name: str) -> Path:
    for root in (data_root, data_root.parent / "data", data_root.parent / "shared" / "data"):
        if (root / FOLDER / name).is_file():
            return root / FOLDER / name
    pytest.skip(f"the published answers do not lie beside the project (../shared/data/{FOLDER})")


@pytest.fixture(scope="session")
def pairwise_file(data_root: Path) -> Path:
    return seed(data_root, "experiment1-explanationmaps.csv")


@pytest.fixture(scope="session")
def recognition_file(data_root: Path) -> Path:
    return seed(data_root, "experiment2-whatsontheimage-images-1-250.csv")
