"""Sites of a phantom cohort: nobody changes when one is added, and a person stays who they are."""

import hashlib
import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from helpers import changed

from datnet_phantom.cohort import Cohort, Site, check_sites
from datnet_phantom.correction import correction_factor
from datnet_phantom.dataset import write_cohort
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import read_scene, render
from datnet_phantom.sites import imaged, site_seed

HOME = Cohort(
    {"definite": {"NC": 3, "IPD": 6, "MSA": 4}, "confirmed": {"IPD": 3, "PSP": 2}},
    seed=11,
    follow_ups=2,
)
OTHERS = {"confirmed": {"MSA": 4, "IPD": 5}}


@pytest.fixture(scope="module")
def sites(calibration):
    """A home site, one with its own people and a scanner, and one that images these again."""
    sharp = changed(calibration, "scanner", resolution_fwhm_mm=3.0)
    return {
        "pet_a": (Site(), calibration),
        "pet_b": (Site(OTHERS), sharp),
        "pet_c": (Site(people_of="pet_b"), changed(calibration, "scanner", counts=100.0)),
    }


@pytest.fixture(scope="module")
def parts(calibration, sites):
    """What is imaged at each of these sites."""
    return {part.scans["site"].iloc[0]: part for part in imaged(HOME, calibration, "NC", sites)}


@pytest.fixture(scope="module")
def small_atlas(coarse_atlas):
    """An atlas that a hash can be made of."""
    return coarse_atlas._replace(labels=np.ascontiguousarray(coarse_atlas.labels))


def test_the_home_site_is_the_cohort_without_sites(calibration, parts):
    (alone,) = imaged(HOME, calibration, "NC")
    assert "site" not in alone.scans
    pd.testing.assert_frame_equal(alone.scans, parts["pet_a"].scans.drop(columns="site"))
    pd.testing.assert_frame_equal(alone.truth, parts["pet_a"].truth)
    assert (alone.streams, alone.of_person) == parts["pet_a"][4:]


def test_a_site_more_changes_nobody_elsewhere(calibration, sites, parts):
    more = {"pet_z": (Site({"confirmed": {"PSP": 3}}), calibration)} | sites
    for part in imaged(HOME, calibration, "NC", more):
        if (name := part.scans["site"].iloc[0]) != "pet_z":
            pd.testing.assert_frame_equal(part.scans, parts[name].scans)
            assert part.streams == parts[name].streams


def test_ids_are_of_one_person_and_people_imaged_again_keep_theirs(parts):
    home, own, again = (set(parts[name].scans["participant_id"]) for name in parts)
    assert not home & own
    assert own == again
    paths = pd.concat([part.scans["path"] for part in parts.values()])
    assert paths.is_unique
    assert set(parts["pet_c"].scans["session_id"]) == {"ses-petc"}


def test_people_imaged_again_have_the_same_binding_clinic_and_anatomy(parts):
    own, again = parts["pet_b"], parts["pet_c"]
    columns = ["age", "sex", "diagnosis", "certainty", "updrs"]
    pd.testing.assert_frame_equal(own.scans[columns], again.scans[columns])
    pd.testing.assert_frame_equal(own.truth.iloc[:, 2:], again.truth.iloc[:, 2:])
    assert again.of_person == own.streams
    assert not set(again.streams) & set(own.streams)


def test_only_confirmed_people_are_imaged_again_and_at_their_first_visit(calibration):
    sites = {"a": (Site(), calibration), "b": (Site(people_of="a"), calibration)}
    home, again = imaged(HOME, calibration, "NC", sites)
    confirmed = home.scans.query("certainty == 'confirmed' and session_id == 'ses-baseline'")
    assert list(again.scans["participant_id"]) == list(confirmed["participant_id"])


