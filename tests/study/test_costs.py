"""What jobs are expected to take: on the line through two measured sizes, and by the networks."""

from pathlib import Path

import pandas as pd
import pytest

from datnet_study.costs import (
    SHORT_SECONDS,
    Cost,
    expected_cost,
    number_of_scans,
    plan_text,
    read_measured,
)
from datnet_study.graph import Graph
from datnet_study.jobs import Job
from datnet_study.study import read_study
from datnet_study.work import work_of

ROOT = Path(__file__).parents[2]
MEASURED = pd.DataFrame(
    [
        ("truth", 300, "", 30.0, 500.0),
        ("truth", 1300, "", 130.0, 1500.0),
        ("flat", 300, "", 20.0, 400.0),
        ("flat", 1300, "", 10.0, 400.0),
        ("fit", 300, "", 40.0, 600.0),
        ("fit", 1300, "", 40.0, 600.0),
    ],
    columns=["job", "scans", "needs", "seconds", "memory_mb"],
)


@pytest.fixture(scope="module")
def study():
    return read_study(ROOT / "data_manifest/smoke.yaml")


def page(name):
    return Job(name, ("page", name))


@pytest.mark.parametrize(
    ("n_scans", "seconds", "memory_mb"), [(300, 30, 500), (800, 80, 1000), (2300, 230, 2500)]
)
def test_a_page_costs_by_the_line_through_two_sizes(study, n_scans, seconds, memory_mb):
    cost = expected_cost(study, page("truth"), n_scans, MEASURED)
    assert cost == Cost(pytest.approx(seconds), pytest.approx(memory_mb))


def test_no_page_costs_less_than_in_the_smaller_study(study):
    assert expected_cost(study, page("truth"), 10, MEASURED).seconds == 30
    assert expected_cost(study, page("flat"), 5000, MEASURED).seconds == 20


def test_a_page_that_nobody_measured_is_marked(study):
    assert not expected_cost(study, page("new"), 300, MEASURED).measured
    line, last = plan_text(study, [page("new")]).splitlines()
    assert line.endswith("?") and last.endswith("?: a guess, nobody has measured it")


def test_networks_cost_by_their_work(study):
    one = expected_cost(study, Job("fit", ("fit", "models/fold-0/member-0")), 44, MEASURED).seconds
    own = study.recipe("study")
    assert one == pytest.approx(40 * work_of(own.grid_mm, own.network, own.training))
    job = next(job for job in Graph(study).jobs.values() if job.recipe == "coarse")
    assert expected_cost(study, job, 44, MEASURED).seconds < one / 8


def test_a_page_of_sites_costs_by_whether_there_are_some(study):
    rows = [("external", 300, "", 2.0, 500.0), ("external", 900, "sites", 60.0, 1200.0)]
    measured = pd.DataFrame(rows, columns=MEASURED.columns)
    sites = read_study(ROOT / "data_manifest/sites.yaml")
    cost = [expected_cost(of, page("external"), 900, measured).seconds for of in (study, sites)]
    assert cost == [2.0, 60.0]


@pytest.mark.parametrize(
    ("sites", "roles", "seconds"),
    [("AB", "{}", 60), ("AB", "{A: both, B: test}", 60), ("AA", "{A: both}", 2), ("  ", "{}", 2)],
)
def test_sites_are_those_of_the_scans_with_or_without_roles(tmp_path, sites, roles, seconds):
    rows = [f"p{k}\t{k}.nii\tdefinite\t{site}" for k, site in enumerate(sites)]
    table = "\n".join(["participant_id\tpath\tcertainty\tsite", *rows])
    (tmp_path / "scans.tsv").write_text(table + "\n")
    text = f"name: own\ntitle: Own\ndataset: {tmp_path}\nsites: {roles}\n"
    (tmp_path / "own.yaml").write_text(text)
    measured = pd.DataFrame(
        [("devices", 300, "", 2.0, 500.0), ("devices", 900, "sites", 60.0, 1200.0)],
        columns=MEASURED.columns,
    )
    own = read_study(tmp_path / "own.yaml")
    assert expected_cost(own, page("devices"), 300, measured).seconds == seconds


def test_a_further_attempt_asks_for_twice_as_much():
    cost = Cost(seconds=600, memory_mb=900)
    assert [cost.minutes_to_ask(k) for k in (1, 2, 3, 9)] == [40, 80, 160, 160]
    assert [cost.memory_to_ask(k) for k in (1, 2, 3, 9)] == [2350, 4700, 9400, 9400]


def test_short_jobs():
    assert Cost(SHORT_SECONDS, 1).is_short
    assert not Cost(SHORT_SECONDS + 1, 1).is_short


def test_scans_of_a_phantom_and_of_a_table(study, tmp_path):
    assert number_of_scans(study) == 10 + 20 + 10 + 4
    sites = read_study(ROOT / "data_manifest/sites.yaml")  # 404 at home, twice 150 of them and 140
    assert number_of_scans(sites) == 404 + 2 * (150 + 140) + 260
    (tmp_path / "own").mkdir()
    (tmp_path / "own/scans.tsv").write_text("path\ta\nx.nii.gz\t1\ny.nii.gz\t2\n")
    text = f"name: own\ntitle: Own\ndataset: {tmp_path / 'own'}\n"
    (tmp_path / "own.yaml").write_text(text)
    assert number_of_scans(read_study(tmp_path / "own.yaml")) == 2


def test_the_sum_of_a_plan(study, monkeypatch):
    monkeypatch.setattr("datnet_study.costs.read_measured", lambda: MEASURED)
    jobs = [Job("truth", ("page", "truth"), threads=2), Job("flat", ("page", "flat"))]
    hours = (2 * 30 + 20) / 3600
    last = plan_text(study, jobs).splitlines()[-1]
    assert last == f"2 job(s), about {hours:.2f} core-hours, 0.5 GB for the largest"
    assert plan_text(study, []).startswith("0 job(s)")


def test_the_measured_costs_of_the_project():
    table = read_measured()
    assert list(table.columns) == list(MEASURED.columns)
    pages = {path.stem for path in (ROOT / "notebooks").glob("*.py")}
    kinds = {"dataset", "normalise", "grid", "fit", "ceiling", "book"}
    assert set(table["job"]) <= pages | kinds
    assert (table[["scans", "seconds", "memory_mb"]] > 0).all(axis=None)
