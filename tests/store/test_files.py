import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tombola.errors import TombolaError
from tombola.store.files import publishing, read_json, told_clearly, write_json, write_text
from tombola.store.jobs import read_info


def test_a_published_folder_appears_whole(tmp_path: Path) -> None:
    target, workshop = tmp_path / "jobs/0/1", tmp_path / ".building"
    with publishing(target, workshop) as aside:
        (aside / "a").write_text("1")
        assert not target.exists()
    assert (target / "a").read_text() == "1"
    assert list(workshop.iterdir()) == []


def test_published_files_are_as_readable_as_their_folder(tmp_path: Path) -> None:
    with publishing(tmp_path / "job", tmp_path / ".building") as aside:
        (aside / "a").write_text("1")
        (aside / "a").chmod(0o600)
    assert (tmp_path / "job/a").stat().st_mode & 0o666 == (tmp_path / "job").stat().st_mode & 0o666


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with publishing(tmp_path / "jobs/0", tmp_path / ".building") as aside:
            (aside / "a").write_text("1")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert not (tmp_path / "jobs").exists()
    assert list((tmp_path / ".building").iterdir()) == []


def test_the_first_to_publish_wins(tmp_path: Path) -> None:
    target, workshop = tmp_path / "job", tmp_path / ".building"
    with publishing(target, workshop) as slow:
        (slow / "a").write_text("slow")
        with publishing(target, workshop) as quick:
            (quick / "a").write_text("quick")
    assert (target / "a").read_text() == "quick"


def test_sigkill_in_the_middle_of_a_write(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom tombola.store.files import publishing\n"
        "root = Path(sys.argv[1])\n"
        "with publishing(root / 'jobs/0', root / '.building') as aside:\n"
        "    (aside / 'a').write_text('half')\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "jobs").exists()


def test_unchanged_text_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    write_json(file, {"a": 1})
    before = file.stat().st_mtime_ns, file.stat().st_ino
    write_json(file, {"a": 1})
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before
    write_text(file, "new")
    assert file.read_text() == "new"
    assert [f.name for f in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission is denied")],
)
def test_faults_are_told_in_one_sentence(number: int, reason: str, tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match=reason), told_clearly(tmp_path):
        raise OSError(number, os.strerror(number))


def test_damaged_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(TombolaError, match=r"a\.json"):
        read_json(tmp_path / "a.json")


def test_a_job_file_that_holds_no_job_is_told_off_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text("[1, 2]")
    with pytest.raises(TombolaError, match="holds no job"):
        read_info(tmp_path)
