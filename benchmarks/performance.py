"""How fast it is: ratios measured in one run, for the page `performance`; about 20 minutes.

    python benchmarks/performance.py

Seconds drift by half from hour to hour on a shared machine, ratios much less. So everything is set
against something that ran minutes before: a product of two matrices, a pass through the network,
the same work with fewer scans. Nothing else should run meanwhile. The rows go to
`data_manifest/performance.json` with the machine, and are printed.
"""

import json
import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import psutil
from full_gradients import gradient_rows
from growth import growth_rows
from phantom_cohort import phantom_rows
from scan_normalisation import normalisation_rows
from training_step import training_rows
from whole_fit import fit_rows

from datnet_core.files import whole

PATH = Path(__file__).parents[1] / "data_manifest/performance.json"
PARTS = {  # each gives a name for the page, what was measured, a number, and its unit
    "training step": training_rows,
    "whole fit": fit_rows,
    "full gradients": gradient_rows,
    "phantom": phantom_rows,
    "normalisation": normalisation_rows,
    "growth": growth_rows,
}
COLUMNS = ("part", "id", "what", "value", "unit")
PACKAGES = ("torch", "numpy", "monai", "nibabel", "SimpleITK", "scikit-learn")


def machine():
    """What it was measured on: no name of the machine or of a user."""
    cpu = Path("/proc/cpuinfo").read_text().split("model name")[1].split(":")[1].splitlines()[0]
    return {
        "processor": cpu.strip(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def main():
    """Measure part by part, and write all of them or nothing."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    begin, rows = time.monotonic(), []
    for title, measured in PARTS.items():
        for found in measured():
            print("{}: {}: {:.3g} {}".format(title, *found[1:]), flush=True)
            rows.append(dict(zip(COLUMNS, (title, *found), strict=True)))
    seconds = time.monotonic() - begin
    record = {"commit": commit, "machine": machine(), "seconds": round(seconds), "rows": rows}
    with whole(PATH) as part:
        part.write_text(json.dumps(record, indent=1) + "\n")
    print(f"{seconds / 60:.1f} minutes; now in {PATH.name}")


if __name__ == "__main__":
    main()
