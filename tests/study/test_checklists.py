"""Reporting items: every one has a status, and none points at what is not there."""

import re
from pathlib import Path

import jupytext
import pandas as pd
import pytest
import yaml
from docutils.nodes import make_id

from datnet_core.fingerprint import ROOT
from datnet_study.checklists import (
    ITEM_COLUMNS,
    NOBODY,
    PLACE,
    of_study,
    pages_named,
    read_checklists,
    refuse_dead_anchors,
    refuse_dead_keys,
)

TABLE = ROOT / "data_manifest" / "reporting.tsv"
ROW = dict.fromkeys(ITEM_COLUMNS, "") | {
    "guideline": "CLEAR", "item": "6", "label": "aims", "applies": "always",
    "status": "reported", "where": "methods#images", "source": "https://a.org",
}  # fmt: skip
PHANTOM = {"applies": "phantom", "reason": "say where they come from"}


@pytest.fixture(scope="module")
def items():
    return read_checklists(TABLE)


def written(tmp_path, *rows, columns=ITEM_COLUMNS):
    """A table of rows, as a file."""
    path = tmp_path / "reporting.tsv"
    pd.DataFrame([ROW | row for row in rows], columns=columns).to_csv(path, sep="\t", index=False)
    return path


def test_every_item_of_the_four_guidelines_has_a_status(items):
    numbers = {name: set(rows["item"]) for name, rows in items.groupby("guideline")}
    whole = {
        name: {int(re.match(r"\d+", item)[0]) for item in found} for name, found in numbers.items()
    }
    sizes = {"TRIPOD+AI": (52, 27), "STARD-AI": (48, 40), "CLEAR": (58, 58), "CLAIM 2024": (44, 44)}
    assert {name: (len(numbers[name]), len(whole[name])) for name in numbers} == sizes
    assert all(found == set(range(1, len(found) + 1)) for found in whole.values())
    assert items["status"].ne("").all()


def test_labels_are_short_and_unmet_stays_unmet(items):
    assert items["label"].str.len().max() < 60
    status = items.set_index(["guideline", "item"])["status"]
    for item in ("18c", "18d"):
        assert status["TRIPOD+AI", item] == "missing"
    ended = {"external": "no site for tests only", "devices": "one site only"}
    for phantom in (True, False):
        of_one_site = of_study(items, phantom, ended).set_index(["guideline", "item"])["status"]
        assert of_one_site["CLAIM 2024", "33"] == "missing"
    assert set(items["source"].str.split("/").str[2]) == {"github.com"}


def test_every_place_of_the_table_is_a_heading_or_figure_of_the_sources(items):
    anchors = {}
    for path in (ROOT / "book").glob("*.md"):
        anchors[path.stem] = {make_id(line.lstrip("# ")) for line in headings(path.read_text())}
    for name in pages_named(items.to_dict("records")):
        path = ROOT / "notebooks" / f"{name}.py"
        cells = jupytext.read(path).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        figures = {cell.metadata.get("figure") for cell in cells}
        anchors[f"pages/{path.stem}"] = {make_id(h.lstrip("# ")) for h in headings(text)} | figures
    places = [PLACE.fullmatch(text).groups() for cell in items["where"] for text in cell.split()]
    assert len(places) > 100
    assert [place for place in places if place[1] not in anchors.get(place[0], ())] == []


def headings(text):
    return re.findall(r"^#+ .+$", text, flags=re.MULTILINE)


def test_the_page_reads_every_page_that_an_item_names(items):
    text = (ROOT / "notebooks/reporting.py").read_text()
    for name in set(pages_named(items.to_dict("records"))) - {"reporting"}:
        assert re.search(rf"\b{name}\*?\.json\b", text), name


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"status": "done"}, "status = 'done', expected one of reported, partly"),
        ({"applies": "never"}, "applies = 'never', expected one of always"),
        ({"label": ""}, "label is empty"),
        ({"where": ""}, "expected a where or a key"),
        ({"where": "cohorts images"}, "where = 'cohorts', expected such as pages/cohorts#images"),
        ({"key": "accuracy"}, "key = 'accuracy', expected such as blind_test:accuracy"),
        ({"status": "partly"}, "status is partly, expected a where or a key, and a reason"),
        ({"status": "missing", "reason": "no"}, "expected a reason, and neither where nor key"),
        ({"status": "missing", "where": ""}, "expected a reason, and neither where nor key"),
        ({"status": "unverified", "where": ""}, "nobody has read the item's text"),
        ({"source": ""}, "and the source where its text was read"),
        (PHANTOM | {"reason": ""}, "say what the owner of scans of people has to report"),
    ],
)
def test_a_row_that_lacks_something_is_refused_by_its_item(tmp_path, row, words):
    with pytest.raises(ValueError, match=r"1 problem|2 problem") as found:
        read_checklists(written(tmp_path, row))
    assert f"CLEAR 6: {words}" in str(found.value) or words in str(found.value)


def test_an_item_stands_once_and_columns_are_those_of_the_table(tmp_path):
    with pytest.raises(ValueError, match="CLEAR 6: stands twice"):
        read_checklists(written(tmp_path, {}, {}))
    with pytest.raises(ValueError, match="expected .*'guideline', 'item'"):
        read_checklists(written(tmp_path, {}, columns=ITEM_COLUMNS[:-1]))


