"""What a result was made with: versions of the packages and the machine."""

import importlib.metadata
import os
import platform
from pathlib import Path

import torch

PACKAGES = ("torch", "lightning-fabric", "numpy", "scipy", "scikit-learn", "nilearn", "nibabel")


def environment():
    """Versions and hardware of this process: a dict of packages, processor, threads and system.

    Accelerators are not asked for: a process that has done so cannot be forked for several of them.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "python": platform.python_version(),
        "datnet-study": importlib.metadata.version("datnet-study"),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gb": round(memory / 1e9, 1),
        "system": platform.platform(terse=True),
    }


def _processor():
    """Name of the processor; Linux keeps it in a file."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
