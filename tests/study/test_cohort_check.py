"""A study that its participants do not allow is refused before any job, with what to change."""

import pandas as pd
import pytest
import yaml

from datnet_core.settings import TrainingSettings
from datnet_study.cohort_check import check_cohorts, check_used, obstacles
from datnet_study.study import read_study


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Make a study of own scans with some settings; its table is `scans/scans.tsv`."""
    (tmp_path / "data_manifest").mkdir()
    (tmp_path / "scans").mkdir()
    monkeypatch.chdir(tmp_path)

    def made(diagnoses=("PD", "MSA", "PSP"), **training):
        settings = {"name": "mine", "title": "Mine", "dataset": "scans"}
        settings |= {"diagnoses": list(diagnoses), "training": {"n_folds": 3} | training}
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
        return read_study("mine.yaml")

    return made


def people(possible=None, **definite):
    """Participants by certainty and diagnosis."""
    found = {("definite", name): n for name, n in definite.items()}
    return found | {("possible", name): n for name, n in (possible or {}).items()}


@pytest.mark.parametrize(
    ("found", "settings"),
    [
        (people(PD=3, MSA=3, PSP=3), {}),
        (people({"PD": 2, "MSA": 1}, PD=3, MSA=3, PSP=3), {}),
        (people({"PD": 9}, PD=3, MSA=3, PSP=3), {"pretrain_on": "none"}),
        (people({"PD": 9}, PD=3, MSA=3, PSP=3), {"pretrain_on": "simulated"}),
        (people(PD=4, MSA=2, PSP=2), {"n_folds": 2}),
        # Whoever is judged stops the training, so nobody else has to.
        (people(PD=2, MSA=2, PSP=2), {"n_folds": 2, "early_stopping_on": "test_fold"}),
    ],
)
def test_what_can_be_made_is_not_refused(study, found, settings):
    made = study(**settings)
    assert obstacles(found, made.diagnoses, made.training) == []


@pytest.mark.parametrize(
    ("found", "settings", "words"),
    [
        ({}, {}, ["no participant has the certainty 'definite'"]),
        ({("confirmed", "PD"): 9}, {}, ["no participant has the certainty 'definite'"]),
        # One is short, the two others are a study.
        (
            people(PD=9, MSA=3),
            {},
            ["found PSP 0;", "at least 3 of each", "list other `diagnoses`, such as [PD, MSA], or"],
        ),
        (people(PD=9, MSA=3, PSP=2), {}, ["found PSP 2;", "lower training.n_folds to 2, or list"]),
        (
            people(PD=4, MSA=5),
            {"n_folds": 6},
            [
                "found PD 4, MSA 5, PSP 0;",
                "n_folds to 4 and list other `diagnoses`, such as [PD, MSA]",
            ],
        ),
        # With one diagnosis left, another list is no way out.
        (people(PD=9, MSA=1), {}, ["found MSA 1, PSP 0;", "(training.n_folds): add participants"]),
        (people(PD=9, MSA=2, PSP=2), {}, ["found MSA 2, PSP 2;", "n_folds to 2, or add"]),
        # Three in two folds leave one beside the larger: it teaches, and nobody stops.
        (
            people(PD=3, MSA=3, PSP=3),
            {"n_folds": 2, "early_stopping_on": "inner"},
            ["found PD 3, MSA 3, PSP 3;", "expected 4 of one", "raise training.n_folds to 3, or"],
        ),
        (
            people(PD=2, MSA=3, PSP=3),
            {"n_folds": 2, "early_stopping_on": "inner"},
            ["stops the training: add participants"],
        ),
        (people({"PD": 9}, PD=3, MSA=3, PSP=3), {"pretrain_on": "both"}, ["_on: simulated"]),
        (people({"PD": 9}, PD=3, MSA=3, PSP=3), {}, ["found PD 9;", "training.pretrain_on: none"]),
        (people({"PD": 1, "MSA": 1}, PD=3, MSA=3, PSP=3), {}, ["found PD 1, MSA 1; pre-training"]),
    ],
)
def test_what_cannot_be_made_is_refused_with_what_to_change(study, found, settings, words):
    made = study(**settings)
    (reason,) = obstacles(found, made.diagnoses, made.training)
    for part in words:
        assert part in reason
    assert "\n" not in reason


def test_all_reasons_stand_in_one_message_under_the_name_of_the_study(study):
    rows = ["certainty\tdiagnosis\tparticipant_id", "possible\tPD\tsub-1", "definite\tPD\tsub-2"]
    made = study()
    (made.dataset_root / "scans.tsv").write_text("\n".join(rows) + "\n")
    with pytest.raises(ValueError) as error:
        check_cohorts(made)
    title, *lines = str(error.value).splitlines()
    assert title == "mine.yaml: the participants do not allow this study"
    assert [line.strip()[:21] for line in lines] == [
        "certainty 'definite':",
        "certainty 'possible':",
    ]


@pytest.mark.parametrize(
    "row", ["definite\tALS\tsub-1", "sure\tPD\tsub-1", "definite\t\tsub-1", ""]
)
def test_a_table_with_another_fault_is_left_to_the_page_that_lists_its_rows(study, row):
    made = study()
    table = ["certainty\tdiagnosis\tparticipant_id", "definite\tPD\tsub-2", row]
    (made.dataset_root / "scans.tsv").write_text("\n".join(table if row else table[:1]) + "\n")
    check_cohorts(made)


@pytest.mark.parametrize("name", ["smoke", "demo", "paper", "paper-published", "null"])
def test_the_studies_of_the_project_can_be_made(name):
    check_cohorts(read_study(f"data_manifest/{name}.yaml"))


def test_a_phantom_is_counted_by_its_settings():
    study = read_study("data_manifest/smoke.yaml")
    groups = {"definite": {"IPD": 6, "MSA": 1, "PSP": 5, "NC": 4}}
    phantom = study.phantom.model_copy(update={"participants": groups})
    with pytest.raises(ValueError, match=r"smoke\.yaml: .*\n .*found MSA 1; expected at least 2"):
        check_cohorts(study.model_copy(update={"phantom": phantom}))


EVERY = pd.DataFrame(
    {
        "participant_id": list("abcdefgh"),
        "certainty": ["definite"] * 6 + ["possible"] * 2,
        "diagnosis": ["PD", "PD", "PD", "HC", "HC", "HC", "PD", "HC"],
    }
)
TRAINING = {"n_folds": 3, "pretrain_on": "none", "early_stopping_on": "test_fold"}


@pytest.mark.parametrize(
    ("left", "training", "words"),
    [
        ("abdefgh", {}, ["7 of 8 scans passed the quality check", "lower training.n_folds to 2"]),
        ("", {}, ["0 of 8 scans", "no participant has the certainty 'definite'"]),
        ("abcdef", {"pretrain_on": "cohort"}, ["certainty 'possible': nobody is left"]),
    ],
)
def test_what_the_quality_check_leaves_is_refused_if_it_is_too_little(left, training, words):
    here = EVERY["participant_id"].isin(list(left))
    quality = pd.DataFrame({"used": here, "worst": "moves_mm"})
    settings = TrainingSettings(**TRAINING | training)
    with pytest.raises(ValueError) as error:
        check_used(EVERY, EVERY[here], quality, ["PD", "HC"], settings)
    assert all(text in str(error.value) for text in words)
    assert "images.input" not in str(error.value)
    quality["worst"] = "reference_level"
    with pytest.raises(ValueError, match=r"write images\.input: ratio or bp"):
        check_used(EVERY, EVERY[here], quality, ["PD", "HC"], settings)


def test_what_is_enough_is_not_refused_after_the_quality_check():
    here = EVERY["participant_id"] != "g"
    quality = pd.DataFrame({"used": here, "worst": "moves_mm"})
    check_used(EVERY, EVERY[here], quality, ["PD", "HC"], TrainingSettings(**TRAINING))
