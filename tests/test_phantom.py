"""The phantom cohort: determined by its seed, complete, and with the truth it claims."""

import copy
import hashlib
import json
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import TINY
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_core import phantom
from datnet_core.atlas import region_mask
from datnet_core.binding import regional_binding
from datnet_core.manifest import read_scans
from datnet_core.study import Phantom
from datnet_core.volumes import load_volume, study_grid

SMALL = Phantom(
    seed=5, participants={"definite": {"NC": 1, "PD": 1}, "confirmed": {"PD": 1}}, follow_ups=1
)


@pytest.fixture(scope="module")
def small(calibration):
    """Calibration of a two-class cohort."""
    renamed = json.loads(json.dumps(calibration).replace('"IPD"', '"PD"'))
    return {"calibration": renamed, "control": "NC"}


@pytest.fixture(scope="module")
def written(tmp_path_factory, small, atlas):
    """Function that writes a small cohort in one go and gives the digests of its files."""

    def write(cohort, **changes):
        root = tmp_path_factory.mktemp("fresh")
        phantom.write_cohort(root, cohort, atlas=atlas, **small | changes)
        return digests(root)

    return write


@pytest.fixture(scope="module")
def fresh(written):
    """Digests of the small cohort, written in one go."""
    return written(SMALL)


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


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_the_number_of_threads_does_not_change_a_byte(tmp_path, atlas, small, fresh, n_jobs):
    phantom.write_cohort(tmp_path, SMALL, atlas=atlas, n_jobs=n_jobs, **small)
    assert digests(tmp_path) == fresh


def test_a_stopped_run_continues_to_the_same_bytes(dataset, tmp_path, atlas, calibration):
    shutil.copytree(dataset, tmp_path, dirs_exist_ok=True)
    images = sorted(tmp_path.rglob("*.nii.gz"))
    kept = images[0].stat().st_mtime_ns
    images[3].with_name(f"part-{images[3].name}").write_bytes(images[3].read_bytes()[:999])
    images[3].unlink()
    shutil.rmtree(images[7].parents[2])
    for name in ("scans.tsv", "truth.tsv", "participants.tsv"):
        (tmp_path / name).unlink()
    (tmp_path / "truth.part").write_text("participant_id")
    phantom.write_cohort(tmp_path, TINY, calibration, atlas, "NC")
    assert digests(tmp_path) == digests(dataset)
    assert images[0].stat().st_mtime_ns == kept


