"""Archives by a second writer, who knew public documents only: what comes in, and what does not."""

import gzip
import json
import zipfile
from datetime import datetime

import nibabel as nib
import pandas as pd
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import SecondaryCaptureImageStorage
from second_archives import person, pet, planted, save, spect, uid
from second_datasets import LONI, bids_image, centred, loni, raw_bids
from second_head import PLACES, SHAPE, ratios
from second_hospital import PEOPLE, hospital

from datnet_study.importing import Wanted, import_scans
from datnet_study.importing.dicom import age_of

DYNAMIC = {"frames": ((0, 60), (60, 5), (65, 10)), "gains": [2, 1.2, 0.9]}  # mean 1 from 60 to 75
TRUE = {name: value for name, (_, value) in PLACES.items()}
SOMEBODY = person("4711", "Irgendwer", "Ida")


def brought_in(folder, **wanted):
    """The scan table with the ids at the source, everything said, and the folder of an import."""
    said, target = [], folder.with_name(f"{folder.name}-in")
    import_scans(folder, target, Wanted(**wanted), say=said.append)
    scans = pd.read_csv(target / "scans.tsv", sep="\t", dtype={"participant_id": str})
    who = pd.read_csv(
        target.with_name(f"{target.name}-private") / "who_is_who.tsv", sep="\t", dtype=str
    )
    scans["who"] = scans["participant_id"].map(who.set_index("participant_id").iloc[:, 0])
    remarks = (target.with_name(f"{target.name}-private") / "left_out.txt").read_text()
    return scans, remarks, target


def assert_ratios(target, scans):
    for path in scans["path"]:
        img = nib.load(target / path)
        assert ratios(img.get_fdata(), img.affine) == pytest.approx(TRUE, rel=0.01)


def assert_without(target, words):
    for path in target.rglob("*"):
        content = str(path.relative_to(target)).encode()
        if path.is_file():
            content += path.read_bytes()
            content += gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else b""
        plain = content.lower()
        for word in words:
            spellings = {word.encode(code, "ignore") for code in ("utf-8", "latin-1", "utf-16-le")}
            assert not [s for s in spellings if len(s) > 3 and s.lower() in plain], (path, word)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    folder = tmp_path_factory.mktemp("klinik") / "Export für Dr. Wachsmuth"
    hospital(folder)
    return brought_in(folder, window_min=(60, 75))


USABLE = (
    "dynamic", "midnight", "twice", "late", "across", "prone", "oblique", "bare", "packed", "suv",
    "uncorrected", "copied", "tracers",
)  # fmt: skip


def test_a_hospital_comes_in_with_its_ratios_and_places(clinic):
    scans, _, target = clinic
    expected = [PEOPLE[name]["PatientID"].strip() for name in (*USABLE, "twice")]
    assert sorted(scans["who"]) == sorted(expected)
    assert scans["injection_to_scan_min"].tolist() == [60.0] * len(expected)
    assert_ratios(target, scans)
    assert scans[scans["who"] == "8812"]["age"].tolist() == [57, 59]
    assert scans[scans["who"] == "8812"]["session_id"].tolist() == ["ses-1", "ses-2"]


def test_nothing_of_a_person_or_a_hospital_gets_into_the_folder(clinic):
    words = planted(PEOPLE.values())
    assert len(words) > 60
    assert_without(clinic[2], words)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("ST5", f"{SHAPE[2] - 1} slices; the header declares {SHAPE[2]}"),
        ("ST6", f"{SHAPE[2] - 1} slices; the header declares {SHAPE[2]}"),
        ("ST13", "corrected for DECY DTIM RAN NORM; expected ATTN too"),
        ("ST15", "frames at 45-60 min after injection"),
        ("NM1/NM1", "frames at 240-240 min after injection"),
        ("NM3/NM1", "image type 'ORIGINAL PRIMARY TOMO EMISSION'; expected RECON TOMO"),
        ("NM4/NM1", "no orientation or position of the image"),
        ("X1", "no PatientID"),
        ("X2", "no PatientID"),
    ],
)
def test_what_a_hospital_has_and_no_study_can_use_is_named(clinic, place, line):
    assert f"/DICOM/{place}: {line}" in clinic[1]


