"""What a run was started in: recorded once, so that results can be judged and repeated later."""

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

import tombola
from tombola.data import Dataset
from tombola.experiments.engines import EngineChoice
from tombola.specs.keys import SCHEMA

PACKAGES = ("torch", "numpy", "scipy", "numba", "pandas", "xarray", "safetensors", "pydantic")


def environment(data: Dataset, engines: EngineChoice, plugins: dict[str, str]) -> dict[str, Any]:
    """Return versions, machine, device, threads, and digests of the data and of plug-in sources."""
    return {
        "schema": SCHEMA,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "device": device_name(engines.device),
        "threads": engines.threads,
        "packages": {"tombola": tombola.__version__} | {name: _version(name) for name in PACKAGES},
        "data": {
            "name": data.name,
            "digest": data.digest,
            "split_digest": data.split.digest,
            "train": len(data.train.labels),
            "validation": len(data.validation.labels),
            "test": len(data.test.labels),
        },
        "plugins": plugins,
    }


def processor() -> str:
    """Return the processor's name as the system gives it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def device_name(device: str) -> str:
    """Return a device with the name of its hardware."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.startswith("cuda") else device


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