def test_another_tracer_binds_otherwise_in_the_same_person(calibration, sites):
    ratios = {name: 1.5 * value for name, value in calibration.healthy_binding_ratio.items()}
    other = changed(calibration, healthy_binding_ratio=ratios, severity_sd=0.9)
    sites = sites | {"pet_c": (Site(people_of="pet_b"), other)}
    _, own, again = imaged(HOME, calibration, "NC", sites)
    columns = list(BINDING_COLUMNS)
    ratio = again.truth[columns] / own.truth[columns]
    np.testing.assert_allclose(ratio, 1.5, rtol=2e-3)  # four decimals are written
    assert list(again.truth["severity"]) == list(own.truth["severity"])  # of the person's disease


def test_a_data_set_of_sites_is_one_with_a_column_site(tmp_path, calibration, small_atlas, sites):
    cohort = replace(HOME, participants={"definite": {"IPD": 3}}, follow_ups=0)
    sites = sites | {"pet_b": (Site({"confirmed": {"IPD": 2}}), sites["pet_b"][1])}
    write_cohort(tmp_path, cohort, calibration, small_atlas, "NC", "occipital", sites=sites)
    scans = pd.read_csv(tmp_path / "scans.tsv", sep="\t")
    assert scans["site"].value_counts().to_dict() == {"pet_a": 3, "pet_b": 2, "pet_c": 2}
    levels = [np.median(nib.load(tmp_path / path).get_fdata()) for path in scans["path"]]
    level = pd.Series(levels).groupby(scans["site"]).median()
    assert level["pet_c"] < level["pet_b"] / 10  # the scanner of the site
    assert set(json.loads((tmp_path / "phantom.json").read_text())["sites"]) == set(sites)


def test_without_sites_neither_the_recipe_nor_the_files_know_of_them(
    tmp_path, calibration, small_atlas
):
    cohort = replace(HOME, participants={"definite": {"NC": 1}}, follow_ups=0)
    write_cohort(tmp_path, cohort, calibration, small_atlas, "NC", "occipital", n_jobs=1)
    recipe = json.loads((tmp_path / "phantom.json").read_text())
    assert "sites" not in recipe
    assert "correction_bias" not in recipe["calibration"]["scanner"]
    assert "site" not in (tmp_path / "scans.tsv").read_text()


def test_the_table_of_a_cohort_without_sites_is_what_it_was_before_there_were_any(calibration):
    (alone,) = imaged(HOME, calibration, "NC")
    for table, digest in ((alone.scans, "28410ff2bf770187"), (alone.truth, "1ead5ccefd64d7bf")):
        text = table.to_csv(sep="\t", index=False, na_rep="n/a")
        assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


@pytest.mark.parametrize(
    ("sites", "message"),
    [
        ({"a": Site(OTHERS)}, "0 home sites"),
        ({"a": Site(), "b": Site()}, "2 home sites"),
        ({"a": Site(), "b": Site(people_of="c")}, "expected another site.*: a$"),
        ({"a": Site(), "b": Site(people_of="b")}, "expected another site"),
        ({"a": Site(), "b_c": Site(OTHERS), "bc": Site(OTHERS)}, "differ without _"),
    ],
)
def test_sites_that_do_not_say_whom_they_image_are_refused(sites, message):
    with pytest.raises(ValueError, match=message):
        check_sites(sites)


def test_the_seed_of_a_site_is_of_its_name_and_the_cohort():
    seeds = {site_seed(seed, name) for seed in (0, 1, 2022) for name in ("a", "b", "pet_b")}
    assert len(seeds) == 9


def test_a_wrong_correction_brightens_the_middle_and_leaves_the_rim(calibration, coarse_atlas):
    biased = changed(calibration, "scanner", correction_bias=0.1)
    scene = read_scene(coarse_atlas, calibration)
    factor = correction_factor(scene, biased.scanner)
    middle = tuple(n // 2 for n in factor.shape)
    assert factor[middle] == pytest.approx(1.1, abs=1e-3)
    assert factor[0, 0, 0] == pytest.approx(1, abs=1e-2)
    binding = dict.fromkeys(BINDING_COLUMNS, 1.0)
    plain, other = (
        render(binding, 60, scene, numbers, np.random.default_rng(0))
        for numbers in (calibration, biased)
    )
    assert other[middle] / plain[middle] == pytest.approx(1.1, abs=5e-3)
