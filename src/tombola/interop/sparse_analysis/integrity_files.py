"""Integrity findings as files: JSON for programs, CSV for tables."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.integrity import ERROR, Finding, checks
from tombola.store.files import write_text

JSON, CSV = "integrity.json", "integrity.csv"
COLUMNS = ("severity", "code", "item", "subject", "contradiction", "consequence", "networks", "evidence")


def write_integrity(folder: Path, networks: Sequence[Facts], found: Sequence[Finding]) -> None:
    """Write what is wrong with networks into a folder, besides what was looked for and at."""
    content = {
        "checks": {code: {"item": checks[code].item, "about": checks[code].about} for code in checks},
        "networks": {network.name: _network(network, found) for network in networks},
        "findings": [finding_data(finding) for finding in found],
    }
    write_text(folder / JSON, json.dumps(content, indent=2, allow_nan=False) + "\n")
    write_text(folder / CSV, integrity_csv(found))


def finding_data(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain data."""
    return {
        "code": finding.code,
        "item": checks[finding.code].item,
        "severity": finding.severity,
        "subject": finding.subject,
        "networks": list(finding.networks),
        "contradiction": finding.contradiction,
        "consequence": finding.consequence,
        "evidence": _plain(finding.evidence),
    }


def integrity_csv(found: Sequence[Finding]) -> str:
    """Return findings as CSV, one row each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for finding in found:
        data = finding_data(finding)
        told = {"networks": " ".join(data["networks"]), "evidence": json.dumps(data["evidence"])}
        writer.writerow([{**data, **told}[column] for column in COLUMNS])
    return text.getvalue()


def _network(network: Facts, found: Sequence[Finding]) -> dict[str, Any]:
    mine = [finding for finding in found if network.name in finding.networks]
    return {
        "architecture": network.architecture,
        "method": network.method,
        "replicate": network.label.replicate,
        "labelled_percent": network.labelled,
        "nominal_percent": network.nominal,
        "effective_percent": network.effective,
        "kept": network.kept,
        "size": network.size,
        "layers": {
            name: {"size": layer.size, "nominal": layer.nominal, "effective": layer.effective}
            for name, layer in network.layers.items()
        },
        "digests": network.digests,
        "usable": not any(finding.severity == ERROR for finding in mine),
        "findings": sorted({f"{finding.severity}: {finding.code}" for finding in mine}),
    }


def _plain(value: Any) -> Any:
    """Return evidence without what JSON cannot hold."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not -1e308 < value < 1e308:
        return None
    return value
