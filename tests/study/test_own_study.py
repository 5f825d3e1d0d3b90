"""A study of own scans of two hospitals that lack much, to its book, and what makes it again.

It is made once. A test that changes something works on a copy of the finished project, so tests
run in any order and one by one.
"""

import json
import os
import shutil

import pandas as pd
import pytest
import yaml
from whole_projects import PAGES, SMOKE, copied, engine, listing, make, planned, ran, run

from datnet_study.scans import CLINICAL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="session")
def finished_own(tmp_path_factory):
    """The project with a finished study, `own.yaml`, of a user's two groups and nothing else.

    There are no controls, no uncertain or confirmed diagnoses, and no clinical columns; a second
    hospital, with a folder of its own, is for tests only.
    """
    project = copied(tmp_path_factory.mktemp("own"))
    own = project / "own"
    run(project, "dataset", SMOKE, "--threads", "2")
    shutil.move(project / "results/smoke/dataset", own)
    shutil.rmtree(project / "results")
    scans = pd.read_csv(own / "scans.tsv", sep="\t", keep_default_na=False)
    scans["diagnosis"] = scans["diagnosis"].map({"IPD": "PD", "MSA": "ET"})
    scans = scans[scans["diagnosis"].notna() & (scans["certainty"] != "possible")]
    scans = scans.drop(columns=list(CLINICAL))
    at_south = scans["certainty"] == "confirmed"
    for path in scans.loc[at_south, "path"]:
        (own / "South" / path).parent.mkdir(parents=True)
        shutil.move(own / path, own / "South" / path)
    scans["path"] = scans["path"].where(~at_south, "South/" + scans["path"])
    scans = scans.assign(site=at_south.map({True: "South", False: "North"}), certainty="definite")
    scans.to_csv(own / "scans.tsv", sep="\t", index=False)
    settings = yaml.safe_load((project / SMOKE).read_text())
    del settings["phantom"], settings["recipes"], settings["learning_curve"]
    settings |= {"name": "own", "title": "Two classes", "dataset": "own"}
    settings |= {"diagnoses": ["PD", "ET"], "protocols": ["test_fold", "no_pretraining"]}
    settings["sites"] = {"North": "both", "South": "test"}
    (project / "own.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    make(project, "own.yaml")
    return project


@pytest.fixture
def own(finished_own, tmp_path):
    """A copy of the project with the finished study of a user's own scans, to change."""
    return shutil.copytree(finished_own, tmp_path / "my project")


def test_an_own_data_set_of_two_groups_and_nothing_else_becomes_a_book(finished_own):
    results = finished_own / "results" / "own"
    for page, word in {"blind_test": "no blind test.", "fusion": "nothing is joined"}.items():
        text = (results / f"book/pages/{page}.html").read_text()
        assert word in text and "digital phantom" not in text.lower()
        ended = json.loads((results / f"pages/{page}.ipynb").read_text())["cells"]
        assert [cell for cell in ended[-6:] if cell.get("outputs")] == []  # nothing ran there
        assert "Summary" not in text
    chapters = {path.stem for path in (results / "book/pages").glob("*.html")}
    there = (None, "protocols")
    assert chapters == {name for name, page in PAGES.items() if page.only_if in there}
    # Without possible diagnoses there is no pre-training, and no variant that leaves it out.
    assert {path.name for path in (results / "models").iterdir()} == {
        "fold-0",
        "fold-1",
        "test_fold",
    }


def test_a_second_hospital_for_tests_has_its_pages(finished_own):
    results = finished_own / "results" / "own"
    scans = pd.read_csv(results / "scans.tsv", sep="\t").groupby("site")["cohort"].unique()
    assert scans.map(list).to_dict() == {"North": ["training"], "South": ["external"]}
    for page in ("external", "devices"):
        numbers = json.loads((results / f"{page}.json").read_text())["numbers"]
        assert "South" in json.dumps(numbers)
        assert "South" in (results / f"book/pages/{page}.html").read_text()
    judged = pd.read_csv(results / "predictions/external.tsv", sep="\t")
    assert judged.groupby("method")["participant_id"].nunique().eq(7).all()


def test_a_study_that_its_participants_do_not_allow_stops_before_any_job(own):
    table = pd.read_csv(own / "own/scans.tsv", sep="\t")
    table = table[(table["diagnosis"] == "ET") | ~table["diagnosis"].duplicated()]  # one PD
    table.to_csv(own / "own/scans.tsv", sep="\t", index=False)
    before = listing(own / "results")
    code, output = ran(own, engine("own.yaml"))
    assert code != 0
    assert "own.yaml: the participants do not allow this study" in output
    assert "found PD 1; expected at least 2 of each of the `diagnoses`" in output
    assert listing(own / "results") == before


def test_touched_scans_leave_nothing_to_do(own):
    for path in (own / "own").rglob("*"):
        os.utime(path)
    assert planned(own, "own.yaml") == set()


def test_an_image_replaced_by_an_older_one_is_noticed_without_the_memory_of_the_engine(own):
    shutil.rmtree(own / ".snakemake")
    scans = pd.read_csv(own / "own/scans.tsv", sep="\t")
    one, listed = (
        own / "own" / scans["path"].iloc[0],
        {own / "own" / path for path in scans["path"]},
    )
    others = set((own / "own").glob("sub-*/**/*_pet.nii.gz")) - listed  # an image may stand once
    shutil.copy(min(others), one)
    os.utime(one, (1e9, 1e9))
    jobs = planned(own, "own.yaml")
    assert {"cohorts", "fit_fold_0_member_0", "cross_validation", "blind_test", "book"} <= jobs
    assert "cohort_sizes" not in jobs
    # Also after a stop in between: the scans are read again, the rest is still to be done.
    make(own, "own.yaml", "cohorts")
    assert planned(own, "own.yaml") == jobs - {"quality", "cohorts"}


def test_a_changed_scan_table_is_noticed(own):
    table = own / "own" / "scans.tsv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join(lines[:-1]) + "\n")
    assert {"cohorts", "fit_fold_0_member_0"} <= planned(own, "own.yaml")
