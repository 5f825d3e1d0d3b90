"""Sentences without counts of few people."""

import pytest

from datnet_study.masked_words import masked_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 scans fail.", "fewer than 5 scans fail."),
        ("0 scans fail and 5 are looked at.", "0 scans fail and 5 are looked at."),
        ("Left out are 2 of 40 PSP.", "Left out are fewer than 5 of 40 PSP."),
        # the two who did not pass are few
        ("38 of 40 passed.", "some of 40 passed."),
        # 4 = 100 - 96
        ("Of 100 people 96 have a scan.", "Of 100 people some have a scan."),
        # 2 = 40 - 30 - 8
        ("Of 40, 30 pass, 8 look and 2 fail.", "Of 40, some pass, 8 look and fewer than 5 fail."),
        ("Two patients and one control.", "fewer than 5 patients and fewer than 5 control."),
        ("(n = 4)", "(n = fewer than 5)"),
        (
            "1.31 (SD 0.10) in IPD, 1.50 (one scan) in PSP",
            "1.31 (SD 0.10) in IPD, not shown (one scan) in PSP",
        ),
    ],
)
def test_counts_of_few_people_become_words(text, expected):
    assert masked_words(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "They move by 2 mm or more, 4 voxels, 3% and 1.5 of 2.5.",
        "In 3 of 6 folds, P = 1, at z = 2 mm (Fig. 3).",
        "AUC 0.93 (0.90 to 0.96), -0.4 to +2.1; DAT-Net 3D, A8.",
        "",
    ],
)
def test_numbers_that_count_no_people_stay(text):
    assert masked_words(text) == text


def test_a_sentence_is_masked_once():
    once = masked_words("Of 40 scans, 30 pass, 8 ask for a look and 2 fail.")
    assert masked_words(once) == once
