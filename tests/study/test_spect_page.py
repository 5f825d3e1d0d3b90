"""Page `spect` on scans of a user's two hospitals, and on those of one."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from in_process import run_cells

from datnet_core.fingerprint import ROOT
from datnet_images.grid import study_grid

PAGE = ROOT / "notebooks/spect.py"
SETTINGS = {
    "name": "own",
    "title": "Own",
    "dataset": "own",
    "images": {"grid_mm": 8},
    "network": {"n_filters": 2, "n_levels": 2, "n_members": 1},
    "training": {"n_folds": 2, "max_epochs": 1, "batch_size": 4},
}


@pytest.fixture
def project(tmp_path, monkeypatch, rng):
    """Function: run the page on a table; its result file and its table."""
    (tmp_path / "data_manifest").symlink_to(ROOT / "data_manifest")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(SETTINGS))
    (tmp_path / "own").mkdir()
    results = tmp_path / "results/own"
    results.mkdir(parents=True)
    volumes = rng.normal(1, 0.3, (40, *study_grid(8)[1])).astype(np.float32)

    def run(table):
        table.drop(columns="cohort").to_csv("own/scans.tsv", sep="\t", index=False)
        table.to_csv(results / "scans.tsv", sep="\t", index=False)
        np.save(results / "volumes.npy", volumes[: len(table)])
        run_cells(PAGE, {"study": "own.yaml", "resamples": 20, "n_jobs": 1, "to_site": "far"})
        return json.loads((results / "spect.json").read_text()), pd.read_csv(
            results / "spect.tsv", sep="\t"
        )

    return run


@pytest.fixture
def two_hospitals():
    """Sixteen people of a hospital, four of them held out, and twenty of another."""
    rows = [("near", "definite", "training", d) for d in ("IPD", "MSA", "PSP") * 4]
    rows += [("near", "confirmed", "blind_test", d) for d in ("IPD", "MSA", "PSP", "IPD")]
    rows += [("far", "confirmed", "blind_test", d) for d in ["IPD"] * 8 + ["MSA", "PSP"] * 6]
    table = pd.DataFrame(rows, columns=["site", "certainty", "cohort", "diagnosis"])
    ids = [f"p{k:02}" for k in range(len(table))]
    return table.assign(
        participant_id=ids, session_id="ses-1", path=[f"{name}.nii.gz" for name in ids],
        age=60.0, sex="F",
    )  # fmt: skip


def test_two_hospitals_of_a_user_get_the_whole_table(project, two_hospitals):
    page, table = project(two_hospitals)
    assert page["result"].startswith("In this study, domain-adversarial training is ")
    assert "at the site far with" in page["result"] and "best possible" not in page["result"]
    assert len(table) == 2 * 5 and set(table["shares"]) == {"equal shares", "unequal shares"}
    assert page["numbers"]["home"] == "near"
    sizes = [row["participants"] for row in page["numbers"]["by_unlabelled_scans"]]
    assert sizes == sorted(sizes) and len(sizes) >= 2


@pytest.mark.parametrize("case", ["one hospital", "no column"])
def test_a_study_of_one_hospital_says_so(project, two_hospitals, case):
    near = two_hospitals[two_hospitals["site"] == "near"]
    page, table = project(near if case == "one hospital" else near.drop(columns="site"))
    said, _, elsewhere = page["result"].partition("camera. ")
    assert said == (
        "This study has no second site far with people of two diagnoses, so nothing shows what a "
        "network is worth at another "
    )
    assert elsewhere.startswith("The phantom study `sites` does ({doc}`../guide/second_site`). ")
    assert re.search(r"source only 0\.\d\d \(.*, trained on labelled scans", elsewhere)
    assert table.empty
