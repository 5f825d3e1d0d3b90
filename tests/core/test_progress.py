"""Progress reports: every item passes, and the report suits what stands at the other end."""

import sys

import pytest

from datnet_core.progress import progress


@pytest.mark.parametrize("kind", ["bar", "lines"])
def test_every_item_passes_in_order(monkeypatch, kind):
    monkeypatch.setenv("DATNET_PROGRESS", kind)
    assert list(progress(iter("abc"), "letters", 3)) == ["a", "b", "c"]
    assert list(progress([], "nothing")) == []


def test_a_log_gets_lines_on_standard_error(monkeypatch, capsys):
    monkeypatch.setenv("DATNET_PROGRESS", "lines")
    list(progress(iter("abc"), "counting letters", 3, unit="letter"))
    out, err = capsys.readouterr()
    assert out == ""
    first, *_, last = [line for line in err.splitlines() if line]
    assert first.startswith("counting letters: 0/3 letter [")
    assert last.startswith("counting letters: 3/3 letter [")
    assert "|" not in err


def test_a_terminal_gets_one_line_that_is_rewritten(monkeypatch, capsys):
    monkeypatch.delenv("DATNET_PROGRESS", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    list(progress("abc", "counting letters"))
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and err.count("\r") >= 2
    assert "100%|" in err and "3/3 scan" in err


def test_without_a_terminal_and_without_a_wish_lines_are_written(monkeypatch, capsys):
    monkeypatch.delenv("DATNET_PROGRESS", raising=False)
    list(progress("abc", "counting letters"))
    assert "|" not in capsys.readouterr().err


def test_a_remark_is_reported_with_the_next_line(monkeypatch, capsys):
    monkeypatch.setenv("DATNET_PROGRESS", "lines")
    bar = progress("abc", "counting letters")
    for letter in bar:
        bar.set_postfix_str(f"at {letter}", refresh=False)
    err = capsys.readouterr().err
    last = err.splitlines()[-2]  # the last line is empty
    assert "3/3 scan [" in last and last.endswith(", at c]")


def test_the_report_ends_where_the_loop_is_left(monkeypatch, capsys):
    monkeypatch.setenv("DATNET_PROGRESS", "lines")
    with pytest.raises(KeyError), progress("abc", "counting letters") as bar:
        for letter in bar:
            raise KeyError(letter)
    assert "0/3 scan" in capsys.readouterr().err