def test_an_item_that_nobody_could_read_keeps_that_status_everywhere(tmp_path):
    row = {"status": "unverified", "where": "", "source": "", "applies": "people"}
    rows = read_checklists(written(tmp_path, row))
    assert {*of_study(rows, True, {})["status"], *of_study(rows, False, {})["status"]} == {
        "unverified"
    }


def test_what_asks_about_people_does_not_apply_to_a_phantom_and_is_missing_elsewhere():
    rows = pd.DataFrame(
        [
            ROW | {"applies": "people", "status": "partly", "reason": "criteria"},
            ROW | PHANTOM | {"where": "pages/phantom#labels-and-clinic"},
        ]
    )
    of_phantom, of_people = (of_study(rows, phantom, {}) for phantom in (True, False))
    assert of_phantom["status"].tolist() == ["not_applicable", "reported"]
    assert of_phantom["reason"].tolist() == [NOBODY, ""] and of_phantom["where"][0] == ""
    assert of_people["status"].tolist() == ["partly", "missing"]
    assert of_people["reason"].tolist() == ["criteria", PHANTOM["reason"]]
    assert of_people["where"].tolist() == ["methods#images", ""]


def test_what_a_page_was_to_say_that_ended_early_is_missing_with_the_reason():
    row = ROW | {"where": "methods#images pages/blind_test#accuracy", "key": "fusion:decisions"}
    rows = pd.DataFrame([row])
    assert pages_named(rows.to_dict("records")) == ["blind_test", "fusion"]
    for page in ("blind_test", "fusion"):
        made = of_study(rows, False, {page: "no blind test"}).iloc[0]
        assert made["status"] == "missing" and made["where"] == made["key"] == ""
        assert made["reason"] == "this study has no blind test"


def test_what_asks_about_sites_does_not_apply_to_a_study_without_them():
    row = ROW | {"applies": "sites", "where": "pages/devices#remedies", "key": "devices:results"}
    rows = pd.DataFrame([row])
    for phantom in (True, False):
        made = of_study(rows, phantom, {"devices": "one site only"}).iloc[0]
        assert made["status"] == "not_applicable" and made["where"] == made["key"] == ""
        assert made["reason"] == "this study has one site only"
        made = of_study(rows, phantom, {"external": "no site for tests only"}).iloc[0]
        assert made["status"] == "reported" and made["where"] == row["where"]


def test_what_asks_about_sites_follows_the_study(items):
    asked = [("TRIPOD+AI", "12d"), ("TRIPOD+AI", "23b"), ("STARD-AI", "29"), ("CLAIM 2024", "33")]

    def statuses(ended):
        made = of_study(items, True, ended).set_index(["guideline", "item"])["status"]
        return [made[name] for name in asked]

    assert statuses({}) == ["partly", "reported", "partly", "reported"]
    only_home = {"external": "no site for tests only", "devices": "one site only"}
    assert statuses(only_home) == ["not_applicable"] * 3 + ["missing"]


def test_a_dead_key_is_refused():
    rows = pd.DataFrame([ROW | {"key": "cohorts:volume_ml.caudate quality:excluded"}])
    results = {"cohorts": {"numbers": {"volume_ml": {"caudate": 7.0}}}}
    results["quality"] = {"numbers": {"excluded": {}}}
    refuse_dead_keys(rows, results)
    del results["cohorts"]["numbers"]["volume_ml"]["caudate"]
    with pytest.raises(ValueError, match=r"CLEAR 6: cohorts:\S+caudate: the page has no 'caudate'"):
        refuse_dead_keys(rows, results)
    with pytest.raises(ValueError, match=r"(?s)no 'volume_ml'; it has nothing.*no 'excluded'"):
        refuse_dead_keys(rows, {})


def test_a_dead_anchor_is_refused(tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "methods.html").write_text('<section id="images"></section>')
    (tmp_path / "pages/cohorts.html").write_text('<span class="t" id="fig-cohorts-flow"></span>')
    good = ROW | {"where": "methods#images pages/cohorts#fig-cohorts-flow"}
    refuse_dead_anchors(pd.DataFrame([good]), tmp_path)
    dead = [ROW | {"item": "7", "where": "methods#image"}, ROW | {"where": "pages/fusion#summary"}]
    with pytest.raises(ValueError, match=r"reporting.tsv names places") as found:
        refuse_dead_anchors(pd.DataFrame([good, *dead]), tmp_path)
    assert str(found.value).splitlines()[1:] == [
        "  CLEAR 7: methods#image: the chapter has no such anchor",
        "  CLEAR 6: pages/fusion#summary: the book has no such chapter",
    ]


def test_cards_of_models_and_of_data_have_one_form(judge_card):
    from datnet_study.reporting.card import HEADINGS

    folder = Path(ROOT / "data_manifest")
    texts = [(folder / name / "card.md").read_text() for name in ("simulated", "package")]
    texts += [(folder / "phantom_card.md").read_text(), judge_card]
    for text in texts:
        assert tuple(re.findall(r"^## (.+)$", text, flags=re.MULTILINE)) == HEADINGS


@pytest.fixture
def judge_card():
    from datnet_study.reporting.card import CARD

    return CARD


def test_the_book_has_the_page():
    toc = yaml.safe_load((ROOT / "book/_toc.yml").read_text())
    assert {"file": "pages/reporting"} in toc["parts"][0]["chapters"]
