"""A result stands whole under its name, or not at all."""

import multiprocessing
import platform

import pytest

from datnet_core.files import whole

GONE = 2**22 + 7  # above the largest number that Linux gives to a process


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
    (tmp_path / f"part-{platform.node()}.{GONE}-a.txt").write_text("rubbish of a killed run")
    if leave == "nothing":
        with pytest.raises(FileNotFoundError), whole(tmp_path / "a.txt"):
            pass
        assert list(tmp_path.iterdir()) == []
    else:
        with whole(tmp_path / "a.txt") as part, part.open("a") as stream:
            stream.write("new")
        assert (tmp_path / "a.txt").read_text() == "new"
        assert len(list(tmp_path.iterdir())) == 1


def test_of_two_runs_at_once_the_last_to_end_stays_and_neither_fails(tmp_path):
    goal = tmp_path / "a.txt"

    def other_run():
        with whole(goal) as part:
            part.write_text("second")

    with whole(goal) as part:
        part.write_text("first")
        child = multiprocessing.get_context("fork").Process(target=other_run)
        child.start()
        child.join()
        assert child.exitcode == 0
        assert goal.read_text() == "second"
    assert goal.read_text() == "first"
    assert list(tmp_path.iterdir()) == [goal]


def test_what_runs_on_another_machine_is_left_alone(tmp_path):
    other = tmp_path / f"part-other-node.{GONE}-a.txt"
    other.write_text("of a job of a cluster")
    with whole(tmp_path / "a.txt") as part:
        part.write_text("own")
    assert other.read_text() == "of a job of a cluster"


def test_a_goal_that_cannot_be_replaced_leaves_nothing_beside_it(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(IsADirectoryError), whole(tmp_path / "a") as part:
        part.write_text("text")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
