"""Which scan of a participant came first, and when that is doubtful."""

import pandas as pd
import pytest
import yaml

from datnet_study.ready import ready_study
from datnet_study.session_order import in_order, order_remarks


def scans(*sessions, who="sub-1"):
    """A participant's scans, each a name and an age."""
    rows = [(who, name, age) for name, age in sessions]
    return pd.DataFrame(rows, columns=["participant_id", "session_id", "age"])


@pytest.mark.parametrize(
    ("given", "names", "doubtful"),
    [
        ([("ses-b", 60.0), ("ses-a", 60.5)], ["ses-b", "ses-a"], False),
        ([("ses-followup", 62.0), ("ses-baseline", None)], ["ses-baseline", "ses-followup"], True),
        ([("ses-24m", None), ("ses-bl", None)], ["ses-24m", "ses-bl"], True),
        ([("ses-10", 60.0), ("ses-2", 60.0), ("ses-1", 60.0)], ["ses-1", "ses-2", "ses-10"], False),
        ([("ses-10", None), ("ses-2", 61.0)], ["ses-2", "ses-10"], False),
        ([("ses-x", 60.0), ("ses-a", 61.0), ("ses-b", 61.0)], ["ses-x", "ses-a", "ses-b"], True),
        ([("ses-x", None)], ["ses-x"], False),
    ],
    ids=["ages", "one age", "no ages", "years", "one age, numbers", "some years", "one scan"],
)
def test_ages_count_where_all_are_known_then_names_and_what_is_doubtful_is_said(
    given, names, doubtful
):
    ordered = in_order(scans(*given))
    assert ordered["session_id"].tolist() == names
    assert bool(order_remarks(ordered)) == doubtful


def test_a_missing_age_of_one_participant_changes_no_other():
    table = pd.concat([scans(("b", 60), ("a", 61)), scans(("b", 60), ("a", None), who="sub-2")])
    ordered = in_order(table.reset_index(drop=True))
    assert ordered["session_id"].tolist() == ["b", "a", "a", "b"]
    assert order_remarks(ordered)[0].startswith("sub-2 (a, b): no ages say")


def test_a_remark_names_three_and_counts_the_others():
    table = pd.concat([scans(("b", None), ("a", None), who=f"sub-{k}") for k in range(5)])
    (remark,) = order_remarks(in_order(table.reset_index(drop=True)))
    assert remark.startswith("sub-0 (a, b), sub-1 (a, b), sub-2 (a, b) and 2 more: ")


@pytest.mark.parametrize(("first", "said"), [("baseline", True), ("12m", False)])
def test_a_run_says_so_before_it_starts(tmp_path, monkeypatch, capsys, first, said):
    (tmp_path / "data_manifest").mkdir()
    monkeypatch.chdir(tmp_path)
    lines = ["participant_id\tsession_id\tpath\tdiagnosis\tcertainty"]
    for k in range(4):
        for session in (first, "24m"):
            (tmp_path / f"{k}-{session}.nii").touch()
            path, diagnosis = f"{k}-{session}.nii", "AB"[k % 2]
            lines.append(f"{k}\t{session}\t{path}\t{diagnosis}\tdefinite")
    (tmp_path / "scans.tsv").write_text("\n".join(lines) + "\n")
    settings = {"name": "own", "title": "Own", "dataset": ".", "diagnoses": ["A", "B"]}
    settings["training"] = {"n_folds": 2, "pretrain_on": "none"}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(settings))
    ready_study("own.yaml")
    told = capsys.readouterr().err
    assert ("scans.tsv: sub-0 (ses-24m, ses-baseline), sub-1" in told) == said
    assert bool(told) == said