def test_files_without_a_preamble_are_scans_or_are_named(tmp_path):
    spect(tmp_path / "a", SOMEBODY, bare=True)
    (tmp_path / "a/cut.dcm").write_bytes(b"")
    (tmp_path / "a/odd").write_bytes(b"\x08\0\x05\0 and no more of it")
    scans, remarks, target = brought_in(tmp_path / "a")
    assert_ratios(target, scans)
    assert "cut.dcm: named as DICOM, and is none" in remarks
    assert "odd: no modality in its header" in remarks


def test_one_series_that_makes_no_sense_does_not_stop_the_others(tmp_path):
    def unplaced(ds):
        if ds.InstanceNumber == 3:
            del ds.ImagePositionPatient

    pet(tmp_path / "a/1", SOMEBODY)
    pet(tmp_path / "a/2", person("2", "Zweite", "Zoe"), change=unplaced)
    pet(tmp_path / "a/3", person("3", "Dritte", "Dora"))
    for path in (tmp_path / "a/3").iterdir():
        path.write_bytes(path.read_bytes().replace(b"900000", b"9OOOOO"))  # the frame's duration
    scans, remarks, _ = brought_in(tmp_path / "a")
    assert scans["who"].tolist() == ["4711"]
    assert "a/2: no orientation or position" in remarks
    assert "a/3/IM000001: header that cannot be understood" in remarks


def test_a_capture_inside_of_a_series_is_no_slice_of_it(tmp_path):
    pet(tmp_path / "a", SOMEBODY)
    capture = dcmread(tmp_path / "a/IM000001")
    capture.SOPClassUID, capture.SOPInstanceUID = SecondaryCaptureImageStorage, uid()
    del capture.ImagePositionPatient, capture.ImageOrientationPatient
    save(capture, tmp_path / "a/IM000000")
    scans, _, target = brought_in(tmp_path / "a")
    assert_ratios(target, scans)


def test_captures_copies_and_packed_files_are_passed_over_and_said(clinic):
    assert "5 series of other kinds passed over" in clinic[1]  # four of CT, one of the screen
    assert f"{SHAPE[2]} files are copies of others and passed over" in clinic[1]
    assert "Reissverschluss.zip: packed (1 such files), not looked into: unpack it" in clinic[1]
    assert "one of 2 of the same examination" not in clinic[1]


def test_scans_of_several_tracers_are_said(tmp_path):
    pet(tmp_path / "a/1", SOMEBODY)
    pet(
        tmp_path / "a/2", person("2", "Zweite", "Zoe"), nuclide=("F-18", 6586, "Fluorodeoxyglucose")
    )
    pet(tmp_path / "a/3", person("3", "Dritte", "Dora"), nuclide=("C-11", 1223, "cft"))
    _, remarks, _ = brought_in(tmp_path / "a")
    assert "several tracers: 'CFT' (2), 'Fluorodeoxyglucose' (1)" in remarks


def injection(**times):
    def change(ds):
        ds.TimezoneOffsetFromUTC = "+0200"
        for name, value in times.items():
            setattr(ds.RadiopharmaceuticalInformationSequence[0], name, value)

    return change


def without_time(ds):
    ds.AcquisitionTime = ds.AcquisitionDate = ""


def with_date(ds):
    ds.AcquisitionDateTime = ds.AcquisitionDate + ds.AcquisitionTime
    without_time(ds)


