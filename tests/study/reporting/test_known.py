"""A scan of the study is recognised by its content, whatever its name or format."""

import gzip
import shutil

import nibabel as nib
import numpy as np
import pytest
from small_judges import IMAGES, remember

from datnet_images.volumes import to_grid, volume_of
from datnet_study.reporting.known import nearest, same_file, same_scan
from datnet_study.reporting.of_study import study_judge
from datnet_study.study import read_study


@pytest.fixture
def mine(project):
    remember(project, project / "own/sub-0002.nii.gz")
    return read_study("mine.yaml")


def test_a_copy_under_another_name_is_the_same_file(mine, project):
    shutil.copy(project / "own/sub-0002.nii.gz", project / "renamed.nii.gz")
    known = same_file(project / "renamed.nii.gz", mine)
    assert (known.participant, known.session, known.row) == ("sub-0002", "ses-1", 2)
    assert known.models == ("fold-0",) and known.is_file


def test_another_file_is_none_of_the_study(mine, project):
    (project / "other.nii.gz").write_bytes(gzip.compress(b"other"))
    assert same_file(project / "other.nii.gz", mine) is None


@pytest.mark.parametrize("change", ["scaled", "turned", "coarser", "rounded"])
def test_the_same_voxels_in_another_form_are_the_same_scan(mine, atlas, phantom, change):
    data, affine = phantom.get_fdata(dtype=np.float32), phantom.affine
    img = {
        "scaled": lambda: nib.Nifti1Image(data * 3, affine),
        "turned": lambda: nib.Nifti1Image(data, affine).as_reoriented([[0, -1], [1, 1], [2, -1]]),
        "coarser": lambda: nib.Nifti1Image(
            to_grid(phantom, affine @ np.diag([1.25, 1.25, 1.25, 1]), (31, 38, 27)),
            affine @ np.diag([1.25, 1.25, 1.25, 1]),
        ),
        "rounded": lambda: nib.Nifti1Image(np.round(data / data.max() * 500), affine),
    }[change]()
    volume = volume_of(img, atlas, IMAGES.grid_mm, IMAGES.reference_region)
    known = same_scan(volume, mine)
    assert known.participant == "sub-0002" and not known.is_file


def test_other_people_are_not_taken_for_participants(mine, rng):
    volumes = np.load(mine.volumes(8.0))
    changed = volumes[2] * rng.normal(1, 0.1, volumes[2].shape).astype(np.float32)
    assert nearest(changed, volumes, mine) is None


def test_who_was_in_the_blind_test_is_judged_by_all_and_who_taught_all_by_none(mine):
    volumes = np.load(mine.volumes(8.0))
    assert same_scan(volumes[1], mine).models == ("fold-0", "fold-1")
    assert same_scan(volumes[0], mine).models == ()
    assert same_scan(volumes[3], mine).models == ("fold-1",)


def test_a_model_that_stopped_on_the_scans_of_a_participant_has_seen_them(project):
    import yaml

    settings = yaml.safe_load((project / "mine.yaml").read_text())
    settings["training"]["early_stopping_on"] = "test_fold"
    (project / "mine.yaml").write_text(yaml.safe_dump(settings))
    mine = read_study("mine.yaml")
    volumes = np.load(mine.volumes(8.0))
    assert same_scan(volumes[3], mine).models == ()
    assert same_scan(volumes[1], mine).models == ("fold-0", "fold-1")  # of the blind test
    assert study_judge(mine).facts.doubt is None  # nor are there people who were judged unseen


def test_without_pretraining_nobody_has_learned_from_uncertain_diagnoses(project):
    import yaml

    settings = yaml.safe_load((project / "mine.yaml").read_text())
    settings["training"]["pretrain_on"] = "none"
    (project / "mine.yaml").write_text(yaml.safe_dump(settings))
    mine = read_study("mine.yaml")
    assert same_scan(np.load(mine.volumes(8.0))[0], mine).models == ("fold-0", "fold-1")


def test_a_scan_that_was_normalised_is_known_by_its_source(mine, project):
    import hashlib
    import json

    path = project / "own/native.nii.gz"
    path.write_bytes(b"as the camera has it")
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    record = project / "results/mine/normalised/sub-0005/ses-1/pet/sub-0005_ses-1_quality.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"made_from": json.dumps(["code", content]), "row": {}}))
    assert same_file(path, mine).participant == "sub-0005"


def test_missing_tables_are_named(mine, project):
    (project / "results/mine/quality.tsv").unlink()
    with pytest.raises(FileNotFoundError, match="quality.tsv is missing"):
        same_file(project / "own/sub-0002.nii.gz", mine)
