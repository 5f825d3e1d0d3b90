"""BIDS data sets, raw and derivative: images, tables, sidecars, and what of them is written."""

import gzip
import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from datnet_study.importing import Wanted, import_scans
from datnet_study.importing.bids import bids_scans

AFFINE = np.array([[3, 0, 0, -20], [0, 4, 0, -30], [0, 0, 5, -40], [0, 0, 0, 1.0]])
# Names of the specification's PET appendix; times in seconds from TimeZero.
SIDECAR = {
    "Manufacturer": "PLANT-1", "InstitutionName": "PLANT-2", "TimeZero": "13:15:07",
    "TracerName": "PLANT-3", "TracerRadionuclide": "F18", "Units": "Bq/mL",
    "InjectedRadioactivity": 370.5, "InjectedRadioactivityUnits": "MBq", "InjectionStart": 60,
    "FrameTimesStart": [3660], "FrameDuration": [900], "ReconMethodName": "PLANT-4",
    "SourceKey": "PLANT-5",
}  # fmt: skip


def data_set(root, volume, kind="raw", visits=(("01", "base"), ("02", "base")), **facts):
    root.mkdir(parents=True)
    about = {"Name": "PLANT-6", "BIDSVersion": "1.10.0", "DatasetType": kind}
    (root / "dataset_description.json").write_text(json.dumps(about))
    (root / "participants.tsv").write_text(
        "participant_id\tage\tsex\tgroup\tname\n"
        "sub-01\t61.5\tfemale\tPD\tPLANT-7\nsub-02\t89+\tn/a\tcontrol\tPLANT-8\n"
    )
    (root / "pet.json").write_text(json.dumps(SIDECAR | facts))  # inherited by every image
    for who, session in visits:
        folder = root / f"sub-{who}/ses-{session}/pet"
        folder.mkdir(parents=True)
        img = nib.Nifti1Image(volume.astype(np.float32), AFFINE)
        img.header["descrip"], img.header["aux_file"] = b"PLANT-9", b"PLANT-10"
        img.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"PLANT-11"))
        nib.save(img, folder / f"sub-{who}_ses-{session}_pet.nii.gz")
    return root


@pytest.fixture
def volume(rng):
    return rng.random((6, 7, 5)) * 100


def imported(tmp_path, **wanted):
    said = []
    import_scans(tmp_path / "from", tmp_path / "to", Wanted(**wanted), say=said.append)
    scans = pd.read_csv(tmp_path / "to/scans.tsv", sep="\t")
    return scans.sort_values("age", ignore_index=True), "".join(said)


@pytest.mark.parametrize("kind", ["raw", "derivative"])
def test_images_and_tables_of_a_data_set_come_in(tmp_path, volume, kind):
    data_set(tmp_path / "from", volume, kind)
    scans, _ = imported(tmp_path)
    assert scans["diagnosis"].tolist() == ["PD", "control"]
    assert scans["age"].tolist() == [61.5, 89.0]
    assert scans["sex"].fillna("").tolist() == ["F", ""]
    assert scans["injection_to_scan_min"].tolist() == [60.0, 60.0]
    for path in scans["path"]:
        img = nib.load(tmp_path / "to" / path)
        np.testing.assert_allclose(img.affine, AFFINE)
        np.testing.assert_allclose(img.get_fdata(), volume, rtol=1e-6)
    sidecar = json.loads(
        (tmp_path / "to" / scans["path"][0].replace(".nii.gz", ".json")).read_text()
    )
    assert (sidecar["InjectedRadioactivity"], sidecar["Units"]) == (370.5, "Bq/mL")
    about = json.loads((tmp_path / "to/dataset_description.json").read_text())
    assert about["DatasetType"] == "derivative"
    assert about["GeneratedBy"] and about["SourceDatasets"]


def test_no_word_of_a_sidecar_table_or_image_comes_through(tmp_path, volume):
    data_set(tmp_path / "from", volume, visits=[("Roe", "20190823"), ("01", "base")])
    scans, _ = imported(tmp_path)
    assert len(scans) == 2
    found = []
    for path in (tmp_path / "to").rglob("*"):
        found.append(str(path.relative_to(tmp_path)).encode())
        if path.is_file():
            content = path.read_bytes()
            found += [content, gzip.decompress(content) if path.suffix == ".gz" else b""]
    written = b"\n".join(found)
    assert [word for word in (b"PLANT", b"Roe", b"2019", b"13:15") if word in written] == []


