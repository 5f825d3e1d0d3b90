"""A page opens what its header declares and nothing else, and closes when all is written."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from datnet_core import fingerprint
from datnet_study import show
from datnet_study.page import open_page
from datnet_study.records import folder_of
from datnet_study.settings import Saliency
from datnet_study.study import read_study

SETTINGS = {"name": "mine", "title": "My scans", "dataset": "scans", "images": {"grid_mm": 8}}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a study of scans and of a phantom, `mine.yaml` and `phantom.yaml`."""
    for folder in ("data_manifest", "notebooks", "scans", "results/mine"):
        (tmp_path / folder).mkdir(parents=True)
    phantom = {"phantom": {"seed": 5, "participants": {"definite": {"NC": 2}}}, "name": "made"}
    without = {key: value for key, value in SETTINGS.items() if key != "dataset"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SETTINGS))
    (tmp_path / "phantom.yaml").write_text(yaml.safe_dump(without | phantom))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    return tmp_path


def opened(project, *lines, study="mine.yaml", into="study"):
    """A page `tiny` with these lines of declaration; the first of them is line 5 of the file."""
    header = ["---", "jupyter:", "  datnet:", "    threads: 1", *(f"    {x}" for x in lines), "---"]
    source = project / "notebooks" / "tiny.py"
    source.write_text("".join(f"# {line}\n" for line in header))
    return open_page("tiny", study, into)


