"""An archive of PPMI, made up: its table, its visits, its volumes without a place."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from dicom_archives import PPMI_COLUMNS, write_ppmi

from datnet_study.importing import Wanted, import_scans
from datnet_study.importing.ppmi import ppmi_scans, search_table
from datnet_study.scans import read_scans
from datnet_study.study import read_study

SMALL = np.arange(6 * 7 * 5.0).reshape(6, 7, 5)
AFFINE = np.array([[3, 0, 0, -20], [0, 4, 0, -30], [0, 0, 5, -40], [0, 0, 0, 1.0]])
LOST = np.diag([2.0, 2, 2, 1])  # the origin in a corner
PERSON = {"subject": 3001, "group": "PD", "sex": "F", "age": "61.5", "visit": "SC", "id": 248927}


def archive(root, *images):
    everything = ({"volume": SMALL, "affine": AFFINE} | PERSON | image for image in images)
    write_ppmi(root, everything)
    return root


def scans_of_archive(root, **wanted):
    return ppmi_scans(root, Wanted(**wanted))


def test_a_row_of_the_search_table_describes_its_image(tmp_path):
    root = archive(tmp_path, {}, {"subject": 3002, "id": 9, "group": "Control", "sex": "M"})
    scans, remarks = scans_of_archive(root)
    names = ("diagnosis", "sex", "age")
    found = {s.participant: (s.visit, *(s.values[name] for name in names)) for s in scans}
    assert found == {"3001": ("SC", "PD", "F", "61.5"), "3002": ("SC", "Control", "M", "61.5")}
    assert [scan.problems for scan in scans] == [(), ()]
    assert remarks == []


def test_of_a_visit_the_latest_preprocessed_image_is_taken(tmp_path):
    kinds = [(1, "Pre-processed"), (3, "Pre-processed"), (7, "Original")]
    root = archive(tmp_path, *({"id": number, "kind": kind} for number, kind in kinds))
    scans, _ = scans_of_archive(root)
    taken = {scan.where.parent.name for scan in scans if not scan.problems}
    assert taken == {"I3"}
    assert {s.problems[0][:30] for s in scans if s.problems} == {"another image of the same visi"}


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        ({"group": "Dr. Roe, Main Street 7, Springfield"}, "diagnosis is no short word"),
        ({"age": "sixty"}, "age is no number"),
        ({"visit": "May 2nd"}, "visit 'May 2nd'; expected as BL, SC or V04"),
        ({"unplaced": True}, "no orientation or position"),  # and not on the grid of MNI152
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, image, problem):
    [scan], _ = scans_of_archive(archive(tmp_path, image))
    assert len(scan.problems) == 1
    assert problem in scan.problems[0]


def test_an_image_without_a_row_is_named(tmp_path):
    root = archive(tmp_path, {})
    table = root / "search_8_23_2024.csv"
    table.write_text(table.read_text().replace("I248927", "I5"))
    [scan], _ = scans_of_archive(root)
    assert scan.problems[0].startswith(f"no row in {table}")


def test_only_one_search_table_may_be_there(tmp_path):
    root = archive(tmp_path, {})
    assert search_table(root, Wanted()).name == "search_8_23_2024.csv"
    (root / "other.csv").write_text("a,b\n1,2\n")
    assert search_table(root, Wanted()).name == "search_8_23_2024.csv"
    (root / "second.csv").write_text(PPMI_COLUMNS + "\n")
    with pytest.raises(ValueError, match="expected one: say which with TABLE="):
        search_table(root, Wanted())
    assert search_table(root, Wanted(table=root / "second.csv")).name == "second.csv"


def test_an_archive_without_its_table_is_refused(tmp_path):
    root = archive(tmp_path / "from", {})
    (root / "search_8_23_2024.csv").unlink()
    with pytest.raises(ValueError, match="no search table; expected a CSV"):
        import_scans(root, tmp_path / "to", Wanted(), say=str)


def test_preprocessed_volumes_come_back_to_their_place(tmp_path, brain):
    low = np.round(brain.affine[:3, 3] - [-90, -126, -72]).astype(int) // 2
    sizes = zip(low, (91, 109, 91), brain.volume.shape, strict=True)
    volume = np.pad(brain.volume, [(a, n - a - m) for a, n, m in sizes])
    images = [
        {"id": 2, "subject": 2, "downwards": True, "plant": True},
        {"id": 3, "subject": 3, "volume": volume[:, :, ::-1]},  # head down
        {"id": 4, "subject": 4, "unplaced": True},
    ]
    root = archive(tmp_path / "from", *({"volume": volume, "affine": LOST} | i for i in images))
    said = []
    import_scans(root, tmp_path / "to", Wanted(), say=said.append)
    scans = pd.read_csv(tmp_path / "to/scans.tsv", sep="\t")
    assert len(scans) == 3
    for path in scans["path"]:
        found = brain.ratios_of(tmp_path / "to" / path)
        np.testing.assert_allclose(found, brain.ratios, rtol=0.01)
    sidecars = [json.loads(p.read_text()) for p in (tmp_path / "to").rglob("*_pet.json")]
    assert sum("TurnedOver" in sidecar for sidecar in sidecars) == 1
    assert sum("was upside down" in line for line in said) == 1


def test_the_shipped_study_reads_what_the_import_writes(tmp_path):
    groups = ["PD", "Control", "SWEDD", "Prodromal", "PD", "Control"]
    people = [{"subject": n, "id": n, "group": group} for n, group in enumerate(groups, 4000)]
    archive(tmp_path / "from", *people)
    study = read_study("data_manifest/ppmi.yaml")
    assert study.dataset.as_posix() == "data/ppmi"
    import_scans(tmp_path / "from", tmp_path / "to", Wanted(), say=str)
    table = study.scan_table
    here = {"path": tmp_path / "to/scans.tsv", "folder": tmp_path / "to"}
    scans = read_scans(replace(table, **here, split_path=tmp_path / "draw.tsv"), study.diagnoses)
    assert scans["diagnosis"].value_counts().to_dict() == {"PD": 2, "NC": 2}
    assert set(scans["certainty"]) <= {"definite", "confirmed"}