@pytest.mark.parametrize(
    ("options", "minutes"),
    [
        # The start in UTC, where images count in local time (PS3.5, 6.2: DT).
        ({"change": injection(RadiopharmaceuticalStartDateTime="20190506070000+0000")}, 60.0),
        # The camera runs half a minute before the injection.
        (DYNAMIC | {"change": injection(RadiopharmaceuticalStartDateTime="20190506090030")}, 59.5),
        (DYNAMIC | {"change": without_time}, 60.0),
        (DYNAMIC | {"change": with_date}, 60.0),
        # The last part of an acquisition that began with the injection (dcm2niix issue 983).
        ({"change": with_date, "series_start": datetime(2019, 5, 6, 9)}, 60.0),
    ],
)
def test_the_window_is_found_whatever_way_a_header_says_the_time(tmp_path, options, minutes):
    pet(tmp_path / "a", SOMEBODY, **options)
    scans, _, target = brought_in(tmp_path / "a", window_min=(60, 75))
    assert scans["injection_to_scan_min"].tolist() == [minutes]
    data = nib.load(target / scans["path"][0]).get_fdata()
    assert data.max() == pytest.approx(15000, rel=1e-3)  # 5000 times 3: the mean of 5 and 10 min
    assert_ratios(target, scans)


def test_a_projection_beside_its_volume_is_no_choice(tmp_path):
    def projected(ds):
        ds.SeriesType = ["STATIC", "REPROJECTION"]

    def corrected(ds):
        ds.CorrectedImage = "ATTN"  # one value, where others have a list

    study = pet(tmp_path / "a/1", SOMEBODY, change=corrected).StudyInstanceUID
    pet(tmp_path / "a/2", SOMEBODY, study=study, change=projected)
    scans, remarks, _ = brought_in(tmp_path / "a")
    assert len(scans) == 1
    assert "a/2: projections of a volume; expected its slices" in remarks


def test_spect_lies_where_its_header_says_whichever_way_it_is_stacked(tmp_path):
    ways = ((1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0), (-1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1))
    for k, way in enumerate(ways):
        for upwards in (True, False):
            somebody = person(f"{k}{upwards}", "Photon", "Paula")
            spect(tmp_path / f"a/{k}{upwards}", somebody, orientation=way, upwards=upwards)
    scans, _, target = brought_in(tmp_path / "a")
    assert len(scans) == 8
    assert_ratios(target, scans)


def test_a_spect_without_a_detectors_item_is_placed_as_other_images_are(tmp_path):
    def at_the_top(ds):
        for name in ("ImagePositionPatient", "ImageOrientationPatient"):
            setattr(ds, name, getattr(ds.DetectorInformationSequence[0], name))
        ds.DetectorInformationSequence = Sequence([Dataset()])

    spect(tmp_path / "a", SOMEBODY, change=at_the_top)
    scans, _, target = brought_in(tmp_path / "a")
    assert_ratios(target, scans)


def test_zeros_that_a_spreadsheet_has_dropped_are_said(tmp_path):
    for number, family in (("0000778", "Vorne"), ("99", "Hinten")):
        pet(tmp_path / "a" / number, person(number, family, "Fritz"))
    table = tmp_path / "patients.csv"
    table.write_text("PatientID,diagnosis\n778,PD\n99,NC\n")
    scans, remarks, _ = brought_in(tmp_path / "a", table=table)
    assert scans["who"].tolist() == ["99"]
    assert "one has other zeros in front" in remarks


@pytest.mark.parametrize(
    ("place", "value", "age"),
    [
        ("PatientAge", "000Y", 71),  # taken away; the dates stand
        ("PatientBirthDate", "19000101", None),  # stands for an unknown day
        ("PatientBirthDate", "", None),
    ],
)
def test_an_age_that_stands_for_none_is_none(place, value, age):
    header = Dataset()
    header.PatientBirthDate, header.StudyDate = "19480229", "20190506"
    setattr(header, place, value)
    assert age_of(header) == age


def test_a_sidecar_without_the_injection_leaves_the_time_open(tmp_path):
    raw_bids(tmp_path / "a")
    path = tmp_path / "a/sub-02/pet/sub-02_pet.json"
    facts = json.loads(path.read_text())
    del facts["InjectionStart"]  # as dcm2niix writes since 1.0.20260416
    path.write_text(json.dumps(facts))
    _, remarks, _ = brought_in(tmp_path / "a", window_min=(60, 75))
    assert "sub-02_pet.nii: no believable time from injection to scan" in remarks


