"""The phantom cohort: determined by its seed, complete, and with the truth it claims."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from conftest import TINY

from datnet_core import phantom
from datnet_core.manifest import read_scans
from datnet_core.study import Phantom
from datnet_core.volumes import load_volume


def digests(root):
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def large(calibration):
    sizes = {"definite": {"IPD": 150, "MSA": 150, "PSP": 150, "NC": 150}}
    _, truth = phantom.draw_participants(Phantom(participants=sizes), calibration, "NC")
    return truth


def test_the_number_of_threads_does_not_change_a_byte(dataset, tmp_path, atlas, calibration):
    phantom.write_cohort(tmp_path, TINY, calibration, atlas, "NC", n_jobs=1)
    assert digests(tmp_path) == digests(dataset)


def test_a_stopped_run_continues_to_the_same_bytes(dataset, tmp_path, atlas, calibration):
    phantom.write_cohort(tmp_path, TINY, calibration, atlas, "NC")
    images = sorted(tmp_path.rglob("*.nii.gz"))
    kept = images[0].stat().st_mtime_ns
    images[3].unlink()
    (tmp_path / "scans.tsv").unlink()
    phantom.write_cohort(tmp_path, TINY, calibration, atlas, "NC")
    assert digests(tmp_path) == digests(dataset)
    assert images[0].stat().st_mtime_ns == kept


def test_another_seed_replaces_every_scan(dataset, tmp_path, atlas, calibration):
    phantom.write_cohort(tmp_path, TINY, calibration, atlas, "NC")
    other = TINY.model_copy(update={"seed": 4})
    phantom.write_cohort(tmp_path, other, calibration, atlas, "NC")
    old, new = digests(dataset), digests(tmp_path)
    images = {name for name in old if name.endswith(".nii.gz")}
    assert len(images) == len([name for name in new if name.endswith(".nii.gz")])
    assert all(old[name] != new[name] for name in images & set(new))


def test_the_data_set_is_what_a_user_would_bring(dataset):
    scans = read_scans(dataset, ("IPD", "MSA", "PSP", "NC"), "NC")
    assert len(scans) == 16
    description = json.loads((dataset / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative" and "phantom" in description["Name"]
    people = pd.read_csv(dataset / "participants.tsv", sep="\t")
    assert len(people) == scans["participant_id"].nunique() == 14
    for path in scans["path"]:
        assert (dataset / path.replace(".nii.gz", ".json")).is_file()


def test_groups_have_the_sizes_asked_for(calibration):
    scans, truth = phantom.draw_participants(TINY, calibration, "NC")
    people = truth.merge(scans[["participant_id", "session_id", "certainty"]]).drop_duplicates(
        "participant_id"
    )
    found = people.groupby(["certainty", "true_diagnosis"]).size()
    for certainty, groups in TINY.participants.items():
        for name, n in groups.items():
            assert found[certainty, name] == n


def test_follow_ups_are_the_same_person_later_and_worse(calibration):
    scans, truth = phantom.draw_participants(TINY, calibration, "NC")
    table = scans.merge(truth, on=["participant_id", "session_id"])
    twice = table[table["participant_id"].duplicated(keep=False)]
    assert len(twice) == 2 * TINY.follow_ups
    for _, (first, second) in ((k, g.itertuples()) for k, g in twice.groupby("participant_id")):
        assert second.age - first.age >= 1.4
        assert second.severity > first.severity
        assert second.putamen_posterior_left < first.putamen_posterior_left
        assert (first.sex, first.diagnosis) == (second.sex, second.diagnosis)


def test_labels_are_wrong_only_among_possible_diagnoses(calibration):
    sizes = {"possible": {"IPD": 50, "MSA": 400}, "definite": {"MSA": 100}}
    cohort = Phantom(participants=sizes, mislabelled=0.25)
    scans, truth = phantom.draw_participants(cohort, calibration, "NC")
    wrong = scans["diagnosis"] != truth["true_diagnosis"]
    assert set(scans.loc[wrong, "diagnosis"]) == {"IPD"}
    assert set(scans.loc[wrong, "certainty"]) == {"possible"}
    assert 0.19 < wrong[truth["true_diagnosis"] == "MSA"][: 50 + 400].mean() < 0.31
    none = cohort.model_copy(update={"mislabelled": 0.0})
    scans, truth = phantom.draw_participants(none, calibration, "NC")
    assert (scans["diagnosis"] == truth["true_diagnosis"]).all()


def test_controls_have_no_loss_and_no_scores(calibration):
    sizes = {"definite": {"NC": 30, "IPD": 30}}
    scans, truth = phantom.draw_participants(Phantom(participants=sizes), calibration, "NC")
    controls = truth["true_diagnosis"] == "NC"
    assert (truth.loc[controls, "severity"] == 0).all()
    assert (
        scans.loc[controls, ["symptom_duration_years", "updrs", "hoehn_yahr"]].isna().all(axis=None)
    )
    assert scans.loc[~controls].notna().all(axis=None)


@pytest.mark.parametrize("region", phantom.BINDING)
def test_group_means_follow_the_calibration(large, calibration, region):
    mean = (
        large.groupby("true_diagnosis")[[f"{region}_left", f"{region}_right"]].mean().mean(axis=1)
    )
    for name in ("IPD", "MSA", "PSP"):
        # E[kept ** severity] is a little above kept, by Jensen, hence the tolerance.
        kept = 1 - calibration["loss"][name][region]
        assert mean[name] / mean["NC"] == pytest.approx(kept, abs=0.08)


def test_asymmetry_is_largest_in_ipd(large):
    left, right = large["putamen_posterior_left"], large["putamen_posterior_right"]
    index = (2 * (left - right).abs() / (left + right)).groupby(large["true_diagnosis"]).mean()
    assert index["IPD"] > index["MSA"] > index["PSP"] > index["NC"]


def test_uptake_in_the_image_follows_the_binding_of_the_truth(dataset, atlas):
    from datnet_core.binding import regional_binding
    from datnet_core.volumes import study_grid

    truth = pd.read_csv(dataset / "truth.tsv", sep="\t")
    scans = pd.read_csv(dataset / "scans.tsv", sep="\t")
    volumes = np.stack([load_volume(dataset / p, atlas, 4.0, "occipital") for p in scans["path"]])
    found = regional_binding(volumes, atlas, study_grid(4.0)[0], "occipital")
    for side in ("left", "right"):
        parts = [f"putamen_anterior_{side}", f"putamen_posterior_{side}"]
        assert np.corrcoef(found[f"putamen_{side}"], truth[parts].mean(axis=1))[0, 1] > 0.95
        assert np.corrcoef(found[f"caudate_{side}"], truth[f"caudate_{side}"])[0, 1] > 0.9


def test_every_number_of_the_calibration_has_a_source(study):
    import yaml

    def without_source(node, path=()):
        if not isinstance(node, dict):
            yield path
        elif "source" not in node:
            for key, child in node.items():
                yield from without_source(child, (*path, key))

    text = (study.data_manifest / "phantom.yaml").read_text()
    assert list(without_source(yaml.safe_load(text))) == []
