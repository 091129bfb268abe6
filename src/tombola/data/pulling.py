"""Pull a set from its official address into a data root: complete and checked, or not at all."""

import os
import shutil
import tarfile
import zlib
from pathlib import Path

from tombola.data.download import fetch
from tombola.data.places import candidates, data_roots
from tombola.data.source import Download, OnWork, Source, Work, sets
from tombola.errors import TombolaError, nearest

STAGING = ".tombola-pull"


def pull(
    name: str,
    root: str | os.PathLike[str] | None = None,
    progress: OnWork | None = None,
    *,
    variant: str | None = None,
    address: str | None = None,
) -> Path:
    """Return the folder of a set, downloaded there unless it is there already.

    Files are fetched into a folder aside, continued where an earlier call broke off, checked against the published
    checksum, unpacked aside and moved into place in one step.

    Parameters
    ----------
    name
        The set.
    root
        Data root to put it into; default: ``TOMBOLA_DATA``, else the user's cache.
    progress
        Called with a `Work` (what, done, total, unit) now and then.
    variant
        Which form of the set, where there are several (imagenette: 320, 160; cifar: binary, python).
    address
        Address of a folder (a mirror) to fetch the same files from.

    Raises
    ------
    TombolaError
        If the set cannot be pulled; what is in place by then stays as it was.
    """
    from filelock import FileLock, Timeout

    source = sets[name]
    downloads = _variant(name, source, variant)
    place = Path(root).expanduser() if root is not None else data_roots(None)[0].path
    if variant is None and place.exists():
        complete = next((folder for folder in candidates(name, source, place) if not source.lacking(folder)), None)
        if complete is not None:
            return complete
    final = place / (downloads[0].folder or source.layouts[0])
    staging = place / STAGING / name
    try:
        staging.mkdir(parents=True, exist_ok=True)
        with FileLock(staging.with_suffix(".lock"), timeout=0):
            if not final.is_dir() or source.lacking(final):
                _fill(source, downloads, staging, final, progress, address)
            shutil.rmtree(staging)
    except Timeout:
        raise TombolaError(f"another process is pulling '{name}' into {place}; wait for it") from None
    except OSError as error:
        raise TombolaError(
            f"cannot write to {place}: {error.strerror or error}; make room or choose another root"
        ) from error
    return final


def _variant(name: str, source: Source, variant: str | None) -> tuple[Download, ...]:
    if not source.downloads:
        why = (
            "you bring it yourself: point data.root to it" if source.needs_root else "it comes with installed packages"
        )
        raise TombolaError(f"data set '{name}' is not for pulling; {why}")
    chosen = next(iter(source.downloads)) if variant is None else variant
    if chosen not in source.downloads:
        raise TombolaError(f"data set '{name}' has no variant '{chosen}'{nearest(chosen, source.downloads)}")
    return source.downloads[chosen]


def _fill(
    source: Source,
    downloads: tuple[Download, ...],
    staging: Path,
    final: Path,
    progress: OnWork | None,
    address: str | None,
) -> None:
    """Make `final` complete: files that it already has are kept."""
    missing = [item for item in downloads if item.folder is not None or not (final / item.file).exists()]
    fetched = [(item, fetch(item, staging, progress, address)) for item in missing]
    fresh = staging / "unpacked"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for item, file in fetched:
        if item.folder is None:
            file.replace(fresh / file.name)
        else:
            _unpack(file, fresh, progress)
    inner = fresh / (downloads[0].folder or ".")
    made = inner if inner.is_dir() else fresh
    if final.exists():
        _merge(made, final)
        made = final
    lacking = source.lacking(made)
    if lacking:
        raise TombolaError(
            f"what was pulled lacks {', '.join(lacking[:3])}; remove {final}, if it exists, and pull again"
        )
    if made != final:
        made.replace(final)


def _unpack(archive: Path, into: Path, progress: OnWork | None) -> None:
    """Unpack without leaving the folder, whatever the archive asks for (PEP 706), and remove the archive."""
    size = archive.stat().st_size
    try:
        with archive.open("rb") as file, tarfile.open(fileobj=file) as tar:
            for number, member in enumerate(tar):
                tar.extract(member, into, filter="data")
                if progress is not None and number % 500 == 0:
                    progress(Work(f"unpacking {archive.name}", file.tell(), size, "bytes"))
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise TombolaError(f"{archive.name} cannot be unpacked ({error}); it was removed: pull again") from error
    finally:
        archive.unlink(missing_ok=True)


def _merge(made: Path, final: Path) -> None:
    for path in sorted(made.rglob("*")):
        target = final / path.relative_to(made)
        if path.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