@pytest.mark.parametrize("n_moves", [0, 3, 5, 6])  # of 4 scans and 3 tables
def test_a_run_stopped_at_any_file_is_unfinished_until_the_next(
    tmp_path, atlas, small, fresh, monkeypatch, n_moves
):
    moves = []

    def replace(source, target):
        if len(moves) == n_moves:
            raise InterruptedError(target)
        moves.append(target)
        shutil.move(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(phantom.os, "replace", replace)
        with pytest.raises(InterruptedError):
            phantom.write_cohort(tmp_path, SMALL, atlas=atlas, n_jobs=1, **small)
    assert not (tmp_path / "scans.tsv").exists()
    phantom.write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    assert digests(tmp_path) == fresh


def test_another_seed_or_calibration_replaces_every_scan(tmp_path, atlas, small, fresh, written):
    noisier = copy.deepcopy(small["calibration"])
    noisier["scanner"]["noise"] *= 2
    other_seed = SMALL.model_copy(update={"seed": 6})
    phantom.write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    outcomes = [fresh]
    for cohort, calibration in ((other_seed, small["calibration"]), (other_seed, noisier)):
        phantom.write_cohort(tmp_path, cohort, calibration, atlas, "NC")
        outcomes.append(digests(tmp_path))
        assert outcomes[-1] == written(cohort, calibration=calibration)
    images = [name for name in outcomes[0] if name.endswith(".nii.gz")]
    assert len(images) == 4
    for name in images:
        assert len({outcome[name] for outcome in outcomes}) == 3


def test_scans_of_other_code_are_replaced(tmp_path, atlas, small, monkeypatch):
    phantom.write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    image = next(tmp_path.rglob("*.nii.gz"))
    image.write_bytes(b"of a former generator")
    monkeypatch.setattr(phantom, "__file__", __file__)
    phantom.write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    assert image.read_bytes() != b"of a former generator"


def test_a_finished_data_set_that_is_mended_is_unfinished_meanwhile(
    tmp_path, atlas, small, monkeypatch
):
    phantom.write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    next(tmp_path.rglob("*.nii.gz")).unlink()
    monkeypatch.setattr(phantom, "render", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        phantom.write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    assert not (tmp_path / "scans.tsv").exists()


def test_a_stop_while_old_scans_are_removed_mixes_no_recipes(
    tmp_path, atlas, small, fresh, monkeypatch
):
    root = tmp_path / "dataset"
    phantom.write_cohort(root, SMALL.model_copy(update={"seed": 6}), atlas=atlas, **small)
    rmtree = shutil.rmtree

    def stopped(folder, **options):
        if folder.is_dir():
            (folder / "phantom.json").unlink()
            raise InterruptedError(folder)
        rmtree(folder, **options)

    with monkeypatch.context() as patch:
        patch.setattr(phantom.shutil, "rmtree", stopped)
        with pytest.raises(InterruptedError):
            phantom.write_cohort(root, SMALL, atlas=atlas, **small)
    phantom.write_cohort(root, SMALL, atlas=atlas, **small)
    assert digests(root) == fresh
    assert list(tmp_path.iterdir()) == [root]


def test_a_participant_does_not_change_when_the_cohort_grows(small):
    larger = SMALL.model_copy(update={"participants": SMALL.participants | {"possible": {"PD": 9}}})
    scans, truth = phantom.draw_participants(SMALL, **small)
    more_scans, more_truth = phantom.draw_participants(larger, **small)
    pd.testing.assert_frame_equal(more_scans[:4], scans)
    pd.testing.assert_frame_equal(more_truth[:4], truth)


def test_the_data_set_is_what_a_user_would_bring(dataset):
    scans = read_scans(dataset, ("IPD", "MSA", "PSP", "NC"), "NC")
    assert len(scans) == 16
    description = json.loads((dataset / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative" and "phantom" in description["Name"]
    assert description["BIDSVersion"] and description["GeneratedBy"]
    assert "Made by a computer" in (dataset / "README").read_text()
    assert (dataset / ".bidsignore").read_text().split() == [
        "scans.tsv",
        "truth.tsv",
        "phantom.json",
    ]
    people = pd.read_csv(dataset / "participants.tsv", sep="\t")
    assert len(people) == scans["participant_id"].nunique() == 14
    assert list(people.columns) == ["participant_id", "age", "sex"]
    for path in scans["path"]:
        assert (dataset / path.replace(".nii.gz", ".json")).is_file()
    files = {str(p.relative_to(dataset)) for p in dataset.rglob("*.nii.gz")}
    assert files == set(scans["path"])


def test_a_scan_lies_on_the_grid_of_the_atlas(dataset, atlas):
    img = nib.load(next(dataset.rglob("*.nii.gz")))
    assert img.shape == atlas.labels.shape == (79, 95, 69)
    np.testing.assert_array_equal(img.affine, atlas.affine)
    assert img.header.get_xyzt_units() == ("mm", "sec")
    assert img.get_data_dtype() == np.int16  # a rounding error of at most 1 / 64000 of the maximum


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
    certain = {"IPD": 1, "MSA": 100}
    sizes = {"possible": {"IPD": 50, "MSA": 400}, "definite": certain, "confirmed": certain}
    cohort = Phantom(participants=sizes, mislabelled=0.25)
    scans, truth = phantom.draw_participants(cohort, calibration, "NC")
    wrong = scans["diagnosis"] != truth["true_diagnosis"]
    assert set(scans.loc[wrong, "diagnosis"]) == {"IPD"}
    assert set(scans.loc[wrong, "certainty"]) == {"possible"}
    # 400 draws at 0.25 have an SD of sqrt(0.25 * 0.75 / 400) = 0.022.
    assert 0.19 < wrong[50 : 50 + 400].mean() < 0.31
    none = cohort.model_copy(update={"mislabelled": 0.0})
    scans, truth = phantom.draw_participants(none, calibration, "NC")
    assert (scans["diagnosis"] == truth["true_diagnosis"]).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), first=st.sampled_from(["IPD", "PSP"]))
def test_a_wrong_label_is_the_first_patient_diagnosis_and_never_a_control(calibration, seed, first):
    sizes = {"NC": 3} | dict.fromkeys([first, "IPD", "MSA", "PSP"], 3)
    cohort = Phantom(seed=seed, participants={"possible": sizes}, mislabelled=0.9)
    scans, truth = phantom.draw_participants(cohort, calibration, "NC")
    wrong = scans["diagnosis"] != truth["true_diagnosis"]
    assert set(scans["diagnosis"][wrong]) <= {first}
    assert not wrong[truth["true_diagnosis"].isin([first, "NC"])].any()


def test_a_possible_cohort_of_controls_only_is_drawn(calibration):
    cohort = Phantom(participants={"possible": {"NC": 4}})
    scans, _ = phantom.draw_participants(cohort, calibration, "NC")
    assert scans["diagnosis"].tolist() == ["NC"] * 4


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


def test_the_whole_striatum_of_a_person_is_worse_on_one_side_and_the_midbrain_on_none(large):
    ratio = pd.DataFrame({r: large[f"{r}_left"] / large[f"{r}_right"] for r in phantom.BINDING})
    striatum = ratio[list(phantom.STRIATUM)]
    np.testing.assert_allclose(striatum.max(axis=1), striatum.min(axis=1), rtol=2e-3)  # 4 decimals
    assert (ratio["midbrain"] == 1).all()
    left_is_worse = (striatum["putamen_anterior"] < 1)[large["true_diagnosis"] == "IPD"]
    assert 0.35 < left_is_worse.mean() < 0.65


def test_the_worse_side_is_drawn_and_lower(calibration):
    for seed in range(20):
        person = phantom._person("IPD", calibration, "NC", np.random.default_rng(seed))
        _, binding = phantom._scan(person, "IPD", 0, calibration, "NC", np.random.default_rng(0))
        better = {"left": "right", "right": "left"}[person["worse_side"]]
        for region in phantom.STRIATUM:
            assert binding[f"{region}_{person['worse_side']}"] < binding[f"{region}_{better}"]


@pytest.fixture(scope="module")
def healthy(calibration):
    ratios = calibration["healthy_binding_ratio"]
    return {f"{region}_{side}": ratios[region] for region in ratios for side in phantom.SIDES}


@pytest.mark.parametrize("region", phantom.BINDING)
def test_every_loss_lowers_its_region_in_the_image_and_no_other_count(
    healthy, atlas, calibration, region
):
    def means(kept):
        binding = healthy | {f"{region}_left": kept * healthy[f"{region}_left"]}
        image = phantom.render(binding, atlas, calibration, np.random.default_rng(1))
        wanted = [f"{region}_left", f"{region}_right", "occipital"]
        return np.array([image[region_mask(atlas, name)].mean() for name in wanted])

    unchanged = means(1.0)
    losses = sorted({calibration["loss"][name][region] for name in ("IPD", "MSA", "PSP")})
    found = np.array([means(1 - loss) / unchanged for loss in losses])
    assert (found[:, 0] < 1 - 0.1 * np.array(losses)).all()
    assert (np.diff(found[:, 0]) < 0).all()  # a larger loss, a lower mean
    assert (found[:, 0] < found[:, 1] - 0.004).all()  # the other side only blurs in
    np.testing.assert_allclose(found[:, 2], 1, atol=1e-3)


def test_an_image_has_the_noise_asked_for_and_no_negative_count(healthy, atlas, calibration):
    def image(noise):
        changed = calibration | {"scanner": calibration["scanner"] | {"noise": noise}}
        return phantom.render(healthy, atlas, changed, np.random.default_rng(2))

    noisy = image(0.35)
    assert noisy.dtype == np.float32
    np.testing.assert_array_equal(noisy, image(0.35))
    noise = (noisy / image(0) - 1)[region_mask(atlas, "white_matter")]
    # A voxel's 0.35 is filtered with s = 10 / 2.355 / 2 = 2.12 voxels, which keeps
    # 1 / (2 sqrt(pi) s) ** 1.5 = 0.0485 of the SD. White matter, with what blurs in, has an
    # activity of about 0.9: 0.35 * 0.0485 / sqrt(0.9) = 0.0179.
    assert noise.std() == pytest.approx(0.0179, rel=0.1)
    assert image(50).min() == 0


def test_asymmetry_is_largest_in_ipd(large):
    left, right = large["putamen_posterior_left"], large["putamen_posterior_right"]
    index = (2 * (left - right).abs() / (left + right)).groupby(large["true_diagnosis"]).mean()
    assert index["IPD"] > index["MSA"] > index["PSP"] > index["NC"]


def test_region_means_of_the_images_recover_the_order_of_the_truth(dataset, atlas):
    truth = pd.read_csv(dataset / "truth.tsv", sep="\t")
    paths = pd.read_csv(dataset / "scans.tsv", sep="\t")["path"]
    volumes = np.stack([load_volume(dataset / path, atlas, 2.0, "occipital") for path in paths])
    for region in phantom.BINDING:
        least = 0.75 if region in ("accumbens", "midbrain") else 0.85  # small ones blur more
        for name in (f"{region}_left", f"{region}_right"):
            found = pd.Series(volumes[:, region_mask(atlas, name)].mean(axis=1))
            assert found.corr(truth[name], method="spearman") > least, name
    left, right = (
        volumes[:, region_mask(atlas, f"putamen_{s}")].mean(axis=1) for s in phantom.SIDES
    )
    difference = truth["putamen_anterior_left"] - truth["putamen_anterior_right"]
    clear = difference.abs() > 0.2
    assert clear.sum() >= 5
    np.testing.assert_array_equal(np.sign(left - right)[clear], np.sign(difference[clear]))


def test_uptake_in_the_image_follows_the_binding_of_the_truth(dataset, atlas):
    truth = pd.read_csv(dataset / "truth.tsv", sep="\t")
    scans = pd.read_csv(dataset / "scans.tsv", sep="\t")
    volumes = np.stack([load_volume(dataset / p, atlas, 4.0, "occipital") for p in scans["path"]])
    found = regional_binding(volumes, atlas, study_grid(4.0)[0], "occipital")
    for side in ("left", "right"):
        parts = [f"putamen_anterior_{side}", f"putamen_posterior_{side}"]
        assert np.corrcoef(found[f"putamen_{side}"], truth[parts].mean(axis=1))[0, 1] > 0.95
        assert np.corrcoef(found[f"caudate_{side}"], truth[f"caudate_{side}"])[0, 1] > 0.9


def test_every_number_of_the_calibration_has_a_source(study):
    def without_source(node, path=()):
        if not isinstance(node, dict):
            yield path
        elif "source" not in node:
            for key, child in node.items():
                yield from without_source(child, (*path, key))

    text = (study.data_manifest / "phantom.yaml").read_text()
    assert list(without_source(yaml.safe_load(text))) == []
