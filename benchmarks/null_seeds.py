"""Negative control over several seeds: how often an AUC excludes 0.5; a quarter of an hour.

    python benchmarks/null_seeds.py

Runs the study `null` with five seeds to the blind test, and writes every one-vs-rest AUC among the
patient groups with its 95% interval to `data_manifest/null_seeds.tsv`, which page `recipe` shows:
of the network and of the binding ratios, out of fold, as the mean of the folds and of the pooled
scores (DeLong), and in the blind test (DeLong). The pooled AUC is there because the paper has it;
for any classifier that learns, its interval errs too often and pooling pulls it below 0.5
(`datnet_core/metrics/folds.py`). A stopped run goes on: finished seeds are skipped.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml

from datnet_core.metrics.auc import delong_interval
from datnet_core.metrics.folds import fold_auc
from datnet_study.titles import NETWORK, RATIOS

SEEDS = range(2022, 2027)
ROOT = Path(__file__).parents[1]
TABLE = ROOT / "data_manifest/null_seeds.tsv"
PATIENTS = ("IPD", "MSA", "PSP")
JUDGES = {NETWORK: "", RATIOS: "_yardsticks"}  # and how their tables' names end


def patients_auc(seed, folder):
    """AUCs of one seed among patients, first scans."""
    settings = yaml.safe_load((ROOT / "data_manifest/null.yaml").read_text())
    settings |= {"name": f"null-{seed}"}
    settings["phantom"]["seed"] = seed
    path = Path(folder) / f"null-{seed}.yaml"
    path.write_text(yaml.safe_dump(settings))
    target = f"results/null-{seed}/blind_test.json"
    command = [Path(sys.executable).with_name("snakemake"), "--workflow-profile", "profiles/local"]
    subprocess.run([*command, "--config", f"study={path}", "--", target], cwd=ROOT, check=True)
    return aucs_of(ROOT / f"results/null-{seed}").assign(seed=seed)


def aucs_of(results):
    """One row for each judge, estimate and diagnosis: AUC and limits."""
    found = []
    for judge, ending in JUDGES.items():
        held_out, blind = (
            _patients(results / f"predictions/{page}{ending}.tsv")
            for page in ("cross_validation", "blind_test")
        )
        for name in PATIENTS:
            out_of_fold, unseen = (
                (scans["diagnosis"] == name, scans[f"p_{name}"]) for scans in (held_out, blind)
            )
            aucs = {
                "pooled folds": delong_interval(*out_of_fold),
                "mean of folds": fold_auc(*out_of_fold, held_out["fold"]),
                "blind test": delong_interval(*unseen),
            }
            found += [(f"{judge}, {title}", name, *auc) for title, auc in aucs.items()]
    return pd.DataFrame(found, columns=["judged", "diagnosis", "auc", "low", "high"])


def _patients(path):
    """First scans of the patients of a table of predictions."""
    scans = pd.read_csv(path, sep="\t").query("diagnosis in @PATIENTS")
    if "method" in scans:  # of the yardsticks, the published one
        scans = scans[scans["method"] == RATIOS]
    return scans.drop_duplicates("participant_id")


def main():
    """Run what is missing, a seed at a time."""
    rows = pd.read_csv(TABLE, sep="\t") if TABLE.is_file() else pd.DataFrame()
    done = set(rows["seed"]) if len(rows) else set()
    with tempfile.TemporaryDirectory() as folder:
        for seed in [seed for seed in SEEDS if seed not in done]:
            rows = pd.concat([rows, patients_auc(seed, folder)])
            rows.to_csv(TABLE, sep="\t", index=False, float_format="%.4f")
    rows["above"], rows["below"] = rows["low"] > 0.5, rows["high"] < 0.5
    print(rows.sort_values(["judged", "seed"]).round(3).to_string(index=False))
    print("Digital phantom, no patients. On average, 1 of 20 intervals should exclude 0.5;")
    print("those of one cohort depend on each other.")


if __name__ == "__main__":
    main()
