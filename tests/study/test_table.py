"""The first look at a scan table, which plans the study and must stand anything."""

import pytest
import yaml
from helpers import scan_table

from datnet_study.scans import read_scans
from datnet_study.study import read_study
from datnet_study.table import certainties, image_paths, participants


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A study of scans in a project of its own, and the table to fill."""
    (tmp_path / "data_manifest").mkdir()
    (tmp_path / "scans").mkdir()
    settings = {"name": "mine", "title": "My scans", "dataset": "scans"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.chdir(tmp_path)
    return read_study("mine.yaml"), tmp_path / "scans" / "scans.tsv"


def test_images_and_certainties_are_those_of_the_table(own):
    study, table = own
    table.write_text("path\tcertainty\na.nii.gz\tpossible\nb/c.nii.gz\tdefinite\n")
    (table.parent / "unlisted.nii.gz").touch()
    assert image_paths(study) == ["a.nii.gz", "b/c.nii.gz"]
    assert certainties(study) == {"possible", "definite"}


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        (b"\xef\xbb\xbfpath\tcertainty\r\na.nii\tdefinite\r\n", ["a.nii"]),  # as Excel writes it
        (b"path\tcertainty\nn\xe4me.nii\tdefinite\n", []),  # Latin-1
        (b"certainty\tpath\ndefinite\t\ndefinite\tb.nii\n", ["b.nii"]),
        (b"certainty\tpath\ndefinite\tb.nii\tmore\n", []),
        (b"file,certainty\na.nii,definite\n", []),
        (b"", []),
    ],
)
def test_an_odd_table_is_read_without_an_error_which_is_left_to_the_page(own, content, paths):
    study, table = own
    table.write_bytes(content)
    assert image_paths(study) == paths
    assert "possible" not in certainties(study)


def test_a_study_without_a_table_can_be_planned(own):
    study, _ = own
    assert image_paths(study) == []
    assert certainties(study) == set()
    assert participants(study) == {}


def test_a_participant_with_two_scans_counts_once(own):
    study, table = own
    rows = ["definite\tIPD\tsub-1", "definite\tIPD\tsub-1", "definite\tIPD\tsub-2"]
    rows += ["possible\tIPD\tsub-3", "definite\tNC\tsub-4", "definite\tNC\t"]
    table.write_text("\n".join(["certainty\tdiagnosis\tparticipant_id", *rows]) + "\n")
    counted = {("definite", "IPD"): 2, ("possible", "IPD"): 1, ("definite", "NC"): 1}
    assert participants(study) == counted


def test_a_phantom_has_the_certainties_of_groups_that_are_not_empty(study):
    def with_participants(**groups):
        phantom = study.phantom.model_copy(update={"participants": groups})
        return study.model_copy(update={"phantom": phantom})

    definite = {"IPD": 2, "NC": 1}
    assert certainties(with_participants(possible={"IPD": 0}, definite=definite)) == {"definite"}
    assert certainties(with_participants(possible={"IPD": 1}, definite=definite)) == {
        "possible",
        "definite",
    }


def test_the_first_look_agrees_with_the_checked_table(own, dataset):
    # The folder of a phantom, taken as a user's own data set.
    study, _ = own
    study = study.model_copy(update={"dataset": dataset})
    scans = read_scans(scan_table(dataset), ("IPD", "MSA", "NC"))
    people = scans.drop_duplicates("participant_id").groupby(["certainty", "diagnosis"]).size()
    assert participants(study) == people.to_dict()
    assert certainties(study) == set(scans["certainty"]) == {"possible", "definite", "confirmed"}
    assert sorted(image_paths(study)) == sorted(scans["path"])
