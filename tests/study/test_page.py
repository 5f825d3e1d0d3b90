"""What pages write and read: plain JSON, round trips, and what a missing file says."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml

from datnet_study import show
from datnet_study.page import read_result, read_table, upstream, write_result, write_table
from datnet_study.show import claim, claims_table, interval, notice
from datnet_study.study import read_study


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A study of scans, in a project folder of its own."""
    (tmp_path / "data_manifest").mkdir()
    settings = {"name": "mine", "title": "My scans", "dataset": "scans"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.chdir(tmp_path)
    study = read_study("mine.yaml")
    study.results.mkdir(parents=True)
    return study


def written(study, page="page"):
    """The result file, refusing what JSON does not know (NaN, Infinity)."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads((study.results / f"{page}.json").read_text(), parse_constant=refuse)


def test_a_missing_file_names_the_command_that_makes_it(own):
    expected = re.escape(
        "results/mine/models/fold-0/config.json is missing; the study makes it: "
        "make study STUDY=mine.yaml"
    )
    with pytest.raises(FileNotFoundError, match=expected):
        upstream(own, "models/fold-0/config.json")
    for read in (
        lambda: read_table(own, "scans.tsv"),
        lambda: read_result(own, "cohorts"),
    ):
        with pytest.raises(FileNotFoundError, match="make study STUDY=mine.yaml"):
            read()


def test_a_file_that_is_there_is_found(own):
    (own.results / "volumes.npy").touch()
    assert upstream(own, "volumes.npy") == own.results / "volumes.npy"


def test_a_table_comes_back_as_it_was_written(own):
    table = pd.DataFrame(
        {
            "participant_id": ["007", "sub-1"],  # text, whatever it looks like
            "session_id": ["01", "02"],
            "fold": pd.array([1, None], dtype="Int64"),
            "p_IPD": [0.123456789, np.nan],
        }
    )
    write_table(own, "predictions/cross_validation.tsv", table)
    back = read_table(own, "predictions/cross_validation.tsv")
    assert back["participant_id"].tolist() == ["007", "sub-1"]
    assert back["session_id"].tolist() == ["01", "02"]
    np.testing.assert_array_equal(back["fold"], [1, np.nan])
    np.testing.assert_allclose(back["p_IPD"], [0.123456789, np.nan], rtol=1e-7)
    assert [path.name for path in (own.results / "predictions").iterdir()] == [
        "cross_validation.tsv"
    ]


def test_a_result_has_its_four_keys_and_can_be_read_back(own):
    write_result(own, "cohorts", {"n": 3}, {"cv.auc.ipd": {"value": 0.9}})
    expected = {
        "page": "cohorts",
        "study": "mine",
        "numbers": {"n": 3},
        "claims": {"cv.auc.ipd": {"value": 0.9}},
    }
    assert read_result(own, "cohorts") == expected
    assert [path.name for path in own.results.iterdir()] == ["cohorts.json"]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.nan, None),
        (float("inf"), None),
        (-np.inf, None),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), None),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array([[1.0, np.nan], [3.0, 4.0]]), [[1.0, None], [3.0, 4.0]]),
        (np.array(2.5), 2.5),
        (np.array(["IPD", "MSA"]), ["IPD", "MSA"]),
        (pd.Series([1.0, np.nan], index=["a", "b"]), [1.0, None]),
        ((1, np.float64(2)), [1, 2.0]),
        ({0: {"x": (np.nan,)}, np.int64(3): None}, {"0": {"x": [None]}, "3": None}),
        ("no difference", "no difference"),
        (True, True),
    ],
)
def test_numbers_become_plain_json(own, value, plain):
    write_result(own, "page", {"value": value}, {})
    found = written(own)["numbers"]["value"]
    assert found == plain
    assert type(found) is type(plain)


def test_a_page_without_claims_has_an_empty_dictionary(own):
    write_result(own, "page", {}, {})
    assert written(own)["claims"] == {}


def test_what_cannot_be_written_leaves_the_old_result(own):
    write_result(own, "page", {"n": 1}, {})
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_result(own, "page", {"n": object()}, {})
    assert written(own)["numbers"] == {"n": 1}


def test_the_notice_says_what_the_scans_are(own, study):
    phantom, scans = notice(study).data, notice(own).data
    assert "Digital phantom, no patient data" in phantom
    assert "Study demo, Demonstration" in phantom
    assert "Scans of this study" in scans
    assert "My scans" in scans
    assert "phantom" not in scans


def test_the_notice_shows_the_words_of_a_title_as_they_are(own):
    title = "<early> & [pilot](2021) **bold**"
    shown = notice(own.model_copy(update={"title": title})).data
    assert "&lt;early&gt; &amp; [pilot](2021) **bold**" in shown
    assert "<early>" not in shown and "<b>" not in shown


def test_a_table_shows_its_values_without_row_numbers():
    html = show.table(pd.DataFrame({"age": [61]}, index=[4711])).to_html()
    assert "61" in html
    assert "4711" not in html
    assert 'class="dataframe"' in html


def test_an_interval_reads_as_text():
    assert interval(0.91234, 0.8, 0.95) == "0.912 (0.800 to 0.950)"
    assert interval(0.91234, 0.8, 0.95, digits=1) == "0.9 (0.8 to 0.9)"


def test_a_claim_takes_a_value_and_its_interval_from_a_row():
    row = pd.Series({"auc": 0.9, "ppv": 0.7, "ppv_low": 0.6, "ppv_high": 0.8})
    assert claim(row, "ppv") == {"value": 0.7, "low": 0.6, "high": 0.8}


def test_the_claims_table_shows_the_claims_of_one_page_beside_the_papers(study):
    claims = {"cv.auc.ipd": {"value": 0.93, "low": 0.9, "high": 0.96}}
    shown = claims_table(study, "cross_validation", claims).data
    assert list(shown.columns) == ["quantity", "group", "paper", "ours", "verdict"]
    row = shown[shown["group"] == "IPD"].iloc[0]
    assert row["paper"].startswith("0.953")
    assert row["ours"].startswith("0.93")
    others = claims_table(study, "fusion", claims).data
    assert not set(shown["quantity"] + shown["group"]) & set(others["quantity"] + others["group"])