def test_data_sets_below_derivatives_are_sources_of_their_own(tmp_path, volume):
    data_set(tmp_path / "from", volume)
    data_set(tmp_path / "from/derivatives/pipe", volume, "derivative")
    raw, _ = bids_scans(tmp_path / "from", Wanted())
    below, _ = bids_scans(tmp_path / "from/derivatives/pipe", Wanted())
    assert [len(raw), len(below)] == [2, 2]


def test_sessions_are_ordered_in_time_and_bring_their_own_values(tmp_path, volume):
    root = data_set(tmp_path / "from", volume, visits=[("01", "a"), ("01", "b")])
    (root / "sub-01/sub-01_sessions.tsv").write_text(
        "session_id\tacq_time\tage\nses-a\t2021-05-01T10:00:00\t63\nses-b\t2019-05-01T10:00:00\t61\n"
    )
    scans, _ = imported(tmp_path)
    assert scans[["session_id", "age"]].to_numpy().tolist() == [["ses-1", 61.0], ["ses-2", 63.0]]


def test_frames_are_chosen_by_the_window(tmp_path, volume):
    frames = np.stack([volume, 2 * volume, 4 * volume], axis=3)
    times = {"FrameTimesStart": [60, 3660, 3960], "FrameDuration": [3600, 300, 600]}
    data_set(tmp_path / "from", frames, visits=[("01", "base")], **times)
    with pytest.raises(ValueError, match="no scan could be imported"):
        imported(tmp_path)
    assert "3 frames from 0 min on" in (tmp_path / "to-private/left_out.txt").read_text()
    scans, _ = imported(tmp_path, window_min=(60, 75))
    values = nib.load(tmp_path / "to" / scans["path"][0]).get_fdata()
    np.testing.assert_allclose(values, volume * (2 * 5 + 4 * 10) / 15, rtol=1e-5)


def test_of_several_images_of_a_session_one_has_to_be_named(tmp_path, volume):
    root = data_set(tmp_path / "from", volume, visits=[("01", "base")])
    first = root / "sub-01/ses-base/pet/sub-01_ses-base_pet.nii.gz"
    first.with_name("sub-01_ses-base_rec-acstat_pet.nii.gz").write_bytes(first.read_bytes())
    both, _ = bids_scans(root, Wanted())
    one, _ = bids_scans(root, Wanted(series="acstat"))
    assert [scan.problems[0][:36] for scan in both] == ["one of 2 images of the same session;"] * 2
    assert [scan.problems for scan in one] == [()]


def test_a_file_that_is_only_a_link_is_left_out_with_its_reason(tmp_path, volume):
    root = data_set(tmp_path / "from", volume)
    path = root / "sub-02/ses-base/pet/sub-02_ses-base_pet.nii.gz"
    path.unlink()
    path.symlink_to("nowhere")  # as of a data set whose content was not fetched
    scans, said = imported(tmp_path)
    assert len(scans) == 1
    assert f"{path}: no readable image" in said


@pytest.mark.parametrize("damage", ["end", "middle", "checksum"])
def test_a_damaged_image_is_left_out_and_the_others_come_in(tmp_path, volume, damage):
    data_set(tmp_path / "from", volume)
    image = tmp_path / "from/sub-02/ses-base/pet/sub-02_ses-base_pet.nii.gz"
    whole = image.read_bytes()
    half, flipped = len(whole) // 2, bytes(255 - byte for byte in whole)
    image.write_bytes(
        {
            "end": whole[:-30],
            "middle": whole[:half] + flipped[half : half + 9] + whole[half + 9 :],
            "checksum": whole[:-8] + flipped[-8:-4] + whole[-4:],
        }[damage]
    )
    scans, said = imported(tmp_path)
    assert scans["age"].tolist() == [61.5]
    assert f"{image}: no readable image (" in said and "copy it again" in said


def test_spect_under_its_own_suffix_comes_in(tmp_path, volume):
    root = data_set(tmp_path / "from", volume, visits=[("01", "base")])
    path = root / "sub-01/ses-base/pet/sub-01_ses-base_pet.nii.gz"
    path.rename(path.with_name("sub-01_ses-base_desc-recon_spect.nii.gz"))
    [scan], _ = bids_scans(root, Wanted())
    assert scan.problems == ()
