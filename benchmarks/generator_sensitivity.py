"""What the oracle owes to numbers of the generator that rest on little; takes about five minutes.

    python benchmarks/generator_sensitivity.py

Writes `data_manifest/generator_sensitivity.tsv`, which page `phantom` shows. In each row some
numbers are other ones. People are drawn, and the scanner measures their regions with the error of
`measurement`; no cohort is rendered, no network is run, and the draws belong to no study.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from datnet_images.atlas import read_atlas
from datnet_phantom.density import draw_binding, mixture
from datnet_phantom.measure import measurement
from datnet_phantom.numbers import numbers_hash, read_calibration
from datnet_phantom.oracle import log_likelihood_measured

HERE = Path(__file__).parent.parent / "data_manifest"
ATLAS = HERE / "atlas/tpl-MNI152NLin6Asym_res-02_atlas-datnet_dseg.nii.gz"
SEED = 4711  # a development seed: of no study
N_PEOPLE = 4000  # of each diagnosis; the standard error of an AUC of 0.75 is 0.006
N_SCANS = 60  # rendered for the error of the scanner; the same people for every level
CONTROL = "NC"
MEASURED = {"jnm67324": 2.435, "fnins2019": 1.82, "frost1993": 2.0}  # putamen of controls
FITTED = 1.91  # the mean of the two named articles, which the numbers of the file are fitted to


def scaled(numbers, factor):
    """Numbers with all healthy binding ratios times a factor."""
    healthy = {name: value * factor for name, value in numbers.healthy_binding_ratio.items()}
    return numbers.model_copy(update={"healthy_binding_ratio": healthy})


def with_losses(numbers, diagnosis, **losses):
    """Numbers with other losses of a diagnosis, by part of a region."""
    changed = {diagnosis: numbers.loss[diagnosis] | losses}
    return numbers.model_copy(update={"loss": numbers.loss | changed})


def levels(numbers):
    """Other healthy binding ratios, and the numbers then."""
    yield "none", numbers
    for factor in (0.8, 0.9, 1.1, 1.25):
        yield f"healthy binding x {factor:g}", scaled(numbers, factor)
    for source, level in MEASURED.items():
        yield f"healthy binding at the level of {source}", scaled(numbers, level / FITTED)


def others(numbers):
    """Other numbers than the level of healthy binding."""
    putamen = numbers.healthy_binding_ratio["putamen_anterior"]
    even = numbers.healthy_binding_ratio | {"caudate": putamen, "accumbens": putamen}
    other = numbers.model_copy(update={"healthy_binding_ratio": even})
    yield "caudate and accumbens bind as the putamen", other
    wide = numbers.spread.model_copy(update={"region_control": 0.21})
    yield "SD of controls as in fnins2019", numbers.model_copy(update={"spread": wide})
    midbrain = {"midbrain_dat": 0.84, "midbrain_sert": 0.84}
    yield "midbrain loss of IPD as in frost1993", with_losses(numbers, "IPD", **midbrain)
    midbrain = {part: numbers.loss["IPD"][part] for part in midbrain}
    yield "midbrain loss of MSA as of IPD", with_losses(numbers, "MSA", **midbrain)
    striatum = {"putamen_anterior": 0.51, "putamen_posterior": 0.70, "caudate": 0.23}
    yield "striatal losses of MSA as in ghaemi2002", with_losses(numbers, "MSA", **striatum)


def aucs(numbers, scanner):
    """AUCs of the oracle that sees region means: one against the rest, and IPD against MSA."""
    names = [*numbers.loss, CONTROL]
    rng = np.random.default_rng(SEED)
    means = []
    for k, name in enumerate(names):
        binding = draw_binding(name, numbers, CONTROL, N_PEOPLE, SEED + k)
        error = rng.multivariate_normal(np.zeros(len(scanner.error)), scanner.error, N_PEOPLE)
        means.append(scanner.expected(binding) + error)
    truth = np.repeat(names, N_PEOPLE)
    log_density = {}
    for name in names:
        density = mixture(name, numbers, CONTROL)
        log_density[name] = log_likelihood_measured(np.concatenate(means), density, scanner)
    found = {}
    total = np.logaddexp.reduce(list(log_density.values()))
    for name in names:
        found[name] = roc_auc_score(truth == name, log_density[name] - total)
    pair = np.isin(truth, ("IPD", "MSA"))
    odds = (log_density["MSA"] - log_density["IPD"])[pair]
    return found | {"IPD against MSA": roc_auc_score(truth[pair] == "MSA", odds)}


def rows(numbers, atlas):
    """One row of the table for each change; the scanner is measured anew where its noise is."""
    reference = numbers.reference_region
    of_file = None
    for changed, other in levels(numbers):
        scanner = measurement(atlas, other, CONTROL, reference, n_scans=N_SCANS)
        of_file = of_file or scanner
        yield {"changed": changed} | aucs(other, scanner)
    for changed, other in others(numbers):
        yield {"changed": changed} | aucs(other, of_file)


if __name__ == "__main__":
    path = HERE / "phantom.yaml"
    found = []
    for row in rows(read_calibration(path), read_atlas(ATLAS)):
        found.append(row)
        print(row, flush=True)
    table = pd.DataFrame(found).round(3).assign(numbers=numbers_hash(path))
    table.to_csv(HERE / "generator_sensitivity.tsv", sep="\t", index=False)
