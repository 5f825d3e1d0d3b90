"""A result stands whole under its name, or not at all."""

import multiprocessing

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


@pytest.mark.parametrize("leave", ["nothing", "more"])
def test_what_a_kill_left_is_no_part_of_the_next_file(tmp_path, leave):
    (tmp_path / "part-99-a.txt").write_text("rubbish of a killed run")
    if leave == "nothing":
        with pytest.raises(FileNotFoundError), whole(tmp_path / "a.txt"):
            pass
        assert list(tmp_path.iterdir()) == []
    else:
        with whole(tmp_path / "a.txt") as part, part.open("a") as stream:
            stream.write("new")
        assert (tmp_path / "a.txt").read_text() == "new"
        assert len(list(tmp_path.iterdir())) == 1


def test_two_runs_at_once_never_leave_half_a_file(tmp_path):
    goal = tmp_path / "a.txt"

    def other_run():
        with whole(goal) as part:
            part.write_text("whole")

    with pytest.raises(FileNotFoundError), whole(goal) as part:
        part.write_text("half")
        child = multiprocessing.get_context("fork").Process(target=other_run)
        child.start()
        child.join()
    assert goal.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [goal]


def test_a_goal_that_cannot_be_replaced_leaves_nothing_beside_it(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(IsADirectoryError), whole(tmp_path / "a") as part:
        part.write_text("text")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
