"""A set from user code, as docs/data.md shows it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tombola import data

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "data.md"


def example() -> str:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return next(block for block in blocks if "@data.register" in block)


@pytest.fixture
def stripes() -> Iterator[None]:
    exec(compile(example(), str(GUIDE), "exec"), {"__name__": "plugin"})
    yield
    del data.sets._items["stripes"]


def test_the_example_is_as_short_as_promised() -> None:
    lines = [line for line in example().splitlines() if line.strip() and not line.startswith(("import", "from"))]
    assert len(lines) <= 12


def test_a_registered_set_is_a_set_like_any(stripes: None) -> None:
    loaded = data.load_data("stripes", seed=3, validation=50)
    assert (len(loaded.train), len(loaded.validation)) == (450, 50)
    assert loaded.classes == ("horizontal", "vertical")
    assert loaded.digest == data.load_data("stripes", seed=3, validation=50).digest
    line = next(line for line in data.list_sets() if line.name == "stripes")
    assert line.status == "embedded"
    assert line.shape == loaded.input_shape


def test_a_name_is_taken_once(stripes: None) -> None:
    with pytest.raises(data.loading.TombolaError, match="registered twice"):
        exec(compile(example(), str(GUIDE), "exec"), {"__name__": "plugin"})


def test_labels_beyond_the_classes_are_refused(stripes: None) -> None:
    class Wrong(data.Source):
        def read(self, folder: Path | None, spec: object) -> data.Images:
            good = data.sets["stripes"].read(None, spec)  # type: ignore[arg-type]
            return data.Images(("one",), good.train, good.test)

    data.register("wrong")(Wrong)
    try:
        with pytest.raises(data.loading.TombolaError, match="labels beyond its 1 classes"):
            data.load_data("wrong")
    finally:
        del data.sets._items["wrong"]


def test_importing_the_room_stays_light() -> None:
    import subprocess
    import sys

    heavy = ("scipy", "sklearn", "mlxtend", "PIL", "pooch", "requests", "filelock", "pandas", "matplotlib")
    code = f"import sys, tombola.data; print([name for name in {heavy!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