def test_a_raw_bids_data_set_comes_in_with_its_ratios(tmp_path):
    raw_bids(tmp_path / "a")
    scans, remarks, target = brought_in(tmp_path / "a", window_min=(60, 75))
    assert sorted(scans["who"]) == ["02", "Kowalska", "Kowalska"]
    assert scans["injection_to_scan_min"].tolist() == [60.0] * 3
    assert_ratios(target, scans)
    assert "sub-Kowalska: sessions in the order of their names (post, pre)" in remarks
    assert_without(target, ["Kowalska", "Brze", "13:04:42", "Quitten", "Heidenau", "Wachsmuth"])


@pytest.mark.parametrize("tracer", ["CFT", "FDG"])
def test_sidecars_above_an_image_hold_for_it_whatever_others_lie_there(tmp_path, tracer):
    raw_bids(tmp_path / "a")
    scans, _, target = brought_in(tmp_path / "a", window_min=(60, 75), series=f"trc-{tracer}")
    assert scans["injection_to_scan_min"].tolist() == [60.0]
    sidecar = json.loads((target / scans["path"][0].replace(".nii.gz", ".json")).read_text())
    assert sidecar["Units"] == "Bq/mL"


def test_a_derivative_comes_in_from_its_own_folder(tmp_path):
    raw_bids(tmp_path / "a")
    scans, _, target = brought_in(tmp_path / "a/derivatives/petprep")
    assert sorted(scans["who"]) == ["02", "Kowalska", "Kowalska"]
    assert_ratios(target, scans)


def test_sessions_of_bids_are_in_the_order_that_a_table_of_scans_gives(tmp_path):
    (tmp_path / "a").mkdir()
    about = {"Name": "a", "BIDSVersion": "1.10.0", "DatasetType": "raw"}
    (tmp_path / "a/dataset_description.json").write_text(json.dumps(about))
    for session, day, shape in (
        ("post", "2021-06-07", (20, 23, 18)),
        ("pre", "2019-05-06", (20, 23, 19)),
    ):
        stem = tmp_path / f"a/sub-1/ses-{session}"
        bids_image(
            stem / f"pet/sub-1_ses-{session}_pet.nii.gz", centred((8, 8, 9), shape), shape=shape
        )
        bids_image(
            stem / f"pet/sub-1_ses-{session}_rec-nacstat_pet.nii.gz", centred((8, 8, 9), shape)
        )
        table = f"filename\tacq_time\npet/sub-1_ses-{session}_pet.nii.gz\t{day}T10:00:00\n"
        (stem / f"sub-1_ses-{session}_scans.tsv").write_text(table)
    scans, remarks, target = brought_in(tmp_path / "a")
    assert [nib.load(target / path).shape[2] for path in scans["path"]] == [19, 18]  # pre, post
    assert "order of their names" not in remarks
    assert remarks.count("rec-nac: no attenuation correction") == 2


def test_a_download_of_ppmi_comes_in_though_a_part_is_there_twice(tmp_path):
    loni(tmp_path / "a")
    twice = tmp_path / "a/PPMI 2"
    for path in sorted((tmp_path / "a/PPMI/3501").rglob("*.dcm")):
        twice.mkdir(exist_ok=True)
        (twice / path.name).write_bytes(path.read_bytes())
    with zipfile.ZipFile(tmp_path / "a/PPMI_3.zip", "w") as packed:
        packed.writestr("nothing", "")
    scans, remarks, target = brought_in(tmp_path / "a")
    visits = sorted(zip(scans["who"], scans["session_id"], strict=True))
    assert visits == [
        ("3501", "ses-SC"), ("3501", "ses-V06"), ("3502", "ses-SC"), ("3503", "ses-SC"),
        ("3505", "ses-BL"),
    ]  # fmt: skip
    assert scans.set_index("who").loc["3503"][["diagnosis", "age", "sex"]].tolist() == [
        "Control",
        71,
        "F",
    ]
    assert_ratios(target, scans)
    assert "I240004.dcm: was upside down, and is turned over" in remarks
    assert "2 files are copies of others" in remarks
    assert "PPMI_3.zip: packed" in remarks
    assert_without(target, [*(row[0] for row in LONI), "20110303", "16_28_47", "1.2.276"])
