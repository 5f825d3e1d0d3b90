"""A cohort in native space runs to the end of its pages; a scan that fails is in none of them."""

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from in_process import leave_out_what_is_dear, run_study

from datnet_core.fingerprint import ROOT
from datnet_images.transforms import itk_affine, to_mni
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import expected_image
from datnet_study.ready import ready_study

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PEOPLE = ["PD"] * 5 + ["HC"] * 3
LOST, OVERRULED = 4, 7  # a scan without a head; one that passes and is left out by hand
GRID = np.diag([5.0, 5, 5, 1])
GRID[:3, 3] = -110, -120, -75
SETTINGS = {
    "name": "native", "title": "Native", "dataset": "scans", "diagnoses": ["PD", "HC"],
    "control": "HC",
    "images": {"space": "native", "grid_mm": 8, "filter_fwhm_mm": 0, "scan_fwhm_mm": 12,
               "verdicts": "seen.tsv"},
    "network": {"n_filters": 2, "n_levels": 2, "n_members": 1},
    "training": {"n_folds": 2, "max_epochs": 1, "pretrain_on": "none",
                 "early_stopping_on": "test_fold"},
    "saliency": {"region_threshold": 0.5},
    "fusion": {"n_estimators": 3},
}  # fmt: skip


def native_scan(k, atlas, scene, calibration, rng):
    """A smoothed scan that lies anywhere, its axes in the order of radiologists or not."""
    binding = dict.fromkeys(BINDING_COLUMNS, (0.5 if PEOPLE[k] == "PD" else 2) + 0.1 * k)
    image = expected_image(binding, scene, calibration)[::2, ::2, ::2]
    placed = nib.Nifti1Image(image, atlas.affine @ np.diag([2.0, 2, 2, 1]))
    turn = nib.eulerangles.euler2mat(*np.deg2rad(rng.uniform(-8, 8, 3)))
    pose = nib.affines.from_matvec(turn, rng.uniform(-15, 15, 3))
    img = to_mni(placed, itk_affine(np.linalg.inv(pose)), GRID, (45, 47, 34), 0)
    if k == LOST:
        img = nib.Nifti1Image(rng.random((20, 20, 8), np.float32), GRID)
    flip = nib.orientations.axcodes2ornt("LAS" if k % 2 else "RAS")
    return img.as_reoriented(flip)


def test_native_scans_reach_the_last_page_without_those_that_fail(
    tmp_path, monkeypatch, atlas, scene, calibration, rng
):
    for k in range(len(PEOPLE)):
        (tmp_path / "scans").mkdir(exist_ok=True)
        img = native_scan(k, atlas, scene, calibration, rng)
        nib.save(img, tmp_path / f"scans/{k}.nii.gz")
    rows = [f"{k}\t{k}.nii.gz\t{name}\tdefinite" for k, name in enumerate(PEOPLE)]
    table = "participant_id\tpath\tdiagnosis\tcertainty\n" + "\n".join(rows)
    (tmp_path / "scans/scans.tsv").write_text(table)
    seen = f"participant_id\tsession_id\tverdict\treason\n{OVERRULED}\tses-1\tfail\tmoved"
    (tmp_path / "seen.tsv").write_text(seen)
    (tmp_path / "native.yaml").write_text(yaml.safe_dump(SETTINGS))
    (tmp_path / "data_manifest").symlink_to(ROOT / "data_manifest")
    monkeypatch.chdir(tmp_path)
    leave_out_what_is_dear(monkeypatch)

    ready_study("native.yaml")
    results = run_study("native.yaml", skipped=["cohort_sizes"]).results
    keys = {"participant_id": str}
    scans, quality, predictions = (
        pd.read_csv(results / name, sep="\t", dtype=keys)
        for name in ("scans.tsv", "quality.tsv", "predictions/cross_validation.tsv")
    )
    out = {f"sub-{LOST}", f"sub-{OVERRULED}"}
    assert set(quality.loc[~quality["used"], "participant_id"]) == out
    kept = {f"sub-{k}" for k in range(len(PEOPLE))} - out
    assert set(scans["participant_id"]) == set(predictions["participant_id"]) == kept
    assert len(np.load(results / "volumes.npy", mmap_mode="r")) == len(kept)
    assert all((results / "normalised" / path).is_file() for path in scans["path"])
    assert (quality.loc[quality["used"], "moves_mm"] < 3).all()

    found = json.loads((results / "quality.json").read_text())
    assert found["numbers"]["excluded"] == {"PD": 1, "HC": 1}
    assert found["numbers"]["overruled"] == 1
    assert "Left out are 1 of 5 PD, 1 of 3 HC." in found["result"]
    cohorts = json.loads((results / "cohorts.json").read_text())
    assert "6 of 8 scans of the 6 participants" in cohorts["result"]
