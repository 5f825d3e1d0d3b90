"""How long should a network learn? AUC against steps on development cohorts.

    python benchmarks/recipe_lengths.py FOLDER SEED [SEED ...]

The default recipe with fewer and with more steps than it has, in both stages, one network, as in
`recipe_choice.py`, whose scans in FOLDER are used again. Each length of a seed is a row of
`data_manifest/recipe_lengths.tsv`, which page `recipe` shows; finished ones are skipped.
"""

import sys
from pathlib import Path

import pandas as pd
import torch
import yaml
from recipe_choice import aucs, dev_cohort, trained

from datnet_study.study import read_study

STEPS = (70, 140, 280, 550, 1100, 2200)
HERE = Path(__file__).parent
TABLE = HERE.parent / "data_manifest/recipe_lengths.tsv"


def main():
    """Train what is missing, a row at a time."""
    torch.set_num_threads(1)  # as in a study
    folder, seeds = Path(sys.argv[1]), [int(seed) for seed in sys.argv[2:]]
    settings = yaml.safe_load((HERE / "recipe_candidates.yaml").read_text())
    settings["extends"] = str(HERE.parent / "data_manifest/demo.yaml")
    unlimited = {"max_epochs": None}
    settings["recipes"] = {f"steps_{n}": {"training": unlimited | {"max_steps": n}} for n in STEPS}
    rows = pd.read_csv(TABLE, sep="\t").to_dict("records") if TABLE.is_file() else []
    for seed in seeds:
        own = folder / f"{seed}"
        own.mkdir(parents=True, exist_ok=True)
        study_file = own / "lengths.yaml"
        phantom = settings["phantom"] | {"seed": seed}
        study_file.write_text(yaml.safe_dump(settings | {"phantom": phantom}))
        study = read_study(study_file)
        scans, _ = dev_cohort(study, own)
        diagnosis = scans["diagnosis"][scans["cohort"] == "blind_test"].to_numpy()
        done = {row["steps"] for row in rows if row["seed"] == seed}
        for n in [n for n in STEPS if n not in done]:
            proba, seconds = trained(study, f"steps_{n}", scans, own)
            row = {"steps": n, "seed": seed}
            rows.append(row | aucs(study, diagnosis, proba))
            pd.DataFrame(rows).to_csv(TABLE, sep="\t", index=False, float_format="%.4f")
            sys.stderr.write(f"{seed}, {n} steps: {seconds:.0f} s of training\n")
    print("Digital phantom, no patients.")
    print(pd.DataFrame(rows).drop(columns="seed").groupby("steps").mean().round(3))


if __name__ == "__main__":
    main()
