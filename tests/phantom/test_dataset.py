"""The phantom cohort: determined by its seed, complete, and with the truth it claims."""

import hashlib
import json
import platform
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import TINY, changed, scan_table

from datnet_core import files
from datnet_images.atlas import region_mask
from datnet_images.binding import regional_binding
from datnet_images.grid import study_grid
from datnet_images.volumes import load_volume
from datnet_phantom import dataset as dataset_module
from datnet_phantom import scanner
from datnet_phantom.calibration import Calibration
from datnet_phantom.cohort import Cohort
from datnet_phantom.dataset import write_cohort
from datnet_phantom.noise import noise_cv
from datnet_phantom.numbers import read_calibration
from datnet_phantom.regions import SIDES
from datnet_study.scans import read_scans
from datnet_study.study import read_study

SMALL = Cohort(
    seed=5, participants={"definite": {"NC": 1, "PD": 1}, "confirmed": {"PD": 1}}, follow_ups=1
)


@pytest.fixture(scope="module")
def small(calibration):
    """Calibration of a two-class cohort."""
    renamed = calibration.model_dump_json().replace('"IPD"', '"PD"')
    return {
        "calibration": Calibration.model_validate_json(renamed),
        "control": "NC",
        "reference_region": "occipital",
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory, small, atlas):
    """Function that writes a small cohort in one go and gives the digests of its files."""

    def write(cohort, **changes):
        root = tmp_path_factory.mktemp("fresh")
        write_cohort(root, cohort, atlas=atlas, **small | changes)
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


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_the_number_of_threads_does_not_change_a_byte(tmp_path, atlas, small, fresh, n_jobs):
    write_cohort(tmp_path, SMALL, atlas=atlas, n_jobs=n_jobs, **small)
    assert digests(tmp_path) == fresh


def test_a_stopped_run_continues_to_the_same_bytes(dataset, tmp_path, atlas, calibration):
    shutil.copytree(dataset, tmp_path, dirs_exist_ok=True)
    images = sorted(tmp_path.rglob("*_pet.nii.gz"))
    kept = images[0].stat().st_mtime_ns
    gone = f"part-{platform.node()}.{2**22 + 7}"  # above the largest number of a process
    images[3].with_name(f"{gone}-{images[3].name}").write_bytes(images[3].read_bytes()[:999])
    images[3].unlink()
    shutil.rmtree(images[7].parents[2])
    for name in ("scans.tsv", "truth/scans.tsv", "participants.tsv"):
        (tmp_path / name).unlink()
    (tmp_path / "truth" / f"{gone}-scans.tsv").write_text("participant_id")
    write_cohort(tmp_path, TINY, calibration, atlas, "NC", "occipital")
    assert digests(tmp_path) == digests(dataset)
    assert images[0].stat().st_mtime_ns == kept


@pytest.mark.parametrize("n_moves", [0, 3, 5, 8, 9])  # of 4 scans, 3 maps and 3 tables
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
        patch.setattr(files.os, "replace", replace)
        with pytest.raises(InterruptedError):
            write_cohort(tmp_path, SMALL, atlas=atlas, n_jobs=1, **small)
    assert not (tmp_path / "scans.tsv").exists()
    write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    assert digests(tmp_path) == fresh


def test_another_seed_or_calibration_replaces_every_scan(tmp_path, atlas, small, fresh, written):
    noise = small["calibration"].scanner.reconstruction_noise
    noisier = changed(small["calibration"], "scanner", reconstruction_noise=2 * noise)
    other_seed = replace(SMALL, seed=6)
    write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    outcomes = [fresh]
    for cohort, calibration in ((other_seed, small["calibration"]), (other_seed, noisier)):
        write_cohort(tmp_path, cohort, calibration, atlas, "NC", "occipital")
        outcomes.append(digests(tmp_path))
        assert outcomes[-1] == written(cohort, calibration=calibration)
    images = [name for name in outcomes[0] if name.endswith("_pet.nii.gz")]
    assert len(images) == 4
    for name in images:
        assert len({outcome[name] for outcome in outcomes}) == 3


def test_scans_of_other_code_are_replaced(tmp_path, atlas, small, monkeypatch):
    write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    image = next(tmp_path.rglob("*_pet.nii.gz"))
    image.write_bytes(b"of a former generator")
    monkeypatch.setattr(dataset_module, "__file__", __file__)
    write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    assert image.read_bytes() != b"of a former generator"


