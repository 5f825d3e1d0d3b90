"""Phantom scans straight into an array: of the generator, of nobody in a cohort, continued."""

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from datnet_images.grid import field_of_view
from datnet_images.volumes import load_volume
from datnet_phantom import unwritten
from datnet_phantom.cohort import Cohort
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import read_scene, render
from datnet_phantom.streams import Stream, generator
from datnet_phantom.unwritten import unwritten_scans, yardstick_people

GRID_MM, FIELD = 8.0, field_of_view(8.0, ((-44, 44), (-40, 36), (-30, 34)))
GROUPS = {"NC": 10, "IPD": 30, "MSA": 20, "PSP": 0}


@pytest.fixture
def people(calibration):
    return yardstick_people(4, GROUPS, calibration, "NC", seed=3)


@pytest.fixture
def made(tmp_path, people, coarse_atlas, calibration, monkeypatch):
    """Function that makes the scans of the first n people; `made.rendered` counts them."""
    real = unwritten.render

    def counted(*arguments):
        make.rendered += 1
        return real(*arguments)

    def make(n, name="scans", seed=3):
        make.rendered = 0
        kept = {"spacing_mm": GRID_MM, "field": FIELD, "seed": seed}
        path = tmp_path / f"{name}.npy"
        return unwritten_scans(people, n, path, coarse_atlas, calibration, "occipital", **kept)

    monkeypatch.setattr(unwritten, "render", counted)
    return make


def test_each_beginning_of_the_people_has_the_shares_of_the_groups(calibration):
    people = yardstick_people(60, GROUPS, calibration, "NC")
    for n, expected in ((6, [1, 3, 2]), (60, [10, 30, 20])):
        counts = people["diagnosis"][:n].value_counts()
        assert [counts[name] for name in ("NC", "IPD", "MSA")] == expected
    assert "PSP" not in set(people["diagnosis"])


def test_fewer_people_are_the_first_of_more_where_the_table_is_the_same(calibration):
    people = yardstick_people(30, GROUPS, calibration, "NC", seed=1)
    again = yardstick_people(30, GROUPS, calibration, "NC", seed=1)
    pd.testing.assert_frame_equal(people, again)
    other = yardstick_people(30, GROUPS, calibration, "NC", seed=2)
    assert not people["age"].equals(other["age"])


def test_nobody_is_of_a_cohort_and_no_label_is_wrong(calibration):
    groups = {"NC": 3, "IPD": 3}
    ours = yardstick_people(6, groups, calibration, "NC", seed=2022)
    cohort = Cohort({"definite": groups}, seed=2022)
    _, theirs = draw_participants(cohort, calibration, "NC")
    bound = [tuple(table[list(BINDING_COLUMNS)].iloc[0]) for table in (ours, theirs)]
    assert bound[0] != bound[1]
    _, truth = draw_participants(cohort, calibration, "NC", Stream.YARDSTICK_PEOPLE)
    drawn = dict(zip(truth["participant_id"], truth["true_diagnosis"], strict=True))
    assert [drawn[person] for person in ours["participant_id"]] == ours["diagnosis"].tolist()


def test_identical_patients_differ_in_their_label_only(calibration):
    groups, apart = {"IPD": 1, "PSP": 1}, {}
    for same in (True, False):
        people = yardstick_people(300, groups, calibration, "NC", identical_patients=same)
        means = np.log(people["caudate_left"]).groupby(people["diagnosis"]).mean()
        apart[same] = abs(means["IPD"] - means["PSP"])
    assert apart[True] < 0.15
    assert apart[False] > 0.3


def test_a_scan_is_what_a_study_would_read_from_its_file(
    made, people, tmp_path, coarse_atlas, calibration
):
    scans = made(1)
    person = people.iloc[0]
    number = int(person["participant_id"].removeprefix("sub-"))
    scene = read_scene(coarse_atlas, calibration)
    rng = generator(Stream.YARDSTICK_SCANS, 3, number)
    counts = render(person, person["age"], scene, calibration, rng)
    nib.save(nib.Nifti1Image(counts, coarse_atlas.affine), tmp_path / "scan.nii.gz")
    read = load_volume(tmp_path / "scan.nii.gz", coarse_atlas, GRID_MM, "occipital")
    np.testing.assert_allclose(scans[0], read[FIELD], rtol=1e-5)
    assert scans.shape == (4, *read[FIELD].shape) and not scans[1:].any()


def test_more_scans_continue_those_that_are_there(made):
    at_once = np.array(made(3, "other"))
    two = np.array(made(2))
    assert made.rendered == 2
    three = np.array(made(3))
    assert made.rendered == 1
    np.testing.assert_array_equal(three[:2], two[:2])
    np.testing.assert_array_equal(three, at_once)
    made(2)
    assert made.rendered == 0


def test_a_stopped_run_goes_on_after_the_last_scans_that_it_noted(made, tmp_path, monkeypatch):
    monkeypatch.setattr(unwritten, "CHUNK", 1)
    whole = np.array(made(2))
    record = tmp_path / "scans.json"
    noted = json.loads(record.read_text())
    record.write_text(json.dumps(noted | {"done": 1}))
    np.testing.assert_array_equal(made(2), whole)
    assert made.rendered == 1


def test_scans_of_another_seed_are_made_anew(made):
    first = np.array(made(1))
    assert not np.array_equal(made(1, seed=4), first)
    assert made.rendered == 1
