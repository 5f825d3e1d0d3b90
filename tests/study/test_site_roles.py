"""What a site is for: who trains, who is judged outside, and what is refused."""

import pytest
import yaml

from datnet_study.columns import ScanTable, translated
from datnet_study.scans import COHORTS, keep_draw, read_scans
from datnet_study.site_roles import certainty_at, give_roles
from datnet_study.study import read_study
from datnet_study.table import certainties, participants

ROWS = [
    ("a1", "A", "possible"), ("a2", "A", "definite"), ("a3", "A", "confirmed"),
    ("b1", "B", "possible"), ("b2", "B", "definite"), ("b3", "B", "confirmed"),
    ("c1", "C", "possible"), ("c2", "C", "definite"), ("c3", "C", "confirmed"),
]  # fmt: skip
ROLES = {"A": "train", "B": "test", "C": "both"}


def written(folder, rows=ROWS, **words):
    """A scan table on disk, with an empty file for each image."""
    lines = ["participant_id\tsession_id\tpath\tdiagnosis\tcertainty\tHospital"]
    for k, (who, site, certainty) in enumerate(rows):
        (folder / f"{k}.nii.gz").touch()
        lines.append(f"sub-{who}\tses-{k}\t{k}.nii.gz\tIPD\t{certainty}\t{site}")
    (folder / "scans.tsv").write_text("\n".join(lines) + "\n")
    given = {"columns": {"site": "Hospital"}, "sites": ROLES} | words
    return ScanTable(folder / "scans.tsv", folder, **given)


def cohorts_of(table):
    scans = read_scans(table, ("IPD", "MSA"))
    return dict(zip(scans["participant_id"], scans["cohort"], strict=True))


def test_each_site_has_the_cohorts_of_its_role(tmp_path):
    found = cohorts_of(written(tmp_path))
    assert found == {
        "sub-a1": "pretraining", "sub-a2": "training", "sub-a3": "training",
        "sub-b2": "external", "sub-b3": "external",
        "sub-c1": "pretraining", "sub-c2": "training", "sub-c3": "blind_test",
    }  # fmt: skip


def test_both_is_what_comes_without_roles(tmp_path):
    table = written(tmp_path, sites=dict.fromkeys("ABC", "both"))
    without = written(tmp_path, sites={})
    assert cohorts_of(table) == cohorts_of(without)
    assert set(cohorts_of(table).values()) == set(COHORTS.values()) - {"external"}


def test_a_draw_of_the_blind_test_leaves_the_other_roles_alone(tmp_path):
    rows = [(f"{site}{k}", site, "definite") for site in "ABC" for k in range(4)]
    table = written(tmp_path, rows, split=0.5, split_path=tmp_path / "x.split.tsv")
    found = cohorts_of(table)
    assert {found[f"sub-A{k}"] for k in range(4)} == {"training"}
    assert {found[f"sub-B{k}"] for k in range(4)} == {"external"}
    assert sorted(found[f"sub-C{k}"] for k in range(4)) == ["blind_test"] * 2 + ["training"] * 2
    assert set(translated(table).sides) == {f"sub-C{k}" for k in range(4)}


@pytest.mark.parametrize(
    ("sites", "message"),
    [
        ({"A": "train", "B": "test", "C": "both", "D": "test"},
         "sites.D: no scan of a site 'D'; the table has A, B, C"),
        ({"A": "train", "B": "test"},
         r"nothing is said of 'C' \(3 scans\); write `C: both` .*`train` .*or `test`"),
    ],
)  # fmt: skip
def test_names_that_do_not_fit_are_refused_with_what_to_write(tmp_path, sites, message):
    with pytest.raises(ValueError, match=message):
        read_scans(written(tmp_path, sites=sites), ("IPD", "MSA"))


def test_a_table_without_the_column_is_refused(tmp_path):
    with pytest.raises(ValueError, match="column site: missing; .* columns.site"):
        read_scans(written(tmp_path, columns={}), ("IPD", "MSA"))


def test_nobody_is_on_both_sides(tmp_path):
    rows = [*ROWS, ("a2", "B", "definite"), ("c3", "B", "confirmed")]
    message = "participant sub-a2 has scans at 'A', which train, and at 'B', a site to test"
    with pytest.raises(ValueError, match=message) as refused:
        read_scans(written(tmp_path, rows), ("IPD", "MSA"))
    assert "sub-c3" not in str(refused.value)  # is judged at both, and teaches nobody
    rows.pop(-2)
    found = read_scans(written(tmp_path, rows), ("IPD", "MSA"))
    own = found.loc[found["participant_id"] == "sub-c3", "cohort"]
    assert sorted(own) == ["blind_test", "external"]


