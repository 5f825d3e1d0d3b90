"""The table of the page `spect` over several seeds: other people, other random numbers.

    python benchmarks/spect_seeds.py FOLDER [SEED ...]

Writes `data_manifest/spect_seeds.tsv`, which the page shows; a stopped run goes on, for finished
seeds are skipped, and those of another weight or length are left out. Six minutes a seed on one
core; five seeds if none is named. FOLDER holds the scans and networks. Weight and length are those
that `adaptation_choice` found on made-up sites.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
from two_sites import CLASSES, GRID_MM, seen_field, simulated_sites, with_kind

from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_phantom.numbers import read_calibration
from datnet_study.sites.adaptation_choice import chosen_adaptation
from datnet_study.sites.site_shares import EQUAL, UNEQUAL
from datnet_study.sites.transfer import ADVERSARIAL, DEGRADED, LABELLED, ROWS, SiteRecipe, judged_by
from datnet_study.sites.transfer_table import transfer_table

HERE = Path(__file__).parents[1] / "data_manifest"
TABLE = HERE / "spect_seeds.tsv"
SEEDS = range(3001, 3006)
COLUMNS = ["shares", "row", "auc", "difference", "sensitivity", "site_told"]


def rows_of(seed, folder, choice):
    """All rows of one seed under both kinds of shares."""
    folder = folder / str(seed)
    folder.mkdir(parents=True, exist_ok=True)
    calibrations = [
        read_calibration(HERE / name) for name in ("phantom.yaml", "phantom-spect.yaml")
    ]
    every, diagnosis = simulated_sites(*calibrations, seed, folder)
    network = NetworkSettings()
    training, chosen = replace(TrainingSettings(), seed=seed), (choice["weight"], choice["steps"])
    recipe = SiteRecipe(GRID_MM, seen_field(network), network, training, *chosen)
    for kind in (EQUAL, UNEQUAL):
        scans, found = with_kind(every, diagnosis, kind, seed), {}
        for row in ROWS:
            # Networks that see the other site differ by kind; the others are trained once.
            own = f"{kind}-{row}" if row in (ADVERSARIAL, LABELLED) else "source"
            sys.stderr.write(f"seed {seed}, {kind}, {row}\n")
            found[row] = judged_by(row, scans, CLASSES, recipe, folder / own)
        proba = {row: judgement.proba for row, judgement in found.items()}
        table = transfer_table(
            diagnosis[scans.judged], proba, CLASSES, scans.judged, DEGRADED, n_resamples=50
        )
        for row, r in table.iterrows():
            told = found[row].site_right
            n = len(scans.held_out)
            site_told = (told[:n].mean() + told[n:].mean()) / 2
            values = kind, row, r.auc, r.auc_difference, r.sensitivity, site_told
            yield dict(zip(COLUMNS, values, strict=True))


def main(folder, seeds):
    """Fill in the seeds that are missing."""
    choice = chosen_adaptation(pd.read_csv(HERE / "adaptation_choice.tsv", sep="\t"))
    choice = {name: choice[name] for name in ("weight", "steps")}
    table = pd.read_csv(TABLE, sep="\t")
    table = table[(table[list(choice)] == pd.Series(choice)).all(axis=1)]  # others are of the past
    for seed in seeds:
        if seed in set(table["seed"]):
            continue
        begin = time.process_time()
        rows = pd.DataFrame(rows_of(seed, folder, choice)).assign(seed=seed, **choice)
        rows["seconds"] = time.process_time() - begin
        table = pd.concat([table, rows]) if len(table) else rows
        table.to_csv(TABLE, sep="\t", index=False, float_format="%.4f")
    print(table.groupby(["shares", "row"])["difference"].agg(["mean", "min", "max"]).round(3))
    print("Digital phantom, no patients.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(seed) for seed in sys.argv[2:]] or SEEDS)
