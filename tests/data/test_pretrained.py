"""Published weights: fetched once, checked by what their name promises."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tombola.cli.main import main
from tombola.data import pretrained
from tombola.data.pretrained import FILES, pull_weights, weights_file
from tombola.errors import TombolaError

CONTENT = b"weights" * 1000
NAME = f"small-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / NAME).write_bytes(CONTENT)
    monkeypatch.setitem(pretrained.FILES, "vgg16-imagenet", (NAME, len(CONTENT)))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_pulled_once_and_found_afterwards(address: str, tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="tombola data pull vgg16-imagenet"):
        weights_file("vgg16-imagenet", str(tmp_path))
    assert main(["data", "pull", "vgg16-imagenet", "--root", str(tmp_path), "--address", address]) == 0
    found = weights_file("vgg16-imagenet", str(tmp_path))
    assert found == tmp_path / "weights" / NAME
    assert found.read_bytes() == CONTENT
    assert pull_weights("vgg16-imagenet", tmp_path, address="http://127.0.0.1:9") == found, "no network needed"


def test_other_bytes_than_the_names_are_thrown_away(address: str, tmp_path: Path) -> None:
    (tmp_path / "served" / NAME).write_bytes(b"something else")
    with pytest.raises(TombolaError, match="its SHA-256 does not begin with"):
        pull_weights("vgg16-imagenet", tmp_path, address=address)
    assert not (tmp_path / "weights" / NAME).exists()


def test_unknown_names_are_refused() -> None:
    with pytest.raises(TombolaError, match=r"no published weights of 'vgg16-imagnet'.*did you mean 'vgg16-imagenet'"):
        weights_file("vgg16-imagnet")


def test_every_name_ends_with_the_beginning_of_its_digest() -> None:
    for name, (file, size) in FILES.items():
        assert len(file.removesuffix(".pth").rpartition("-")[2]) == 8, name
        assert size > 10**6
