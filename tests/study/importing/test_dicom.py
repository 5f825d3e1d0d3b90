"""DICOM series as scans: frames, ages, what may be written of a header."""

import nibabel as nib
import numpy as np
import pytest
from dicom_archives import write_nm, write_pet
from pydicom.dataset import Dataset

from datnet_study.importing import import_scans
from datnet_study.importing.dicom import age_of, dicom_scans
from datnet_study.importing.source_scan import Wanted

AFFINE = np.array([[3, 0, 0, -20], [0, 4, 0, -30], [0, 0, 5, -40], [0, 0, 0, 1.0]])


@pytest.fixture
def volume(rng):
    return rng.random((6, 7, 5)) * 100


def test_the_image_is_the_mean_of_the_frames_in_the_window_by_their_length(tmp_path, volume):
    for k, (start, length) in enumerate([(0, 300), (300, 600), (900, 600)]):
        write_pet(tmp_path, volume * (k + 1), AFFINE, frame=(k, 3, start, length))
    [scan], _ = dicom_scans(tmp_path, Wanted((60, 75)))
    # (1 * 5 min + 2 * 10 min) / 15 min
    values = nib.as_closest_canonical(scan.read()[0]).get_fdata()
    np.testing.assert_allclose(values, volume * 25 / 15, atol=0.02)
    assert scan.sidecar["FrameTimesStart"] == [3600, 3900]
    assert scan.sidecar["FrameDuration"] == [300, 600]


def test_of_several_series_of_an_examination_one_has_to_be_named(tmp_path, volume):
    exam = {"StudyInstanceUID": "1.2"}
    write_pet(tmp_path / "a", volume, AFFINE, SeriesDescription="PET AC", **exam)
    write_pet(tmp_path / "b", volume, AFFINE, SeriesDescription="PET uncorrected", **exam)
    both, _ = dicom_scans(tmp_path, Wanted())
    one, remarks = dicom_scans(tmp_path, Wanted(series="AC"))
    assert [scan.problems[0][:24] for scan in both] == ["series 3, one of 2 of th"] * 2
    assert [(scan.where, scan.problems) for scan in one] == [(tmp_path / "a", ())]
    assert remarks == [f"{tmp_path}: 1 series of other kinds passed over"]


def test_doses_have_one_unit_whatever_the_modality_counts_in(tmp_path, volume):
    def change(header):
        header.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = 185

    write_pet(tmp_path / "pet", volume, AFFINE)
    write_nm(tmp_path / "nm/a.dcm", volume, AFFINE, change=change)
    scans, _ = dicom_scans(tmp_path, Wanted())
    doses = {s.sidecar["Modality"]: s.sidecar["InjectedRadioactivity"] for s in scans}
    assert doses == {"PT": 370.0, "NM": 185.0}


@pytest.mark.parametrize(
    ("elements", "age"),
    [
        ({"PatientAge": "064Y"}, 64),
        ({"PatientAge": "030M"}, 2),
        ({"PatientBirthDate": "19550824", "StudyDate": "20190823"}, 63),  # a day before
        ({"PatientBirthDate": "19550823", "StudyDate": "20190823"}, 64),
        ({"PatientBirthDate": "19550823", "StudyDate": "18990101"}, None),
        ({"PatientBirthDate": "19550823"}, None),
        ({}, None),
    ],
)
def test_an_age_is_in_whole_years(elements, age):
    header = Dataset()
    for name, value in elements.items():
        setattr(header, name, value)
    assert age_of(header) == age


def test_a_file_that_begins_as_dicom_and_cannot_be_read_is_named(tmp_path, volume):
    write_pet(tmp_path, volume, AFFINE)
    (tmp_path / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\2\0\0")
    scans, remarks = dicom_scans(tmp_path, Wanted())
    assert len(scans) == 1
    assert remarks[0].startswith(f"{tmp_path}/broken.dcm: no modality in its header")


def test_ratios_of_a_phantom_survive_the_way_through_dicom(tmp_path, brain):
    write_pet(tmp_path / "from/pet", brain.volume, brain.affine)
    write_nm(tmp_path / "from/nm/a.dcm", brain.volume, brain.affine, downwards=True, PatientID="2")
    import_scans(tmp_path / "from", tmp_path / "to", Wanted(), say=str)
    paths = list((tmp_path / "to").rglob("*.nii.gz"))
    assert len(paths) == 2
    for path in paths:
        np.testing.assert_allclose(brain.ratios_of(path), brain.ratios, rtol=0.01)
