"""What a study has written comes back with the words that the user wrote."""

import numpy as np
import pandas as pd
import pytest

from datnet_study.result_table import WORDS, read_result_table
from datnet_study.sites.who import home_of, setting_of


def written(path, **columns):
    """A table as pages write it, and read again."""
    pd.DataFrame(columns).to_csv(path, sep="\t", index=False, float_format="%.8g")
    return read_result_table(path)


def test_words_are_the_columns_that_hold_no_number():
    keys = ["participant_id", "session_id", "path"]
    assert sorted(WORDS) == sorted([*keys, "diagnosis", "certainty", "sex", "site", "cohort"])


@pytest.mark.parametrize("word", ["1", "01", "1e5", "NA", "null", "nan", "True", "2019-01-02"])
def test_a_word_stays_as_it_was_written(tmp_path, word):
    table = written(tmp_path / "a.tsv", site=[word, "B"], diagnosis=[word, word], fold=[0, np.nan])
    assert table["site"].tolist() == [word, "B"] and table["diagnosis"].tolist() == [word, word]
    np.testing.assert_array_equal(table["fold"], [0, np.nan])


def test_what_is_missing_is_missing_in_words_and_numbers(tmp_path):
    table = written(tmp_path / "a.tsv", sex=["F", None], age=[61.5, np.nan], used=[True, False])
    assert table["sex"].isna().tolist() == table["age"].isna().tolist() == [False, True]
    assert table["used"].dtype == bool


@pytest.mark.parametrize("names", [("north", "south"), ("1", "2"), ("01", "02"), ("NA", "south")])
def test_sites_and_diagnoses_may_be_numbers(tmp_path, names):
    table = written(
        tmp_path / "scans.tsv",
        participant_id=[f"sub-{k}" for k in range(16)],
        diagnosis=["1", "NA"] * 8,
        site=np.repeat(names, 8),
        cohort=np.repeat(["training", "blind_test"], 8),
    )
    assert home_of(table) == names[0]
    setting = setting_of(table, ("1", "NA"), names[0])
    assert setting.labels.tolist() == [0, 1] * 8
    assert len(setting.learn) == len(setting.judged) == 8