def test_who_is_judged_at_another_site_is_drawn_for_the_blind_test_at_home(tmp_path):
    rows = [(f"h{k}", "C", "definite") for k in range(8)]
    rows += [(f"h{k}", "B", "definite") for k in (2, 5)]
    roles = {"B": "test", "C": "both"}
    drawn = {"split": 0.25, "split_path": tmp_path / "x.split.tsv", "sites": roles}
    scans = read_scans(written(tmp_path, rows, **drawn), ("IPD", "MSA"))
    at_home = scans[scans["site"] == "C"]
    blind = at_home.loc[at_home["cohort"] == "blind_test", "participant_id"]
    assert set(blind) == {"sub-h2", "sub-h5"}  # a quarter of eight: nobody else is drawn
    assert set(scans.loc[scans["site"] == "B", "cohort"]) == {"external"}


def test_an_earlier_draw_stands_and_each_on_both_sides_is_named_once(tmp_path):
    rows = [(f"h{k}", "C", "definite") for k in range(8)]
    sites = {"B": "test", "C": "both"}
    drawn = {"split": 0.25, "split_path": tmp_path / "x.split.tsv", "sites": sites}
    keep_draw(written(tmp_path, rows, **drawn | {"sites": {"C": "both"}}))
    taught = [line[4:6] for line in drawn["split_path"].read_text().split("\n") if "train" in line]
    rows += [(who, "B", "definite") for who in taught[:2]]
    with pytest.raises(ValueError, match="2 problem") as refused:
        read_scans(written(tmp_path, rows, **drawn), ("IPD", "MSA"))
    assert str(refused.value).count("expected nobody on both sides") == 2


def test_the_word_external_is_not_for_tables(tmp_path):
    with pytest.raises(ValueError, match="certainty = 'external': expected possible, definite"):
        read_scans(written(tmp_path, [*ROWS, ("c4", "C", "external")]), ("IPD", "MSA"))


def test_roles_change_no_row_that_is_given():
    rows = [{"site": "B", "certainty": "definite", "participant_id": "x", "line": 2}]
    made, problems = give_roles(rows, {"B": "test"}, str)
    assert not problems and rows[0]["certainty"] == "definite"
    assert made[0]["certainty"] == "external"


def test_an_unsure_diagnosis_teaches_or_is_left_out_and_is_never_judged():
    found = {role: certainty_at("possible", role) for role in ("train", "test", "both")}
    assert found == {"train": "possible", "test": None, "both": "possible"}


@pytest.fixture
def phantom(tmp_path, monkeypatch):
    """A study of a phantom with two sites."""
    (tmp_path / "data_manifest").mkdir()
    monkeypatch.chdir(tmp_path)
    people = {"possible": {"IPD": 3}, "definite": {"IPD": 4}, "confirmed": {"MSA": 2}}

    def made(**settings):
        sites = {"home": {}, "far": {"participants": people}}
        study = {
            "name": "s", "title": "S",
            "phantom": {"participants": people, "sites": sites},
        } | settings  # fmt: skip
        (tmp_path / "s.yaml").write_text(yaml.safe_dump(study))
        return read_study("s.yaml")

    return made


def test_a_plan_counts_the_people_of_a_phantom_by_role(phantom):
    study = phantom(sites={"home": "train", "far": "test"})
    assert participants(study) == {
        ("possible", "IPD"): 3, ("definite", "IPD"): 4, ("definite", "MSA"): 2,
        ("external", "IPD"): 4, ("external", "MSA"): 2,
    }  # fmt: skip
    assert "confirmed" not in certainties(study)
    assert participants(phantom())["possible", "IPD"] == 6


def test_sites_of_a_phantom_are_those_it_has(phantom):
    with pytest.raises(ValueError, match=r"sites names \['far'\]; expected each of .*'home'"):
        phantom(sites={"far": "test"})
    with pytest.raises(ValueError, match="phantom.sites has none"):
        phantom(sites={"far": "test"}, phantom={"participants": {"definite": {"IPD": 4}}})
    with pytest.raises(ValueError, match=r"sites\.far: .*'train', 'test' or 'both'"):
        phantom(sites={"home": "both", "far": "tset"})