def written(project, study="mine"):
    """The result file, refusing what JSON does not know (NaN, Infinity)."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    text = (project / "results" / study / "tiny.json").read_text()
    return json.loads(text, parse_constant=refuse)


# --- what is not declared ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "read",
    [
        lambda page: page.path("volumes.npy"),
        lambda page: page.volumes(),
        lambda page: page.table("predictions/other.tsv"),
        lambda page: page.result("cohorts"),
        lambda page: page.atlas(),
        lambda page: page.models(),
        lambda page: page.path("dataset/scans.tsv"),
    ],
)
def test_reading_what_the_header_does_not_declare_names_the_line_to_edit(project, read):
    page = opened(project, "reads: [scans.tsv, models/test_fold/*, data_manifest/claims.tsv]")
    for name in ("volumes.npy", "cohorts.json", "models/fold-0"):  # that they exist is no excuse
        (project / "results/mine" / name).parent.mkdir(exist_ok=True)
        (project / "results/mine" / name).touch()
    message = r"page tiny reads '.+', which .* add it to `reads` \(tiny\.py, line 5\)"
    with pytest.raises(PermissionError, match=message):
        read(page)


@pytest.mark.parametrize(
    "write",
    [
        lambda page: page.output("b.tsv"),
        lambda page: page.write_table("b.tsv", pd.DataFrame()),
        lambda page: page.writing("scans.tsv").__enter__(),
    ],
)
def test_writing_what_the_header_does_not_declare_names_the_line_to_edit(project, write):
    page = opened(project, "reads: [scans.tsv]", "writes: {aggregates: [a.tsv]}")
    message = r"page tiny writes '.+', which .* add it to `writes` \(tiny\.py, line 6\)"
    with pytest.raises(PermissionError, match=message):
        write(page)
    assert list((project / "results/mine").iterdir()) == []


@pytest.mark.parametrize(
    ("look", "name"),
    [
        (lambda settings: settings.fusion, "fusion"),
        (lambda settings: settings.training.seed, "training.seed"),
        (lambda settings: settings.patients, "control"),  # which are those without it
        (lambda settings: settings.training.starts_simulated, "training.pretrain_on"),
        (lambda settings: settings.titel, "titel"),
    ],
)
def test_a_setting_that_is_not_declared_names_the_line_to_edit(project, look, name):
    settings = opened(project, "settings: [training.n_folds, diagnoses]").settings
    message = rf"page tiny uses the setting `{name}`, .* add it to .*\(tiny\.py, line 5\)"
    with pytest.raises(AttributeError, match=message):
        look(settings)


def test_declared_settings_have_their_values(project):
    names = "control, diagnoses, images.grid_mm, training.n_folds, training.pretrain_on, saliency"
    settings = opened(project, f"settings: [{names}]").settings
    assert (settings.training.n_folds, settings.images.grid_mm, settings.control) == (6, 8.0, "NC")
    assert settings.saliency == Saliency()
    assert settings.patients == settings.compared == ("IPD", "MSA", "PSP")
    training = settings.training
    assert (training.learns_from_cohort, training.starts_simulated) == (True, False)


def test_a_declared_setting_that_no_study_has_is_named(project):
    message = r"page tiny declares .* 'training.n_fold'.*\(tiny\.py, line 5\)"
    with pytest.raises(ValueError, match=message):
        opened(project, "settings: [training.n_fold]")


# --- reading ----------------------------------------------------------------------------------


def test_a_missing_file_names_the_command_that_makes_it(project):
    page = opened(project, "reads: [scans.tsv, cohorts.json, models/fold-*]")
    message = re.escape("scans.tsv of study mine is missing; make it: make study STUDY=")
    for read in (page.scans, lambda: page.result("cohorts"), page.models):
        with pytest.raises(FileNotFoundError, match=r"make study STUDY=mine\.yaml"):
            read()
    with pytest.raises(FileNotFoundError, match=message):
        page.scans()


def test_names_lead_to_the_folder_they_begin_with(project):
    page = opened(project, "reads: [auc.tsv, dataset/*, data_manifest/*, models/fold-*]")
    for name in ("results/mine/auc.tsv", "scans/a/b.nii", "data_manifest/claims.tsv"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).touch()
    (project / "results/mine/models/fold-0").mkdir(parents=True)
    assert page.path("auc.tsv") == project / "results/mine/auc.tsv"
    assert page.path("dataset/a/b.nii") == project / "scans/a/b.nii"
    assert page.path("data_manifest/claims.tsv") == project / "data_manifest/claims.tsv"
    assert page.models() == project / "results/mine/models"


def test_a_table_comes_back_as_it_was_written(project):
    table = pd.DataFrame(
        {
            "participant_id": ["007", "sub-1"],  # text, whatever it looks like
            "session_id": ["01", "02"],
            "diagnosis": ["1", "NA"],
            "site": ["03", "4"],
            "fold": pd.array([1, None], dtype="Int64"),
            "p_IPD": [0.123456789, np.nan],
        }
    )
    name = "predictions/cross_validation.tsv"
    page = opened(project, f"reads: [{name}]", f"writes: {{participants: [{name}]}}")
    page.write_table(name, table)
    back = page.table(name)
    assert back["participant_id"].tolist() == ["007", "sub-1"]
    assert back["session_id"].tolist() == ["01", "02"]
    assert back["diagnosis"].tolist() == ["1", "NA"] and back["site"].tolist() == ["03", "4"]
    np.testing.assert_array_equal(back["fold"], [1, np.nan])
    np.testing.assert_allclose(back["p_IPD"], [0.123456789, np.nan], rtol=1e-7)
    assert [path.name for path in (project / "results/mine/predictions").iterdir()] == [
        "cross_validation.tsv"
    ]


def test_scans_of_another_grid_have_a_file_of_their_own(project):
    np.save(project / "results/mine/volumes.npy", np.zeros((3, 20, 24, 21), np.float32))
    page = opened(project, "reads: [volumes.npy]", "settings: [images]")
    assert page.volumes().shape == (3, 20, 24, 21)
    # The field is 88 x 76 x 64 mm, of 8 mm voxels; centres inside count.
    assert page.seen().shape == (3, *(s.stop - s.start for s in page.field()))
    affine, _ = page.grid()
    assert np.diag(affine).tolist() == [8, 8, 8, 1]
    with pytest.raises(ValueError, match="recipe 'coarse' is not one of study"):
        page.volumes("coarse")


# --- writing and closing ----------------------------------------------------------------------


def test_a_page_does_not_close_before_all_is_written(project):
    page = opened(
        project,
        "reads: [scans.tsv]",
        'writes: {aggregates: [a.tsv, "mean_{diagnosis}.tsv"], participants: [b.npy]}',
    )
    page.write_table("a.tsv", pd.DataFrame({"n": [1]}))
    page.output("b.npy")  # asked for, but nothing was written to it
    page.write_table("mean_IPD.tsv", pd.DataFrame({"n": [1]}))
    missing = ["b.npy", "mean_MSA.tsv", "mean_PSP.tsv"]
    message = re.escape(f"page tiny did not write {missing}") + r".*\(tiny\.py, line 6\)"
    with pytest.raises(RuntimeError, match=message):
        page.close({})
    assert not (project / "results/mine/tiny.json").exists()
    for name in missing:
        page.output(name).touch()
    page.close({})
    assert written(project)["numbers"] == {}


def test_a_file_of_an_earlier_run_does_not_count_as_written(project):
    (project / "results/mine/a.tsv").touch()
    page = opened(project, "writes: {aggregates: [a.tsv]}")
    with pytest.raises(RuntimeError, match=r"did not write \['a.tsv'\]"):
        page.close({})


def test_into_writes_elsewhere_and_reads_from_the_study(project):
    (project / "results/mine/scans.tsv").write_text("participant_id\tsession_id\n01\t02\n")
    lines = ("reads: [scans.tsv]", "writes: {aggregates: [a.tsv]}")
    page = opened(project, *lines, into="try")
    page.write_table("a.tsv", page.scans())
    page.close({"n": 1})
    assert [path.name for path in (project / "results/mine").iterdir()] == ["scans.tsv"]
    assert (project / "results/try/a.tsv").read_text().splitlines()[1] == "01\t02"
    assert written(project, "try")["numbers"] == {"n": 1}


def test_a_result_says_what_it_was_made_from(project):
    (project / "results/made").mkdir()
    (project / "results/made/volumes.json").write_text('{"sha256": "abc"}')
    names = "settings: [training.n_folds, images.grid_mm]"
    page = opened(project, "reads: [cohorts.json]", names, study="phantom.yaml")
    page.close({"n": 3}, {"cv.auc.ipd": {"value": 0.9}}, "It was 3.")
    result = written(project, "made")
    made_from = result.pop("made_from")
    assert result == {
        "page": "tiny",
        "study": "made",
        "numbers": {"n": 3},
        "claims": {"cv.auc.ipd": {"value": 0.9}},
        "result": "It was 3.",
    }
    assert made_from.pop("seconds") >= 0
    assert made_from.pop("memory_mb") > 1
    assert made_from.pop("commit") is None  # this project is no repository
    assert made_from == {
        "study_file": "phantom.yaml",
        "scans": "abc",
        "code": fingerprint.code_hash(project / "notebooks/tiny.py"),
        "seeds": {"training": 0, "phantom": 5},
        "settings": {"training.n_folds": 6, "images.grid_mm": 8.0},
    }
    (project / "results/made/cohorts.json").write_text(json.dumps(result))
    assert page.result("cohorts")["claims"]["cv.auc.ipd"] == {"value": 0.9}


def test_a_page_that_ends_for_want_of_something_says_so_and_runs_no_later_cell(
    project, monkeypatch
):
    no_history = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell(config=no_history, ipython_dir=str(project))
    monkeypatch.setattr("datnet_study.page.get_ipython", lambda: shell)
    page = opened(project, "writes: {aggregates: [a.tsv]}")
    with pytest.raises(RuntimeError, match=r"did not write \['a.tsv'\]"):
        page.end("no controls", "nothing is compared")
    assert not page.ended
    page.write_table("a.tsv", pd.DataFrame({"x": []}))
    page.end("no controls", "nothing is compared")
    result = written(project)
    assert result["result"] == "This study has no controls, so nothing is compared."
    assert (result["without"], result["numbers"], page.ended) == ("no controls", {}, True)
    assert shell.run_cell("y = 1 / 0").success
    assert "y" not in shell.user_ns
    page.end("no controls", "nothing is compared", "The study `demo` has some.")
    said = "This study has no controls, so nothing is compared. The study `demo` has some."
    assert written(project)["result"] == said


def test_a_study_without_images_so_far_has_no_hash_of_them(project):
    opened(project, "reads: []").close({})
    result = written(project)
    assert result["made_from"]["scans"] is None
    assert result["made_from"]["seeds"] == {"training": 0}
    assert result["claims"] == {}


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.nan, None),
        (float("inf"), None),
        (-np.inf, None),
        (np.float32(0.5), 0.5),
        (np.float32("nan"), None),
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
def test_numbers_become_plain_json(project, value, plain):
    opened(project, "reads: []").close({"value": value})
    found = written(project)["numbers"]["value"]
    assert found == plain
    assert type(found) is type(plain)


def test_into_refuses_the_results_of_another_study(project):
    (project / "results/other/records").mkdir(parents=True)
    study = read_study("mine.yaml")
    assert folder_of(study, "study") == folder_of(study, "mine") == study.results
    assert folder_of(study, "try") == project / "results" / "try"
    with pytest.raises(ValueError, match="into is 'other', the results of a study"):
        folder_of(study, "other")


def test_what_cannot_be_written_leaves_the_old_result(project):
    page = opened(project, "reads: []")
    page.close({"n": 1})
    with pytest.raises(Exception, match="object"):
        page.close({"n": object()})
    assert written(project)["numbers"] == {"n": 1}
    assert [path.name for path in (project / "results/mine").iterdir()] == ["tiny.json"]


# --- pages that not every study has -----------------------------------------------------------


def test_a_page_on_the_phantom_opens_for_a_phantom_only(project):
    lines = ("only_if: phantom", "settings: [phantom.seed]")
    assert opened(project, *lines, study="phantom.yaml").settings.phantom.seed == 5
    message = r"page tiny is for studies with `phantom`; mine\.yaml has none"
    with pytest.raises(ValueError, match=message):
        opened(project, *lines)


def test_a_page_on_recipes_opens_for_a_study_with_recipes_only(project):
    with pytest.raises(ValueError, match="page tiny is for studies with `recipes`"):
        opened(project, "only_if: recipes")
    settings = SETTINGS | {"recipes": {"coarse": {"grid_mm": 16}}}
    (project / "mine.yaml").write_text(yaml.safe_dump(settings))
    made = opened(project, "only_if: recipes").recipe("coarse")
    assert (made.grid_mm, made.network.n_members) == (16.0, 1)


# --- what a page shows ------------------------------------------------------------------------


def test_the_notice_says_what_the_scans_are(project):
    phantom = show.notice(opened(project, "reads: []", study="phantom.yaml")).data
    scans = show.notice(opened(project, "reads: []")).data
    assert "Digital phantom, no patient data" in phantom
    assert "**" not in phantom
    assert "Scans of this study" in scans
    assert "My scans" in scans
    assert "phantom" not in scans


def test_the_notice_shows_the_words_of_a_title_as_they_are():
    title = "<early> & [pilot](2021) **bold**"
    shown = show.notice(SimpleNamespace(phantom=False, notice=title, public_notice=title)).data
    assert "&lt;early&gt; &amp; [pilot](2021) **bold**" in shown
    assert "<early>" not in shown and "<b>" not in shown


def test_a_table_shows_its_values_without_row_numbers():
    html = show.table(pd.DataFrame({"age": [61]}, index=[4711])).to_html()
    assert "61" in html
    assert "4711" not in html
    assert 'class="dataframe"' in html


def test_an_interval_reads_as_text():
    assert show.interval(0.91234, 0.8, 0.95) == "0.912 (0.800 to 0.950)"
    assert show.interval(0.91234, 0.8, 0.95, digits=1) == "0.9 (0.8 to 0.9)"


def test_claims_take_values_with_their_intervals_from_a_table():
    table = pd.DataFrame(
        {"ppv": [0.7], "ppv_low": [0.6], "ppv_high": [0.8]}, index=pd.Index(["PD"])
    )
    claims = show.claims_of(table, {"a": ("PD", "ppv"), "b": ("IPD", "ppv")})
    assert claims == {"a": {"value": 0.7, "low": 0.6, "high": 0.8}}  # no IPD in this study


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.1, 0.2, "better"), (-0.2, -0.1, "worse"), (-0.1, 0.1, "even"), (np.nan, np.nan, "even")],
)
def test_a_difference_is_put_into_words_by_its_interval(low, high, words):
    assert show.direction(low, high, more="better", less="worse", even="even") == words


def test_the_claims_table_shows_the_claims_of_one_page_beside_the_papers():
    # The pages of the project itself, whose claims the paper makes.
    claims = {"cv.auc.ipd": {"value": 0.93, "low": 0.9, "high": 0.96}}
    study = "data_manifest/demo.yaml"
    shown = show.claims_table(open_page("cross_validation", study), claims).data
    assert list(shown.columns) == ["quantity", "group", "paper", "ours", "verdict"]
    row = shown[shown["group"] == "IPD"].iloc[0]
    assert row["paper"].startswith("0.953")
    assert row["ours"].startswith("0.93")
    pair = {
        f"cv.{rate}.ipd": {"value": 0.7, "low": 0.65, "high": 0.75} for rate in ("sens", "spec")
    }
    paired = show.claims_table(open_page("cross_validation", study), claims | pair).data
    rates = paired.loc[
        (paired["group"] == "IPD") & paired["quantity"].str.startswith("s"), "verdict"
    ]
    said = "lower than the paper, as a pair: sensitivity + specificity 1.81, here 1.40, difference "
    assert [text.startswith(said) for text in rates if text != "not computed here"] == [True, True]
    others = show.claims_table(open_page("fusion", study), claims).data
    assert not set(shown["quantity"] + shown["group"]) & set(others["quantity"] + others["group"])


def test_a_sentence_says_why_a_study_has_no_value_for_any_claim_of_a_page():
    page = open_page("binding_ratio", "data_manifest/ppmi.yaml")  # of PD and NC
    said = show.claims_table(page, {}).data
    assert said == (
        "This study has a value for none of the 8 claims that the paper makes here: "
        "no IPD, no MSA, no PSP."
    )
