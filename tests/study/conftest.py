"""The supplied answers of the published study, where they lie beside the project."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tombola.study.files import read_derived


@pytest.fixture(scope="session")
def pairwise_file(beside: Callable[[str], Path]) -> Path:
    return beside("seeds/explainability/experiment1-explanationmaps.csv")


@pytest.fixture(scope="session")
def recognition_file(beside: Callable[[str], Path]) -> Path:
    return beside("seeds/explainability/experiment2-whatsontheimage-images-1-250.csv")


@pytest.fixture(scope="session")
def pairwise(pairwise_file: Path) -> pd.DataFrame:
    """7,500 answers to 1,500 pictures."""
    return read_derived(pairwise_file)


@pytest.fixture(scope="session")
def recognition(recognition_file: Path) -> pd.DataFrame:
    """3,750 answers to 750 pictures."""
    return read_derived(recognition_file)
