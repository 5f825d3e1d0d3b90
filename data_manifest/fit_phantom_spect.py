"""Fit the numbers of the FP-CIT SPECT phantom; run again when a published value changes.

    python data_manifest/fit_phantom_spect.py

Prints the values that `phantom-spect.yaml` marks as `fit` beside the ones that stand there, and the
uptake of the mean of controls beside that of a real mean FP-CIT SPECT of controls, as multiples of
occipital cortex. Nothing here sees a scan, a network or a claim of the paper.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from datnet_images.atlas import read_atlas, region_mask
from datnet_phantom.numbers import read_calibration, read_published
from datnet_phantom.regions import BINDING_COLUMNS, PARTS
from datnet_phantom.scanner import blurred, paint, read_scene

HERE = Path(__file__).parent
ATLAS = HERE / "atlas/tpl-MNI152NLin6Asym_res-02_atlas-datnet_dseg.nii.gz"
PATTERN = {"putamen": 1.0, "caudate": 2.1 / 2.2, "accumbens": 1.0}  # of phantom.yaml
MIDBRAIN = BRAINSTEM = 1.4  # uptake in a mean FP-CIT SPECT of 174 controls; it stands in no article
SEROTONIN = 0.75  # share of the midbrain, as in phantom-spect.yaml


def expected_uptake(atlas, numbers, healthy, brainstem):
    """Mean uptake of controls by region, as multiples of occipital cortex.

    Parameters
    ----------
    atlas : Atlas
    numbers : Calibration
    healthy : dict of str to float
        Binding ratio of each of `regions.PARTS`.
    brainstem : float
        Uptake of the brainstem before the camera.

    Returns
    -------
    dict of str to float
        `putamen` and `caudate` in the half of the region with the highest uptake, as it is drawn on
        a visible structure, and the whole of `midbrain` and `brainstem`; `putamen_whole`.
    """
    scene = read_scene(atlas, numbers)
    numbers = numbers.model_copy(
        update={"background": numbers.background | {"brainstem": brainstem}}
    )
    binding = {name: healthy[name.rsplit("_", 1)[0]] for name in BINDING_COLUMNS}
    image = blurred(paint(binding, scene, numbers), numbers.scanner.resolution_fwhm_mm, scene)
    image = image / image[region_mask(atlas, numbers.reference_region)].mean()
    found = {}
    for name in ("putamen", "caudate"):
        uptake = image[region_mask(atlas, name)]
        found[name] = uptake[uptake >= np.median(uptake)].mean()
        found[f"{name}_whole"] = uptake.mean()
    return found | {
        name: image[region_mask(atlas, name)].mean() for name in ("midbrain", "brainstem")
    }


def fitted(path=HERE / "phantom-spect.yaml"):
    """Fitted values beside those of the file, and the uptake that they give.

    Returns
    -------
    DataFrame, dict
        `number`, `fitted`, `in_file`; and the output of `expected_uptake` with the file's numbers.
    """
    atlas, numbers, published = read_atlas(ATLAS), read_calibration(path), read_published(path)
    controls = published[published["diagnosis"] == "NC"]
    putamen = 1 + controls["value"][controls["region"] == "putamen"].mean()

    def binding(level, midbrain):
        striatum = {
            part: level * PATTERN[part.split("_")[0]] for part in PARTS if part != "midbrain"
        }
        return striatum | {"midbrain": midbrain}

    def misfit(values):
        level, midbrain, brainstem = values
        found = expected_uptake(atlas, numbers, binding(level, midbrain), brainstem)
        wanted = {"putamen": putamen, "midbrain": MIDBRAIN, "brainstem": BRAINSTEM}
        return [found[name] - value for name, value in wanted.items()]

    level, midbrain, brainstem = least_squares(misfit, [3.0, 0.8, 1.5], diff_step=0.05, xtol=1e-4).x
    own = numbers.healthy_binding_ratio
    rows = [(f"healthy_binding_ratio.{part}", value, own[part])
            for part, value in binding(level, midbrain).items() if part != "midbrain"]  # fmt: skip
    rows += [
        ("healthy_binding_ratio.midbrain_sert", SEROTONIN * midbrain, own["midbrain_sert"]),
        ("background.brainstem", brainstem, numbers.background["brainstem"]),
    ]
    in_file = {name: sum(own[part] for part in parts) for name, parts in PARTS.items()}
    uptake = expected_uptake(atlas, numbers, in_file, numbers.background["brainstem"])
    return pd.DataFrame(rows, columns=["number", "fitted", "in_file"]), uptake


if __name__ == "__main__":
    table, uptake = fitted()
    print(table.round(3).to_string(index=False))
    print({name: round(float(value), 2) for name, value in uptake.items()})
