"""Pulling, against a real server on this machine that serves ranges, breaks connections, lies and refuses."""

import hashlib
import http.server
import io
import re
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tombola import data
from tombola.data import Download, Work, pull, sets
from tombola.data.download import fetch
from tombola.data.idx import FILES, Idx
from tombola.errors import TombolaError

Write = Callable[..., Path]


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves bytes by name, with ranges; `faults` says how it misbehaves."""

    protocol_version = "HTTP/1.1"
    files: ClassVar[dict[str, bytes]]
    requests: ClassVar[list[tuple[str, str]]]
    faults: ClassVar[dict[str, Any]]

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        wanted = self.headers.get("Range", "")
        self.requests.append((name, wanted))
        if name not in self.files:
            self.send_error(404)
            return
        content, start = self.files[name], 0
        if wanted and not self.faults.get("no ranges"):
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        breaks = self.faults.get("break after", [])
        if breaks:
            self.wfile.write(content[start : start + breaks.pop(0)])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.wfile.write(content[start:])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Listener(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up: some tests make them."""


class Server:
    def __init__(self, handler: type[Handler], address: str) -> None:
        self.files, self.requests, self.faults, self.address = handler.files, handler.requests, handler.faults, address


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr("tombola.data.download.PAUSE", 0.0)
    handler = type("Fresh", (Handler,), {"files": {}, "requests": [], "faults": {}})
    with Listener(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield Server(handler, f"http://127.0.0.1:{httpd.server_port}")
        httpd.shutdown()


CONTENT = bytes(range(256)) * 4000


def download(server: Server, content: bytes = CONTENT, name: str = "big.bin", **more: Any) -> Download:
    server.files[name] = content
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Download(name, len(content), checksum, (f"{server.address}/{name}",), **more)


def test_a_file_arrives_with_progress(server: Server, tmp_path: Path) -> None:
    seen: list[Work] = []
    path = fetch(download(server), tmp_path, seen.append)
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in tmp_path.iterdir()] == ["big.bin"]
    assert [work.done for work in seen] == sorted(work.done for work in seen)
    assert (seen[-1].done, seen[-1].total, seen[-1].unit) == (len(CONTENT), len(CONTENT), "bytes")


def test_a_file_that_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    wanted = download(server)
    fetch(wanted, tmp_path)
    fetch(wanted, tmp_path)
    assert len(server.requests) == 1


def test_a_broken_connection_is_continued_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.faults["break after"] = [300_000, 200_000]
    assert fetch(download(server), tmp_path).read_bytes() == CONTENT
    assert [wanted for _, wanted in server.requests] == ["", "bytes=300000-", "bytes=500000-"]


def test_a_later_call_goes_on_from_what_is_kept(server: Server, tmp_path: Path) -> None:
    server.faults["break after"] = [400_000, 0, 0, 0, 0, 0, 0]
    with pytest.raises(TombolaError, match=r"at 400000 of 1024000 bytes, which are kept"):
        fetch(download(server), tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["big.bin.part"]
    server.faults.clear()
    server.requests.clear()
    assert fetch(download(server), tmp_path).read_bytes() == CONTENT
    assert server.requests == [("big.bin", "bytes=400000-")]


def test_a_server_without_ranges_starts_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "big.bin.part").write_bytes(b"x" * 1000)
    server.faults["no ranges"] = True
    assert fetch(download(server), tmp_path).read_bytes() == CONTENT


