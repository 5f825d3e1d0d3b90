"""Growth of a study with its participants; about five minutes on two cores.

    python benchmarks/growth.py

Runs a whole study with its book, with 300 and with 1,000 participants, on a coarse grid and with
short training: what is left is what grows with the scans, and what does not.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
SIZES = (300, 1000)
SHORT = {
    "images": {"grid_mm": 8},
    "network": {"n_filters": 4, "n_levels": 2},
    "training": {"n_folds": 2, "max_steps": 100},
}


def study_of(n, folder):
    """Study file of n participants in the shares of the study `paper`."""
    settings = yaml.safe_load((ROOT / "data_manifest/paper.yaml").read_text())
    every = settings["phantom"]["participants"]
    total = sum(sum(group.values()) for group in every.values())
    settings["phantom"]["participants"] = {
        certainty: {name: round(size * n / total) for name, size in group.items()}
        for certainty, group in every.items()
    }
    settings["phantom"]["follow_ups"] = round(settings["phantom"]["follow_ups"] * n / total)
    settings |= SHORT | {"name": f"growth-{n}"}
    path = Path(folder) / f"growth-{n}.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def growth_rows():
    """Seconds and size of the larger study against the smaller one; see `performance`."""
    seconds, size = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for n in SIZES:
            results = ROOT / f"results/growth-{n}"
            shutil.rmtree(results, ignore_errors=True)
            line = [sys.executable, "-m", "datnet_study.run", "study", study_of(n, folder)]
            begin = time.monotonic()
            subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
            seconds[n] = time.monotonic() - begin
            book = (path.stat().st_size for path in (results / "book").rglob("*.*"))
            size[n] = sum(book)
            shutil.rmtree(results)
    few, many = SIZES
    yield "growth.minutes", f"study and book of {few} participants", seconds[few] / 60, "min"
    yield "growth.people", f"{many} participants", many / few, f"times {few}"
    title = f"study and book of {many} participants"
    yield "growth.study", title, seconds[many] / seconds[few], f"times that of {few}"
    title = f"size of the book of {many} participants"
    yield "growth.book", title, size[many] / size[few], f"times that of {few}"


if __name__ == "__main__":
    for found in growth_rows():
        print("{}: {:.3g} {}".format(*found[1:]))
