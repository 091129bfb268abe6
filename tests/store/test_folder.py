from pathlib import Path

import pytest
import yaml

from tombola.errors import TombolaError
from tombola.specs import resolve
from tombola.store import JobId, RunFolder


def test_paths_of_jobs(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert folder.job(JobId(2, 3)) == tmp_path / "jobs/2/3/none/0"
    assert folder.job(JobId(2, 3, "reinit", 1)) == tmp_path / "jobs/2/3/reinit/1"
    assert str(JobId(2, 3, "reinit", 1)) == "replicate 2, level 3, reinit 1"


def test_existing_jobs_are_those_with_a_job_file(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for job in (JobId(10, 0), JobId(2, 0), JobId(0, 1, "reinit", 0)):
        folder.job(job).mkdir(parents=True)
        (folder.job(job) / "job.json").write_text("{}")
    folder.job(JobId(5, 0)).mkdir(parents=True)
    assert set(folder.existing()) == {JobId(10, 0), JobId(2, 0), JobId(0, 1, "reinit", 0)}


@pytest.mark.parametrize("preset", ["lenet-mnist", "tiny-cifar10", "fc2019-lenet-openlth"])
def test_specs_survive_the_folder(preset: str, tmp_path: Path) -> None:
    folder, spec = RunFolder(tmp_path), resolve(preset)
    folder.write_spec(spec)
    assert folder.read_spec() == spec
    assert yaml.safe_load(folder.spec_file.read_text())["schema"] == 1


@pytest.mark.parametrize("text", ["[", "", "just text", "- 1"])
def test_damaged_specs(text: str, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(text)
    with pytest.raises(TombolaError, match="is damaged"):
        RunFolder(tmp_path).read_spec()


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with folder.writing(), pytest.raises(TombolaError, match="another process is writing"):
        RunFolder(tmp_path / "run").writing()
    with folder.writing():
        pass