def test_a_finished_data_set_that_is_mended_is_unfinished_meanwhile(
    tmp_path, atlas, small, monkeypatch
):
    write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    next(tmp_path.rglob("*_pet.nii.gz")).unlink()
    monkeypatch.setattr(dataset_module, "render", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_cohort(tmp_path, SMALL, atlas=atlas, **small)
    assert not (tmp_path / "scans.tsv").exists()


def test_a_stop_while_old_scans_are_removed_mixes_no_recipes(
    tmp_path, atlas, small, fresh, monkeypatch
):
    root = tmp_path / "dataset"
    write_cohort(root, replace(SMALL, seed=6), atlas=atlas, **small)
    rmtree = shutil.rmtree

    def stopped(folder, **options):
        if folder.is_dir():
            (folder / "phantom.json").unlink()
            raise InterruptedError(folder)
        rmtree(folder, **options)

    with monkeypatch.context() as patch:
        patch.setattr(dataset_module.shutil, "rmtree", stopped)
        with pytest.raises(InterruptedError):
            write_cohort(root, SMALL, atlas=atlas, **small)
    write_cohort(root, SMALL, atlas=atlas, **small)
    assert digests(root) == fresh
    assert list(tmp_path.iterdir()) == [root]


def test_the_data_set_is_what_a_user_would_bring(dataset):
    scans = read_scans(scan_table(dataset), ("IPD", "MSA", "PSP", "NC"))
    assert len(scans) == 16
    description = json.loads((dataset / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative" and "phantom" in description["Name"]
    assert description["BIDSVersion"] and description["GeneratedBy"]
    assert "made by a computer" in (dataset / "README").read_text()
    assert (dataset / ".bidsignore").read_text().split() == [
        "scans.tsv",
        "phantom.json",
        "truth",
    ]
    people = pd.read_csv(dataset / "participants.tsv", sep="\t")
    assert len(people) == scans["participant_id"].nunique() == 14
    assert list(people.columns) == ["participant_id", "age", "sex"]
    for path in scans["path"]:
        assert (dataset / path.replace(".nii.gz", ".json")).is_file()
    files = {str(p.relative_to(dataset)) for p in dataset.rglob("*_pet.nii.gz")}
    assert files == set(scans["path"])


def test_a_scan_lies_on_the_grid_of_the_atlas(dataset, atlas):
    img = nib.load(next(dataset.rglob("*_pet.nii.gz")))
    assert img.shape == atlas.labels.shape == (79, 95, 69)
    np.testing.assert_array_equal(img.affine, atlas.affine)
    assert img.header.get_xyzt_units() == ("mm", "sec")
    assert img.get_data_dtype() == np.int16  # a rounding error of at most 1 / 64000 of the maximum


def test_region_means_of_the_images_recover_the_order_of_the_truth(dataset, atlas):
    truth = pd.read_csv(dataset / "truth" / "scans.tsv", sep="\t")
    paths = pd.read_csv(dataset / "scans.tsv", sep="\t")["path"]
    volumes = np.stack([load_volume(dataset / path, atlas, 2.0, "occipital") for path in paths])
    for region in ("putamen_anterior", "putamen_posterior", "caudate"):  # others: noise prevails
        for name in (f"{region}_left", f"{region}_right"):
            found = pd.Series(volumes[:, region_mask(atlas, name)].mean(axis=1))
            assert found.corr(truth[name], method="spearman") > 0.7, name
    left, right = (volumes[:, region_mask(atlas, f"putamen_{s}")].mean(axis=1) for s in SIDES)
    difference = truth["putamen_anterior_left"] - truth["putamen_anterior_right"]
    clear = difference.abs() > 0.3
    assert clear.sum() >= 5
    np.testing.assert_array_equal(np.sign(left - right)[clear], np.sign(difference[clear]))


def test_uptake_in_the_image_follows_the_binding_of_the_truth(dataset, atlas):
    truth = pd.read_csv(dataset / "truth" / "scans.tsv", sep="\t")
    scans = pd.read_csv(dataset / "scans.tsv", sep="\t")
    volumes = np.stack([load_volume(dataset / p, atlas, 4.0, "occipital") for p in scans["path"]])
    found = regional_binding(
        volumes, atlas, study_grid(4.0)[0], "occipital", ("putamen", "caudate")
    )
    for side in ("left", "right"):
        parts = [f"putamen_anterior_{side}", f"putamen_posterior_{side}"]
        assert np.corrcoef(found[f"putamen_{side}"], truth[parts].mean(axis=1))[0, 1] > 0.95
        assert np.corrcoef(found[f"caudate_{side}"], truth[f"caudate_{side}"])[0, 1] > 0.8


def test_the_official_validator_finds_no_error(dataset):
    validator = Path(sys.executable).with_name("bids-validator-deno")
    run = subprocess.run([validator, dataset, "--format", "json"], capture_output=True, text=True)
    issues = json.loads(run.stdout)["issues"]["issues"]
    assert [i for i in issues if i.get("severity") == "error"] == []
    assert run.returncode == 0


def test_the_validator_does_find_errors(dataset, tmp_path):
    broken = shutil.copytree(dataset, tmp_path / "broken")
    next(broken.rglob("*_pet.json")).write_text("{}")
    validator = Path(sys.executable).with_name("bids-validator-deno")
    assert subprocess.run([validator, broken], capture_output=True).returncode != 0


def test_the_truth_has_a_row_for_each_scan_and_maps_for_each_pair(dataset):
    scans = pd.read_csv(dataset / "scans.tsv", sep="\t")
    truth = pd.read_csv(dataset / "truth" / "scans.tsv", sep="\t")
    keys = ["participant_id", "session_id"]
    pd.testing.assert_frame_equal(scans[keys], truth[keys])
    maps = {path.name for path in (dataset / "truth").glob("effect_*.nii.gz")}
    pairs = ("IPD-MSA", "IPD-NC", "MSA-NC")
    kinds = ("tissue", "image", "d")
    assert maps == {f"effect_{pair}_{kind}.nii.gz" for pair in pairs for kind in kinds}


def test_the_images_of_a_group_do_not_depend_on_the_size_of_another(tmp_path, atlas, small, fresh):
    larger = replace(SMALL, participants=SMALL.participants | {"possible": {"PD": 2}})
    write_cohort(tmp_path, larger, atlas=atlas, **small)
    found = digests(tmp_path)
    for name in fresh:
        if name.endswith("_pet.nii.gz"):
            assert found[name] == fresh[name]


def test_identical_patients_get_identical_images_whatever_their_label(tmp_path, atlas, calibration):
    def images(name, diagnosis, identical):
        cohort = Cohort(
            participants={"definite": {diagnosis: 1}}, mislabelled={}, identical_patients=identical
        )
        write_cohort(tmp_path / name, cohort, calibration, atlas, "NC", "occipital")
        return digests(tmp_path / name)[
            "sub-0001/ses-baseline/pet/"
            "sub-0001_ses-baseline_space-MNI152NLin6Asym_res-02_pet.nii.gz"
        ]

    alike = {images(f"{d}-alike", d, True) for d in ("IPD", "MSA", "PSP")}
    assert len(alike) == 1
    assert len(alike | {images(f"{d}-own", d, False) for d in ("IPD", "MSA", "PSP")}) == 3


def test_a_follow_up_has_the_anatomy_of_the_first_scan(atlas, calibration, monkeypatch, tmp_path):
    shapes = []
    drawn = scanner.deformation

    def recorded(*arguments):
        shapes.append(drawn(*arguments))
        return shapes[-1].copy()

    monkeypatch.setattr(scanner, "deformation", recorded)
    cohort = Cohort(participants={"confirmed": {"IPD": 2}}, follow_ups=1)
    write_cohort(tmp_path, cohort, calibration, atlas, "NC", "occipital", n_jobs=1)
    same = [np.array_equal(a, b) for k, a in enumerate(shapes) for b in shapes[:k]]
    assert sorted(same) == [False, False, True]


def test_another_tracer_is_a_file_of_numbers_and_a_study_file(
    tmp_path, study, atlas, calibration, monkeypatch
):
    manifest = tmp_path / "data_manifest"
    manifest.mkdir()
    content = yaml.safe_load(study.calibration_path.read_text())
    content["tracer"] = {
        "name": {"value": "invented", "source": "assumption"},
        "radionuclide": {"value": "F18", "source": "assumption"},
        "half_life_min": {"value": 109.77, "source": "definition"},
    }
    (manifest / "phantom-invented.yaml").write_text(yaml.safe_dump(content))
    people = {"numbers": "phantom-invented.yaml", "participants": {"definite": {"NC": 1}}}
    settings = {"name": "invented", "title": "An invented tracer", "phantom": people}
    (manifest / "invented.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.chdir(tmp_path)
    other = read_study("data_manifest/invented.yaml")
    numbers = read_calibration(other.calibration_path, other.phantom.scanner)
    noise = [noise_cv(c.scanner, c.tracer.half_life_min) for c in (numbers, calibration)]
    assert noise[0] < noise[1] / 2  # more counts are left after an hour
    for name, drawn_with in {"cft": calibration, "invented": numbers}.items():
        write_cohort(
            tmp_path / name, other.phantom.cohort, drawn_with, atlas, other.control, "occipital"
        )
    pet = "sub-0001/ses-baseline/pet/sub-0001_ses-baseline_space-MNI152NLin6Asym_res-02_pet"
    sidecars = [json.loads((tmp_path / f"{n}/{pet}.json").read_text()) for n in ("cft", "invented")]
    assert [s["TracerName"] for s in sidecars] == ["CFT (simulated)", "invented (simulated)"]
    assert [s["TracerRadionuclide"] for s in sidecars] == ["C11", "F18"]
    images = [nib.load(tmp_path / f"{n}/{pet}.nii.gz").get_fdata() for n in ("cft", "invented")]
    assert not np.allclose(images[0], images[1], rtol=0.01)


def test_another_reference_region_replaces_the_maps_of_true_differences(
    tmp_path, atlas, small, fresh
):
    write_cohort(tmp_path, SMALL, atlas=atlas, **small | {"reference_region": "cerebellum"})
    other = digests(tmp_path)
    changed_files = {name for name in fresh if fresh[name] != other[name]}
    image_map = "truth/effect_PD-NC_image.nii.gz"
    assert {image_map, "phantom.json"} <= changed_files
    assert changed_files <= {image_map, "truth/effect_PD-NC_d.nii.gz", "phantom.json"}
