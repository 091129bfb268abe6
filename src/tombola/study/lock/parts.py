"""What a lock fixes, part by part, each as plain data or a digest of files."""

import hashlib
import json
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from tombola.errors import TombolaError
from tombola.study.design.folder import BLOCKS, TRIALS, Study
from tombola.study.design.public import SUFFIX
from tombola.study.lock.preregistration import read_preregistration

CODE = (
    "tombola.study.statistics",
    "tombola.study.published",
    "tombola.study.answers",
    "tombola.study.answer_rules",
    "tombola.analysis.holm",
)
"""Packages and modules whose source is the analysis code."""


def canonical(content: Any) -> str:
    """Return plain data as JSON that is the same whenever the data are: sorted keys, no spaces, no NaN.

    Examples
    --------
    >>> canonical({"b": 1, "a": ["ö"]})
    '{"a":["ö"],"b":1}'
    """
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(content: Any) -> str:
    """Return the SHA-256 of plain data in canonical form."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def locked_parts(study: Study) -> dict[str, Any]:
    """Return everything a lock fixes, as it is now.

    Raises
    ------
    TombolaError
        If a file of the study cannot be read.
    """
    preregistration = read_preregistration(study.path).model_dump(mode="json")
    return {
        **preregistration,
        "design": study.spec.model_dump(mode="json"),
        "stimuli_manifest": _file(study.manifest_file.read_bytes() if study.manifest_file.is_file() else None),
        "pictures": _pictures(study),
        "assignment": {name: _file((study.key_folder / name).read_bytes()) for name in (TRIALS, BLOCKS)},
        "texts": {name: {"version": text.version, "sha256": text.digest} for name, text in study.texts.items()},
        "analysis_code": code_digest(),
    }


def code_digest(names: tuple[str, ...] = CODE) -> str:
    """Return one SHA-256 over the Python source of the analysis code: names and content of every file."""
    sha = hashlib.sha256()
    for each in names:
        for name, content in sorted(_code(each)):
            # Windows checkouts have other line ends, and are the same code
            body = content.replace(b"\r\n", b"\n")
            sha.update(canonical([name, hashlib.sha256(body).hexdigest()]).encode() + b"\n")
    return sha.hexdigest()


def _code(name: str) -> list[tuple[str, bytes]]:
    package, _, module = name.rpartition(".")
    if package and (file := resources.files(package) / f"{module}.py").is_file():
        return [(f"{name}.py", file.read_bytes())]
    return _sources(resources.files(name), name)


def _sources(folder: Traversable, name: str) -> list[tuple[str, bytes]]:
    found = []
    for item in folder.iterdir():
        if item.is_dir() and item.name != "__pycache__":
            found += _sources(item, f"{name}/{item.name}")
        elif item.name.endswith(".py"):
            found.append((f"{name}/{item.name}", item.read_bytes()))
    return found


def _pictures(study: Study) -> str:
    """Return one SHA-256 over the names and bytes of the public files as they lie there now."""
    sha = hashlib.sha256()
    for file in sorted(study.public_folder.glob(f"*{SUFFIX}")):
        sha.update(canonical([file.name, _file(file.read_bytes())]).encode() + b"\n")
    return sha.hexdigest()


def _file(content: bytes | None) -> str:
    if content is None:
        raise TombolaError("the study's key has no manifest; without it nothing says what its pictures show")
    return hashlib.sha256(content).hexdigest()
