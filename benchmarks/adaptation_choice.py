"""Choose how strongly and how long the page `spect` trains against another site.

    python benchmarks/adaptation_choice.py FOLDER

Writes `data_manifest/adaptation_choice.tsv`; a stopped run goes on, for finished rows are skipped.
Half an hour on one core. The other sites are made up: a tracer, tissues and a coarse camera drawn
at random about the PET phantom, with its diseases. Their labels say which weight and length serve
best; no scan and no number of the FP-CIT SPECT phantom is used, and seeds are others than anywhere
else.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from two_sites import CLASSES, GRID_MM, seen_field, simulated_sites, with_kind

from datnet_core.metrics import delong_interval
from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_phantom.numbers import read_calibration
from datnet_phantom.randomised import random_calibration
from datnet_study.sites.site_shares import EQUAL
from datnet_study.sites.transfer import ADVERSARIAL, SOURCE, STILL, SiteRecipe, judged_by

HERE = Path(__file__).parents[1] / "data_manifest"
TABLE = HERE / "adaptation_choice.tsv"
SITES = (9101, 9102)  # seeds, of development only
COARSE_MM = (7.0, 13.0)  # resolution of their cameras
CANDIDATES = [
    (weight, steps) for steps in (550, 1100) for weight in (0.1, 0.3, 1.0)
]  # most telling first


def development_site(seed):
    """Numbers of a made-up site: another tracer and camera, the diseases of the PET phantom."""
    own, rng = read_calibration(HERE / "phantom.yaml"), np.random.default_rng(seed)
    drawn = random_calibration(own, rng)
    scanner = drawn.scanner.model_copy(update={"resolution_fwhm_mm": rng.uniform(*COARSE_MM)})
    kept = {name: getattr(own, name) for name in ("loss", "asymmetry", "spread")}
    return drawn.model_copy(update=kept | {"scanner": scanner})


def mean_auc(labels, proba):
    """Mean AUC of each diagnosis against the rest."""
    return np.mean([delong_interval(labels == k, proba[:, k])[0] for k in range(len(CLASSES))])


def main(folder):
    """Fill in the rows that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pd.read_csv(TABLE, sep="\t").to_dict("records") if TABLE.is_file() else []
    done = {(row["site"], row["row"], row["weight"], row["steps"]) for row in table}
    for seed in SITES:
        source = read_calibration(HERE / "phantom.yaml")
        scans, diagnosis = simulated_sites(source, development_site(seed), seed, folder)
        scans = with_kind(scans, diagnosis, EQUAL, seed)
        rows = [(row, 0.0, steps) for steps in (1100, 550) for row in (SOURCE, STILL)]
        for row, weight, steps in [*rows, *((ADVERSARIAL, *c) for c in CANDIDATES)]:
            if (seed, row, weight, steps) in done:
                continue
            begin, network = time.process_time(), NetworkSettings()
            training = replace(TrainingSettings(), max_steps=steps, seed=seed)
            recipe = SiteRecipe(GRID_MM, seen_field(network), network, training, weight, steps)
            found = judged_by(row, scans, CLASSES, recipe, folder / f"{seed}-{steps}")
            key = {"site": seed, "row": row, "weight": weight, "steps": steps}
            auc = mean_auc(scans.labels[scans.judged], found.proba)
            table.append(key | {"auc": auc, "seconds": time.process_time() - begin})
            pd.DataFrame(table).to_csv(TABLE, sep="\t", index=False, float_format="%.4f")
            sys.stderr.write(f"{key} AUC {auc:.3f}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
