"""A result stands whole under its name, or not at all."""

import pytest

from datnet_core.files import whole


def test_a_file_appears_when_it_is_complete_and_keeps_its_suffix(tmp_path):
    goal = tmp_path / "new" / "scan.nii.gz"
    with whole(goal) as part:
        assert part.parent == goal.parent and part.name.endswith(".nii.gz")
        part.write_text("all of it")
        assert not goal.exists()
    assert goal.read_text() == "all of it"
    assert list(goal.parent.iterdir()) == [goal]


def test_an_error_leaves_what_was_there(tmp_path):
    goal = tmp_path / "table.tsv"
    goal.write_text("before")
    with pytest.raises(KeyboardInterrupt), whole(goal) as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert goal.read_text() == "before"
    assert list(tmp_path.iterdir()) == [goal]


def test_what_a_kill_left_is_overwritten(tmp_path):
    (tmp_path / "part-a.txt").write_text("long rubbish of a killed run")
    with whole(tmp_path / "a.txt") as part:
        part.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"
