"""A server process of one's own: ``tombola study serve`` on a free port, which may be killed and started again."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from urllib.error import URLError
from urllib.request import urlopen

from tombola.errors import TombolaError

UNLIMITED = ("--participant-rate", "0", "--client-rate", "0", "--start-rate", "0", "--backup-every", "0")
"""All simulated participants come from one address, and faster than people."""
START_SECONDS = 120.0
STOP_SECONDS = 30.0


class ServerProcess:
    """A server process, stopped at the end of a ``with`` block.

    Parameters
    ----------
    folder
        The study folder.
    port
        Where to listen; 0: any free port, kept over restarts.
    options
        Further arguments of ``tombola study serve``.

    Attributes
    ----------
    address
        Where it is, such as ``http://127.0.0.1:40001``.
    """

    def __init__(self, folder: Path, port: int = 0, options: Sequence[str] = UNLIMITED) -> None:
        self.folder, self.port, self.options = folder, port, tuple(options)
        self.address = ""
        self._process: subprocess.Popen[str] | None = None
        self._errors = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115

    def start(self) -> None:
        """Start the process, after `kill` or `stop` at the same port, and wait until it answers.

        Raises
        ------
        TombolaError
            If it does not.
        """
        command = [sys.executable, "-m", "tombola", "study", "serve", str(self.folder)]
        command += ["--port", str(self.port), *self.options]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._errors, text=True, env=dict(os.environ), bufsize=1
        )
        if self._process.stdout is None:
            raise TombolaError("the server has no standard output")
        said = self._process.stdout.readline().split()
        if len(said) != 2 or said[0] != "participants":
            raise TombolaError(f"the server did not start: {self.complaints() or ' '.join(said)}")
        self.address = said[1].rstrip("/")
        self.port = int(self.address.rsplit(":", 1)[1])
        deadline = monotonic() + START_SECONDS
        while monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(URLError, OSError), urlopen(f"{self.address}/healthz", timeout=5):
                return
            sleep(0.05)
        raise TombolaError(f"the server does not answer at {self.address}: {self.complaints()}")

    def kill(self) -> None:
        """End the process without warning, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the process to end, and wait for it."""
        self._end(signal.SIGTERM)

    def complaints(self) -> str:
        """Return what it wrote to standard error, without the notes on every unlocked study."""
        self._errors.seek(0)
        lines = self._errors.read().splitlines()
        return "\n".join(line for line in lines if "pilot" not in line and "square brackets" not in line)

    def __enter__(self) -> "ServerProcess":
        try:
            self.start()
        except BaseException:  # nothing is left behind where nobody will leave the block
            self._end(signal.SIGKILL)
            self._errors.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._errors.close()

    def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._process = None
