"""One file over HTTP: resumed from what is there, checked before it counts."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tombola.data.source import Download, OnWork, Work
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from requests import Response

CHUNK = 1 << 18
ATTEMPTS = 5
PAUSE = 0.5
TIMEOUT = (10, 60)
OK, PARTIAL, UNSATISFIABLE = 200, 206, 416


class UnreachableError(Exception):
    """An address that gives nothing; its text completes a sentence."""


def fetch(download: Download, folder: Path, progress: OnWork | None = None, address: str | None = None) -> Path:
    """Return a file, downloaded into a folder unless it is there already.

    What a broken connection leaves stays beside it as ``.part`` and is continued by the next call.

    Parameters
    ----------
    download
        What to fetch.
    folder
        Where to.
    progress
        Called with a `Work` in bytes.
    address
        Folder address to fetch from instead of the official ones.

    Raises
    ------
    TombolaError
        If no address answers, the connection keeps breaking, the file is not the official one, or cannot be written.
    """
    import pooch

    addresses = download.addresses if address is None else (f"{address.rstrip('/')}/{download.file}",)
    told = []
    for url in addresses:
        resume = _Resume(download, folder / f"{download.file}.part", progress)
        try:
            with _quiet():
                return Path(pooch.retrieve(url, download.checksum, download.file, folder, downloader=resume))
        except UnreachableError as error:
            told.append(f"{url} {error}")
        except ValueError:  # pooch: the checksum differs; it has removed the file
            told.append(f"{url} gave a file with another checksum than the official one, which was thrown away")
        except OSError as error:
            raise TombolaError(
                f"cannot write to {folder}: {error.strerror or error}; make room or choose another root"
            ) from error
    raise TombolaError(
        f"{'; '.join(told)}; try again, or fetch {download.file} by other means and put it into {folder}"
    )


class _Resume:
    """Downloads for pooch: into the ``.part`` file, from where it ends."""

    def __init__(self, download: Download, part: Path, progress: OnWork | None) -> None:
        self.download, self.part, self.progress = download, part, progress

    def __call__(self, url: str, output: str | Path, pooch: Any) -> None:
        """Fetch `url` completely, then move it to `output`, where pooch checks it."""
        import requests

        failures = 0
        with requests.Session() as session:
            while True:
                before = self._have()
                try:
                    if self._stream(session, url):
                        break
                    reason = "the connection ended early"
                except requests.ConnectionError as error:
                    reason = (
                        "cannot be reached (is there a network?)" if before == self._have() else "the connection broke"
                    )
                    if (
                        before == self._have()
                        and failures == 0
                        and not isinstance(error, requests.exceptions.ChunkedEncodingError)
                    ):
                        raise UnreachableError(reason) from error
                except requests.Timeout:
                    reason = "does not answer"
                except requests.RequestException as error:
                    raise UnreachableError(f"cannot be read ({type(error).__name__})") from error
                failures = 1 if self._have() > before else failures + 1
                if failures >= ATTEMPTS:
                    raise UnreachableError(
                        f"{reason} at {self._have()} of {self.download.size} bytes, which are kept to go on from"
                    )
                time.sleep(PAUSE * failures)
        self.part.replace(output)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _stream(self, session: Any, url: str) -> bool:
        """Fetch what is missing as far as the connection holds; return whether the file is complete."""
        have = self._have()
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == UNSATISFIABLE:
                return self._already_complete(have)
            if response.status_code not in (OK, PARTIAL):
                raise UnreachableError(f"answers {response.status_code} {response.reason}")
            appends = response.status_code == PARTIAL and _starts_at(response) == have
            if response.status_code == PARTIAL and not appends:
                self.part.unlink()
                return False
            return self._save(response, have if appends else 0)

    def _already_complete(self, have: int) -> bool:
        """Nothing is missing, or what is there belongs to another file: then start anew."""
        if have != self.download.size:
            self.part.unlink(missing_ok=True)
            return False
        return True

    def _save(self, response: "Response", start: int) -> bool:
        from urllib3.exceptions import HTTPError

        announced = response.headers.get("Content-Length", "")
        total = start + int(announced) if announced.isdigit() else self.download.size
        done = start
        with self.part.open("ab" if start else "wb") as file:
            try:
                for chunk in response.raw.stream(
                    CHUNK, decode_content=False
                ):  # as it lies there: the checksum is of that
                    file.write(chunk)
                    done += len(chunk)
                    if self.progress is not None:
                        self.progress(Work(self.download.file, done, total, "bytes"))
            except HTTPError:
                return False
        return done >= total


def _starts_at(response: "Response") -> int:
    """Return the first byte's place from a header such as ``bytes 100-199/200``; -1 if it cannot be told."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else -1


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pooch from writing to the terminal: the progress display and the errors say it all."""
    import pooch

    logger: logging.Logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
