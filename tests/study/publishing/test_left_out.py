"""The chapter that says what a public book leaves out."""

from datnet_study.publishing.left_out import what_is_left_out


def test_each_change_has_a_row_once_and_markup_is_shown_as_text():
    changes = {
        "quality": [("figure fig-a", "Left <out> | here."), ("figure fig-a", "Left <out> | here.")]
    }
    text = what_is_left_out(changes, {})
    [row] = [line for line in text.splitlines() if line.startswith("| {doc}")]
    assert row == "| {doc}`pages/quality` | figure fig\\-a | Left \\<out\\> \\| here\\. |"
    assert "could not be searched" not in text


def test_what_could_not_be_searched_is_counted_by_kind():
    text = what_is_left_out({}, {"participant id": 3, "date": 1})
    assert "says nothing: 1 of date, 3 of participant id." in text
