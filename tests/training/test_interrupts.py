"""Ctrl-C never reaches a worker process, not even the first one while it imports."""

import subprocess
import sys
from pathlib import Path

import pytest

import tombola

SCRIPT = """
import multiprocessing, time
from tombola.training.interrupts import interrupts_held

def wait():
    time.sleep(60)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    for _ in range(2):
        process = context.Process(target=wait, daemon=True)
        with interrupts_held():
            process.start()
        with open(f"/proc/{process.pid}/status") as status:
            print(next(line.split()[1] for line in status if line.startswith("SigBlk")))
        process.terminate()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="masks of other processes are read from /proc")
def test_every_process_starts_with_interrupts_held(tmp_path: Path) -> None:
    """The standard library's resource tracker, started with the first process, lets them through again."""
    script = tmp_path / "starts.py"
    script.write_text(SCRIPT)
    environment = {"PYTHONPATH": str(Path(tombola.__file__).parents[1])}
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=True)
    assert [int(mask, 16) & 2 for mask in done.stdout.split()] == [2, 2]  # the bit of SIGINT
