"""Fit the phantom's numbers to the published values; run again when a published value changes.

    python data_manifest/fit_phantom.py

Prints the values that `phantom.yaml` marks as `fit`, and those of the putamen in MSA, beside the
ones that stand there. Nothing here sees a scan, a network or a claim of the paper.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from datnet_images.atlas import read_atlas
from datnet_phantom.measure import response
from datnet_phantom.numbers import read_calibration, read_published
from datnet_phantom.regions import BINDING, STRIATUM

HERE = Path(__file__).parent
ATLAS = HERE / "atlas/tpl-MNI152NLin6Asym_res-02_atlas-datnet_dseg.nii.gz"
REGIONS = STRIATUM  # those with published values of controls
LEVEL = ("putamen", "striatum")  # regions of the named articles
AGE_SD = 8  # years; what age adds to the spread of a group
MEASUREMENT_SD = 0.06  # SD / mean that noise and normalisation add to a published value


def regional_response(atlas, numbers, fwhm_mm, core):
    """Response of both-sided regions, (5, 5) and (5,), and their numbers of voxels (5,)."""
    sided = response(atlas, numbers, fwhm_mm, numbers.reference_region, core)
    halves = np.kron(np.eye(len(BINDING)), [0.5, 0.5])  # (5, 10): mean of left and right
    n_voxels = sided.n_voxels.reshape(-1, 2).sum(axis=1)
    return halves @ sided.recovery @ (2 * halves.T), halves @ sided.offset, n_voxels


def healthy(atlas, numbers, published):
    """True binding ratios that a scanner would have measured as published, one for the putamen.

    The level is the mean of the named articles, which give the putamen or the striatum as a whole;
    the regions stand to it as in the table that gives each of them, whose article is not known.
    """
    recovery, offset, _ = regional_response(
        atlas, numbers, numbers.scanner.resolution_fwhm_mm, core=True
    )
    controls = published[published["diagnosis"] == "NC"]
    putamen = controls["value"][controls["region"].isin(LEVEL)].mean()
    by_region = controls[controls["region"].isin(REGIONS)].groupby("region")["value"].mean()
    means = by_region * putamen / by_region[["putamen_anterior", "putamen_posterior"]].mean()
    midbrain = sum(numbers.healthy_binding_ratio[f"midbrain_{part}"] for part in ("dat", "sert"))
    known = offset[:4] + recovery[:4, 4] * midbrain
    target = np.array([putamen, putamen, means["caudate"], means["accumbens"]])
    ratios = np.linalg.solve(recovery[:4, :4], target - known)
    ratios[:2] = ratios[:2].mean()
    return dict(zip(REGIONS, ratios, strict=True))


def ipd_losses(published):
    """Mean of the sources, each the mean of both sides, per region."""
    rows = published[(published["diagnosis"] == "IPD") & published["region"].isin(REGIONS)]
    left_over = (rows["value"] / rows["of"]).groupby([rows["region"], rows["source"]]).mean()
    return (1 - left_over.groupby("region").mean()).to_dict()


def msa_putamen(atlas, numbers, published):
    """Losses that leave the putamen of the finished image as in IPD, with the flattest gradient.

    The posterior putamen stays within one SD of its source; the anterior one follows.
    """
    scanner = numbers.scanner
    fwhm_mm = np.hypot(scanner.resolution_fwhm_mm, scanner.filter_fwhm_mm)
    recovery, _, n_voxels = regional_response(atlas, numbers, fwhm_mm, core=False)
    weights = n_voxels[:2] @ recovery[:2, :2]  # of anterior and posterior binding in the mean
    rows = published[
        (published["diagnosis"] == "MSA") & (published["region"] == "putamen_posterior")
    ]
    posterior = 1 - ((rows["value"] + rows["sd"]) / rows["of"]).iloc[0]
    ipd = numbers.loss["IPD"]
    total = weights @ [ipd["putamen_anterior"], ipd["putamen_posterior"]]
    anterior = (total - weights[1] * posterior) / weights[0]
    return {"putamen_anterior": anterior, "putamen_posterior": posterior}


def spread(numbers, published):
    """SDs of the logarithm that give the published SD / mean of controls, IPD and MSA.

    A published SD holds the sum of what a person's regions share and what is a region's own, so
    it cannot tell the two apart: the share of the person is taken as in the file.
    """
    age_sd = -np.log(1 - numbers.decline_per_decade) * AGE_SD / 10
    rows = published.dropna(subset=["sd"])
    rows = rows[rows["region"].isin(REGIONS)]

    def misfit(parameters):
        region_control, region_patient, severity = parameters
        shared = age_sd**2 + MEASUREMENT_SD**2 + numbers.spread.person**2
        misfits = []
        for row in rows.itertuples():
            own = region_control
            lost = 0.0
            if row.diagnosis != "NC":
                own = region_patient
                lost = severity * np.log(1 - numbers.loss[row.diagnosis][row.region])
            model = np.sqrt(shared + own**2 + lost**2)
            misfits.append(np.log(model / (row.sd / row.value)))
        return misfits

    names = ("region_control", "region_patient", "severity_sd")
    return dict(zip(names, least_squares(misfit, [0.05, 0.15, 0.2]).x, strict=True))


def fitted(path=HERE / "phantom.yaml"):
    """Every fitted value beside the one of the file: DataFrame `number`, `fitted`, `in_file`."""
    atlas = read_atlas(ATLAS)
    numbers = read_calibration(path)
    published = read_published(path)
    in_file = {
        "healthy_binding_ratio": numbers.healthy_binding_ratio,
        "loss.IPD": numbers.loss["IPD"],
        "loss.MSA": numbers.loss["MSA"],
        "spread": numbers.spread.model_dump() | {"severity_sd": numbers.severity_sd},
    }
    values_of = {
        "healthy_binding_ratio": healthy(atlas, numbers, published),
        "loss.IPD": ipd_losses(published),
        "loss.MSA": msa_putamen(atlas, numbers, published),
        "spread": spread(numbers, published),
    }
    rows = [
        (f"{section}.{name}", value, in_file[section][name])
        for section, values in values_of.items()
        for name, value in values.items()
    ]
    return pd.DataFrame(rows, columns=["number", "fitted", "in_file"])


if __name__ == "__main__":
    print(fitted().round(3).to_string(index=False))
