"""From DICOM files to a folder for a study: what comes in, what is left out, and what is unsaid."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from dicom_archives import write_nm, write_pet

from datnet_study.importing import Wanted, import_scans, importer

AFFINE = np.array([[3, 0, 0, -20], [0, 4, 0, -30], [0, 0, 5, -40], [0, 0, 0, 1.0]])


@pytest.fixture
def volume(rng):
    return rng.random((9, 10, 11)) * 1000


def imported(source, target, **wanted):
    said = []
    import_scans(source, target, Wanted(**wanted), say=said.append)
    return pd.read_csv(target / "scans.tsv", sep="\t"), "".join(said)


def every_byte(folder):
    """Names and contents of all files, decompressed where they are."""
    parts = []
    for path in sorted(folder.rglob("*")):
        parts.append(str(path.relative_to(folder)).encode())
        if path.is_file():
            content = path.read_bytes()
            parts += [content, gzip.decompress(content)] if path.suffix == ".gz" else [content]
    return b"\n".join(parts)


def test_pet_slices_become_the_volume_that_they_were_written_from(tmp_path, volume):
    write_pet(tmp_path / "from/a", volume, AFFINE)
    scans, _ = imported(tmp_path / "from", tmp_path / "to")
    img = nib.as_closest_canonical(nib.load(tmp_path / "to" / scans["path"][0]))
    np.testing.assert_allclose(img.affine, AFFINE, atol=1e-4)
    np.testing.assert_allclose(img.get_fdata(), volume, atol=1000 / 32767)
    assert scans[["age", "sex", "injection_to_scan_min"]].to_numpy().tolist() == [[64, "M", 60.0]]


@pytest.mark.parametrize("downwards", [False, True])
def test_a_spect_volume_stands_upright_whichever_slice_comes_first(tmp_path, volume, downwards):
    write_nm(tmp_path / "from/a.dcm", volume, AFFINE, downwards=downwards)
    scans, _ = imported(tmp_path / "from", tmp_path / "to")
    img = nib.as_closest_canonical(nib.load(tmp_path / "to" / scans["path"][0]))
    np.testing.assert_allclose(img.affine, AFFINE, atol=1e-4)
    np.testing.assert_allclose(img.get_fdata(), np.round(volume), atol=1e-3)


def test_no_word_of_a_header_comes_through(tmp_path, volume):
    words = write_pet(tmp_path / "from/ROE_JANE/a", volume, AFFINE, plant=True)
    words += write_nm(tmp_path / "from/b.dcm", volume, AFFINE, plant=True, PatientID="88123")
    scans, _ = imported(tmp_path / "from", tmp_path / "to")
    assert len(scans) == 2
    written = every_byte(tmp_path / "to").upper()
    words += ["PLANT", "7734551", "88123", "20190823", "ROE_JANE", "141500", "1.2.826"]
    assert len(words) > 1400
    assert [word for word in words if word.upper().encode() in written] == []


def test_the_official_validator_finds_no_error(tmp_path, volume):
    write_pet(tmp_path / "from/a", volume, AFFINE)
    write_nm(tmp_path / "from/b.dcm", volume, AFFINE, PatientID="2")
    imported(tmp_path / "from", tmp_path / "to")
    validator = Path(sys.executable).with_name("bids-validator-deno")
    run = subprocess.run([validator, tmp_path / "to", "--format", "json"], capture_output=True)
    issues = json.loads(run.stdout)["issues"]["issues"]
    assert [i for i in issues if i.get("severity") == "error"] == []
    assert run.returncode == 0


def test_who_is_who_stands_beside_the_folder_for_its_owner_only(tmp_path, volume):
    write_pet(tmp_path / "from/a", volume, AFFINE)
    scans, _ = imported(tmp_path / "from", tmp_path / "to")
    private = tmp_path / "to-private"
    line = f"{scans['participant_id'][0]}\t7734551"
    assert line in (private / "who_is_who.tsv").read_text()
    assert {path.name for path in private.iterdir()} == {"key", "who_is_who.tsv", "left_out.txt"}
    assert [path.stat().st_mode & 0o077 for path in private.iterdir()] == [0, 0, 0]


def test_another_key_gives_another_id_and_the_same_key_the_same(tmp_path, volume):
    write_pet(tmp_path / "from/a", volume, AFFINE)
    ids = [imported(tmp_path / "from", tmp_path / name)[0]["participant_id"][0] for name in "bc"]
    key = tmp_path / "b-private" / "key"
    import_scans(tmp_path / "from", tmp_path / "d", Wanted(), key, say=str)
    again = pd.read_csv(tmp_path / "d/scans.tsv", sep="\t")["participant_id"][0]
    assert ids[0] != ids[1]
    assert again == ids[0]
    assert {path.name for path in (tmp_path / "d-private").iterdir()} == {
        "who_is_who.tsv",
        "left_out.txt",
    }


def test_a_scan_with_a_problem_is_listed_and_the_others_go_on(tmp_path, volume):
    write_pet(tmp_path / "from/good", volume, AFFINE)
    write_pet(tmp_path / "from/gap", volume, AFFINE, skipped=(4,), PatientID="2")
    (tmp_path / "from/note.txt").write_text("no DICOM")
    scans, said = imported(tmp_path / "from", tmp_path / "to")
    assert len(scans) == 1
    line = f"{tmp_path}/from/gap: 10 slices; the header declares 11: export the series again"
    assert line in said
    assert line in (tmp_path / "to-private/left_out.txt").read_text()


def test_it_says_first_what_it_will_take(tmp_path, volume):
    write_nm(tmp_path / "from/a.dcm", np.resize(volume, (50, 50, 100)), AFFINE)
    _, said = imported(tmp_path / "from", tmp_path / "to")
    assert said.startswith("1 scans, 1 of them to convert: at most 1 MB, about 0.0 min; 0 problem")


def test_a_second_import_reads_nothing(tmp_path, volume, monkeypatch):
    write_pet(tmp_path / "from/a", volume, AFFINE)
    imported(tmp_path / "from", tmp_path / "to")
    monkeypatch.setattr("datnet_study.importing.importer.scans_of", None)
    _, said = imported(tmp_path / "from", tmp_path / "to")
    assert "all 1 scans are there already" in said


def test_a_stopped_import_keeps_what_is_finished(tmp_path, volume, monkeypatch):
    for name in ("1", "2", "3"):
        write_pet(tmp_path / "from" / name, volume, AFFINE, PatientID=name)
    convert, seen = importer._convert, []

    def stopping(target, item):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(item.participant_id)
        return convert(target, item)

    monkeypatch.setattr("datnet_study.importing.importer._convert", stopping)
    with pytest.raises(KeyboardInterrupt):
        imported(tmp_path / "from", tmp_path / "to")
    assert not (tmp_path / "to/scans.tsv").exists()
    monkeypatch.setattr("datnet_study.importing.importer._convert", convert)
    scans, said = imported(tmp_path / "from", tmp_path / "to")
    assert "3 scans, 1 of them to convert" in said
    assert len(scans) == 3


def test_a_stop_while_an_image_is_replaced_leaves_no_image_of_another(
    tmp_path, volume, monkeypatch
):
    write_pet(tmp_path / "from/a", volume, AFFINE)
    imported(tmp_path / "from", tmp_path / "to")
    write_pet(tmp_path / "from/a", volume * 2, AFFINE, SeriesInstanceUID="1.3")

    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as stop:
        stop.setattr("datnet_study.importing.derivative.nib.save", stopped)
        with pytest.raises(KeyboardInterrupt):
            imported(tmp_path / "from", tmp_path / "to")
    assert not (tmp_path / "to/scans.tsv").exists()
    scans, _ = imported(tmp_path / "from", tmp_path / "to")
    values = nib.load(tmp_path / "to" / scans["path"][0]).get_fdata()
    assert values.mean() == pytest.approx(2 * volume.mean(), rel=1e-3)


def test_a_series_that_was_exported_again_replaces_its_image(tmp_path, volume):
    for name in "12":
        write_pet(tmp_path / "from" / name, volume, AFFINE, PatientID=name)
    imported(tmp_path / "from", tmp_path / "to")
    write_pet(tmp_path / "from/2", volume * 3, AFFINE, PatientID="2")  # corrected, the same series
    scans, said = imported(tmp_path / "from", tmp_path / "to")
    means = [nib.load(tmp_path / "to" / path).get_fdata().mean() for path in scans["path"]]
    assert "2 scans, 1 of them to convert" in said
    assert sorted(means) == pytest.approx([volume.mean(), 3 * volume.mean()], rel=1e-3)


def test_many_problems_are_counted_and_all_stand_in_a_file(tmp_path, volume):
    write_nm(tmp_path / "from/good.dcm", volume, AFFINE)
    for k in range(25):
        bad = {"PatientID": str(k), "ImageType": ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]}
        write_nm(tmp_path / f"from/{k}.dcm", volume[:3, :3, :3], AFFINE, **bad)
    _, said = imported(tmp_path / "from", tmp_path / "to")
    assert "  and 5 more lines in" in said
    assert len((tmp_path / "to-private/left_out.txt").read_text().splitlines()) == 25


def test_an_earlier_scan_that_comes_later_takes_the_first_session(tmp_path, volume):
    write_pet(tmp_path / "from/late", volume, AFFINE)
    imported(tmp_path / "from", tmp_path / "to")
    early = {"StudyDate": "20180101", "StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.3"}
    write_pet(tmp_path / "from/early", volume * 2, AFFINE, **early)
    scans, _ = imported(tmp_path / "from", tmp_path / "to")
    means = [nib.load(tmp_path / "to" / path).get_fdata().mean() for path in scans["path"]]
    assert scans["session_id"].tolist() == ["ses-1", "ses-2"]
    assert means == pytest.approx([2 * volume.mean(), volume.mean()], rel=1e-3)


def test_a_participant_who_has_left_the_source_leaves_the_folder(tmp_path, volume):
    write_pet(tmp_path / "from/a", volume, AFFINE)
    write_nm(tmp_path / "from/b.dcm", volume, AFFINE, PatientID="2")
    imported(tmp_path / "from", tmp_path / "to")
    (tmp_path / "from/b.dcm").unlink()
    scans, _ = imported(tmp_path / "from", tmp_path / "to")
    assert len(scans) == len(list((tmp_path / "to").rglob("*.nii.gz"))) == 1


def test_the_source_is_only_read(tmp_path, volume):
    write_pet(tmp_path / "from/a", volume, AFFINE)
    before = {path: path.stat() for path in (tmp_path / "from").rglob("*")}
    imported(tmp_path / "from", tmp_path / "to")
    after = {path: path.stat() for path in (tmp_path / "from").rglob("*")}
    assert {p: (s.st_size, s.st_mtime_ns) for p, s in before.items()} == {
        p: (s.st_size, s.st_mtime_ns) for p, s in after.items()
    }


def test_a_table_of_participants_adds_diagnoses(tmp_path, volume):
    write_pet(tmp_path / "from/a", volume, AFFINE)
    write_nm(tmp_path / "from/b.dcm", volume, AFFINE, PatientID="2")
    table = tmp_path / "patients.csv"
    table.write_text("Patient ID,Name,Diagnosis,updrs\n7734551,Roe,MSA-P,21\n")
    scans, said = imported(tmp_path / "from", tmp_path / "to", table=table)
    assert scans[["diagnosis", "updrs"]].to_numpy().tolist() == [["MSA-P", 21]]
    assert f"b.dcm: participant has no row in {table}; expected one: add it" in said


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [
        ("nowhere", "to", "nowhere: no such folder; expected the scans to import"),
        ("from", "from/to", "lies in"),
        ("from", ".", "lies in"),
        ("from", "full", "full: holds other files; expected a new folder"),
        ("from", "to", "no scan could be imported"),
    ],
)
def test_what_cannot_be_imported_is_refused(tmp_path, source, target, problem):
    for name in ("from", "full"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "letter.txt").write_text("dear colleague")
    with pytest.raises((FileNotFoundError, ValueError), match=problem):
        imported(
            Path(os.path.normpath(tmp_path / source)), Path(os.path.normpath(tmp_path / target))
        )


def test_a_full_disk_is_found_before_it_is_full(tmp_path, volume, monkeypatch):
    write_pet(tmp_path / "from/a", volume, AFFINE)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(ValueError, match=r"to: 0 MB needed, 0 MB free; make room"):
        imported(tmp_path / "from", tmp_path / "to")
