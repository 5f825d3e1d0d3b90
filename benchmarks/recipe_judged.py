"""What the recipe reaches on cohorts that nobody has looked at; about ten minutes a seed.

    python benchmarks/recipe_judged.py demo SEED [SEED ...]
    python benchmarks/recipe_judged.py paper SEED

Runs a study with other seeds of its phantom to the page `truth`, and appends what that page finds
to `data_manifest/recipe_judged.tsv`, which page `recipe` shows. Of `demo`, 720 scans are judged
that teach nothing; `paper` is as it is. The settings are those of the study files: the point is to
choose them elsewhere (`recipe_choice.py`), commit them, and run this once. A seed that was looked
at before is refused: a second look would be one more choice.
"""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "data_manifest/recipe_judged.tsv"
UNSEEN = {"confirmed": {"NC": 60, "IPD": 220, "MSA": 220, "PSP": 220}}
ENDING = ", blind test"  # of the titles of page `truth`


def study_of(base, seed):
    """Study file of a base study with another seed, in the results of the project."""
    phantom = {"seed": seed}
    if base == "demo":
        phantom |= {"participants": UNSEEN, "follow_ups": 0}
    settings = {"extends": f"{base}.yaml", "name": f"judged-{base}-{seed}", "phantom": phantom}
    path = ROOT / f"results/judged-{base}-{seed}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(settings | {"recipes": None, "protocols": []}))
    return path


def rows_of(numbers):
    """Rows of what page `truth` found: which number, in which cohort, of which classifier."""
    found = [("AUC", key, (value, None, None)) for key, value in numbers["auc"].items()]
    found += [("AUC", key, value) for key, value in numbers["pairwise"].items()]
    found += [("DAT-Net minus", key, value) for key, value in numbers["difference"].items()]
    for title, shares in numbers["decisions"].items():
        found += [(name, title, (value, None, None)) for name, value in shares.items()]
    for what, key, (value, low, high) in found:
        title, _, of = key.partition(".")
        cohort = "blind test" if title.endswith(ENDING) else "cross-validation"
        yield {
            "what": what,
            "cohort": cohort,
            "classifier": title.removesuffix(ENDING),
            "of": of.replace(".", " against "),
            "value": value,
            "low": low,
            "high": high,
        }


def main():
    """Run each seed and append its rows, with the commit that they are of."""
    base, *seeds = sys.argv[1:]
    before = pd.read_csv(TABLE, sep="\t") if TABLE.is_file() else pd.DataFrame()
    seen = set() if before.empty else set(zip(before["study"], before["seed"], strict=True))
    git = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    commit = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for seed in map(int, seeds):
        if (base, seed) in seen:
            sys.exit(f"{base} of seed {seed} was judged before, see {TABLE}; take a fresh seed")
        path = study_of(base, seed)
        target = f"results/{path.stem}/truth.json"
        engine = Path(sys.executable).with_name("snakemake")
        command = [engine, "--workflow-profile", "profiles/local", "--config", f"study={path}"]
        subprocess.run([*command, "--", target], cwd=ROOT, check=True)
        numbers = json.loads((ROOT / target).read_text())["numbers"]
        new = pd.DataFrame(rows_of(numbers))
        new.insert(0, "study", base)
        new.insert(1, "seed", seed)
        new["commit"] = commit.strip()
        before = pd.concat([before, new])
        before.to_csv(TABLE, sep="\t", index=False, float_format="%.5f")
    print("Digital phantom, no patients.")
    differences = before[(before["what"] == "DAT-Net minus") & (before["study"] == base)]
    by = ["cohort", "classifier", "of"]
    print(differences.groupby(by, sort=False)["value"].agg(["mean", "min", "max"]).round(3))


if __name__ == "__main__":
    main()
