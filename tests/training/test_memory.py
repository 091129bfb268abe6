"""Freed memory stays with the process while it trains: the second use of a large block clears no page again."""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import tombola

SCRIPT = """
import resource, torch
from contextlib import nullcontext
from tombola.training.memory import memory_kept

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def use():
    blocks = [torch.ones(4 << 20) for _ in range(3)]  # 16 MiB each

with KEPT():
    use()
    for _ in range(7):
        before = faults()
        use()
        print(faults() - before)
"""


def page_faults(kept: str) -> int:
    """Return pages cleared in the median of seven rounds, in a process of its own: the allocator's state is its own.

    The process starts with a fixed threshold above which the C library hands freed blocks back at once. Its default is
    to move that threshold by what was freed last, and what then happens hangs on where the heap happens to end.
    """
    code = SCRIPT.replace("KEPT", kept)
    source = str(Path(tombola.__file__).parents[1])
    environment = {"PYTHONPATH": source, "MALLOC_MMAP_THRESHOLD_": str(128 << 10)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return int(statistics.median(map(int, done.stdout.split())))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_blocks_used_again_are_not_cleared_again() -> None:
    page = resource.getpagesize()
    pages = 3 * (16 << 20) // page
    if page_faults("nullcontext") < pages / 5:
        pytest.skip("this system clears few pages for a new block, so there is nothing to keep")
    assert page_faults("memory_kept") < pages / 20  # the heap settles in a round or two, sooner or later
