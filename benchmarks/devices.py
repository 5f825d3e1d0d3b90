"""Other devices over several seeds: a quarter of an hour for each on two cores.

    python benchmarks/devices.py [SEED ...]

Runs the study `sites` to its page `devices` with each seed (2022 to 2026 if none is given), of the
people, their scans and the first weights, and adds its table of remedies to
`data_manifest/devices_seeds.tsv`, which the page shows. A stopped run goes on: finished seeds are
skipped, and what a seed has made is kept in `results/sites-<seed>/` until it is finished. The first
seed is the study itself, whose results stay.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml

from datnet_core.files import whole

SEEDS = range(2022, 2027)
ROOT = Path(__file__).parents[1]
TABLE = ROOT / "data_manifest/devices_seeds.tsv"
COLUMNS = ["pairs", "rest", "brier", "pairs_gain", "rest_gain", "brier_gain"]


def remedies_of(seed, folder):
    """Table of the page `devices` under one seed; its scans and volumes are deleted afterwards."""
    name, path = "sites", ROOT / "data_manifest/sites.yaml"
    if seed != SEEDS[0]:
        name = f"sites-{seed}"
        settings = {"extends": "sites.yaml", "name": name, "phantom": {"seed": seed}}
        settings["training"] = {"seed": seed - SEEDS[0]}  # that of the study itself is 0
        path = Path(folder) / f"{name}.yaml"
        path.write_text(yaml.safe_dump(settings))
    results = ROOT / "results" / name
    snakemake = Path(sys.executable).with_name("snakemake")
    command = [snakemake, "--workflow-profile", "profiles/local", "--config", f"study={path}"]
    subprocess.run([*command, "--", "devices"], cwd=ROOT, check=True)  # the rule: its record counts
    table = pd.read_csv(results / "devices.tsv", sep="\t")
    if seed != SEEDS[0]:
        shutil.rmtree(results)
    return table[["site", "who", "remedy", "participants", *COLUMNS]].assign(seed=seed)


def main(seeds):
    """Run the seeds that are missing, one at a time, and write the table after each."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            rows = pd.read_csv(TABLE, sep="\t") if TABLE.is_file() else pd.DataFrame()
            if len(rows) and seed in set(rows["seed"]):
                continue
            rows = pd.concat([rows, remedies_of(seed, folder)], ignore_index=True)
            with whole(TABLE) as part:
                rows.to_csv(part, sep="\t", index=False, float_format="%.5g")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or SEEDS)