def test_a_complete_part_is_taken_as_it_is(server: Server, tmp_path: Path) -> None:
    (tmp_path / "big.bin.part").write_bytes(CONTENT)
    assert fetch(download(server), tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_thrown_away(server: Server, tmp_path: Path) -> None:
    (tmp_path / "big.bin.part").write_bytes(CONTENT + b"more")
    assert fetch(download(server), tmp_path).read_bytes() == CONTENT


def test_a_corrupt_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    wanted = download(server)
    server.files["big.bin"] = CONTENT[:-1] + b"?"
    with pytest.raises(TombolaError, match="another checksum"):
        fetch(wanted, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_file_and_a_missing_server(server: Server, tmp_path: Path) -> None:
    wanted = download(server)
    server.files.clear()
    with pytest.raises(TombolaError, match=r"answers 404 Not Found; try again, or fetch big\.bin by other means"):
        fetch(wanted, tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(TombolaError, match=r"cannot be reached \(is there a network\?\)") as caught:
        fetch(wanted, tmp_path, address=closed)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_second_address_serves_when_the_first_does_not(server: Server, tmp_path: Path) -> None:
    wanted = download(server)
    both = Download(wanted.file, wanted.size, wanted.checksum, (f"{server.address}/gone", *wanted.addresses))
    assert fetch(both, tmp_path).read_bytes() == CONTENT


def test_a_full_disk_is_told(server: Server, tmp_path: Path, small_files: None) -> None:
    with pytest.raises(TombolaError, match=r"cannot write to .*make room"):
        fetch(download(server), tmp_path)
    assert not (tmp_path / "big.bin").exists()


@pytest.fixture
def remote(server: Server, tmp_path: Path, write_idx: Write) -> Iterator[str]:
    """A registered set in the idx format that the server offers."""
    made = write_idx(tmp_path / "made")
    files = tuple(download(server, (made / f"{name}.gz").read_bytes(), f"{name}.gz") for name in FILES)

    class Remote(Idx):
        classes = tuple("0123456789")
        layouts = ("remote",)
        downloads: ClassVar = {"gz": files}

    data.register("remote")(Remote)
    yield "remote"
    del sets._items["remote"]


def test_a_pulled_set_loads(remote: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TombolaError, match="tombola data pull remote"):
        data.load_data(remote, root=tmp_path, validation=10)
    folder = pull(remote, tmp_path)
    assert folder == tmp_path / "remote"
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{name}.gz" for name in FILES)
    assert len(data.load_data(remote, root=tmp_path, validation=10).train) == 50


def test_pulling_again_fetches_only_what_is_missing(remote: str, server: Server, tmp_path: Path) -> None:
    folder = pull(remote, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    server.requests.clear()
    assert pull(remote, tmp_path) == folder
    assert not server.requests
    gone = folder / f"{FILES[1]}.gz"
    gone.unlink()
    pull(remote, tmp_path)
    assert [name for name, _ in server.requests] == [gone.name]
    assert all(path.stat().st_mtime_ns == time for path, time in before.items() if path != gone)


def test_the_variable_says_where_to(remote: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOMBOLA_DATA", str(tmp_path / "new" / "place"))
    assert pull(remote) == tmp_path / "new" / "place" / "remote"


def test_a_failed_pull_leaves_no_set(remote: str, server: Server, tmp_path: Path) -> None:
    del server.files[f"{FILES[3]}.gz"]
    with pytest.raises(TombolaError, match="404"):
        pull(remote, tmp_path)
    assert not (tmp_path / "remote").exists()


def test_another_process_pulling_is_told(remote: str, tmp_path: Path) -> None:
    from filelock import FileLock

    (tmp_path / ".tombola-pull").mkdir()
    with FileLock(tmp_path / ".tombola-pull" / "remote.lock"), pytest.raises(TombolaError, match="another process"):
        pull(remote, tmp_path)


def test_a_place_that_cannot_be_written(remote: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(TombolaError, match="cannot write to"):
        pull(remote, tmp_path / "file")


def archive(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in entries.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def packed(server: Server) -> Iterator[Callable[[bytes], str]]:
    """Register a set that the server offers as an archive."""

    def offer(content: bytes) -> str:
        wanted = download(server, content, "packed.tar.gz", folder="packed")

        class Packed(data.Source):
            layouts = ("packed",)
            downloads: ClassVar = {"full": (wanted,)}

            def lacking(self, folder: Path) -> list[str]:
                return [name for name in ("a", "b") if not (folder / name).is_file()]

            def read(self, folder: Path | None, spec: object) -> data.Images:
                raise NotImplementedError

        data.register("packed")(Packed)
        return "packed"

    yield offer
    sets._items.pop("packed", None)


@pytest.mark.parametrize("prefix", ["packed/", ""])
def test_archives_are_unpacked_with_or_without_a_top_folder(
    packed: Callable[[bytes], str], tmp_path: Path, prefix: str
) -> None:
    folder = pull(packed(archive({f"{prefix}a": b"1", f"{prefix}b": b"2"})), tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a": b"1", "b": b"2"}
    assert not list(tmp_path.rglob("*.tar.gz"))


def test_archives_cannot_leave_their_folder(packed: Callable[[bytes], str], tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match=r"cannot be unpacked.*outside"):
        pull(packed(archive({"packed/a": b"1", "../../../escaped": b"2"})), tmp_path / "in" / "here")
    assert not list(tmp_path.rglob("escaped"))
    assert not (tmp_path / "in" / "here" / "packed").exists()


def test_a_truncated_archive_with_a_matching_checksum(packed: Callable[[bytes], str], tmp_path: Path) -> None:
    whole = archive({"packed/a": bytes(100_000), "packed/b": b"2"})
    with pytest.raises(TombolaError, match="cannot be unpacked"):
        pull(packed(whole[: len(whole) // 2]), tmp_path)
    assert not (tmp_path / "packed").exists()


def test_an_archive_that_lacks_files(packed: Callable[[bytes], str], tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="lacks b"):
        pull(packed(archive({"packed/a": b"1"})), tmp_path)
    assert not (tmp_path / "packed").exists()


@pytest.mark.parametrize(
    ("name", "variant", "words"),
    [
        ("digits", None, "comes with installed packages"),
        ("folder", None, "point data.root to it"),
        ("mnits", None, "did you mean 'mnist'"),
        ("imagenette", "32", "no variant '32'"),
    ],
)
def test_what_cannot_be_pulled(name: str, variant: str | None, words: str, tmp_path: Path) -> None:
    with pytest.raises(TombolaError) as caught:
        pull(name, tmp_path, variant=variant)
    assert words in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_an_official_set_from_a_mirror_must_be_the_official_one(server: Server, tmp_path: Path) -> None:
    server.files["imagenette2-160.tgz"] = archive({"imagenette2-160/x": b"1"})
    with pytest.raises(TombolaError, match="another checksum"):
        pull("imagenette", tmp_path, variant="160", address=server.address)
    assert not (tmp_path / "imagenette2-160").exists()
