"""Progress reports: every item passes, and the report suits what stands at the other end."""

import os
import subprocess
import sys

import pytest

from datnet_core.progress import progress


@pytest.fixture(autouse=True)
def no_wish(monkeypatch):
    """The environment of the tests says nothing about bars."""
    monkeypatch.delenv("TQDM_BAR_FORMAT", raising=False)


@pytest.mark.parametrize("in_terminal", [True, False])
def test_every_item_passes_in_order(monkeypatch, in_terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: in_terminal)
    assert list(progress(iter("abc"), "letters", 3)) == ["a", "b", "c"]
    assert list(progress([], "nothing")) == []


def test_a_log_gets_plain_lines_on_standard_error(capsys):
    list(progress(iter("abc"), "counting letters", 3, unit="letter"))
    out, err = capsys.readouterr()
    assert out == ""
    assert "\r" not in err and "|" not in err and err.endswith("]\n")
    first, *_, last = err.split("\n")[:-1]
    assert first.startswith("counting letters: 0/3 letter [")
    assert last.startswith("counting letters: 3/3 letter [")
    assert "" not in err.split("\n")[:-1]


def test_a_terminal_gets_one_line_that_is_rewritten(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    list(progress("abc", "counting letters"))
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and err.count("\r") >= 2
    assert "100%|" in err and "3/3 " in err


def test_a_kernel_gets_what_the_environment_asks_for():
    code = "from datnet_core.progress import progress; list(progress('abc', 'letters'))"
    wish = {"TQDM_BAR_FORMAT": "{desc} {bar:9} {n_fmt}", "TQDM_MININTERVAL": "0.3"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | wish, capture_output=True, check=True
    )
    first, last = done.stderr.split(b"\r")[1:]
    assert first.startswith(b"letters ") and first.strip().endswith(b" 0")
    assert last.startswith(b"letters ") and last.endswith(b" 3\n")


def test_a_remark_is_reported_with_the_next_line(capsys):
    bar = progress("abc", "counting letters")
    for letter in bar:
        bar.set_postfix_str(f"at {letter}", refresh=False)
    last = capsys.readouterr().err.splitlines()[-1]
    assert "3/3 scan [" in last and last.endswith(", at c]")


def test_the_report_ends_where_the_loop_is_left(capsys):
    with pytest.raises(KeyError), progress("abc", "counting letters") as bar:
        for letter in bar:
            raise KeyError(letter)
    assert "0/3 scan" in capsys.readouterr().err
